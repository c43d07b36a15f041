"""Posts in many scripts, and a plain reference of what search is to find in them, written from docs/interface.md."""

import unicodedata
from collections.abc import Mapping, Sequence

from feedserver.posts.model import Post
from feedserver.services import WebServices
from tests.posts.builders import document

INSIDE = ("CJK ", "IDEOGRAPHIC ", "HIRAGANA ", "KATAKANA", "HANGUL ", "THAI ", "LAO ", "KHMER ", "MYANMAR ")

TEXTS: Mapping[str, str] = {
    "hosts": "Read alice.example.com and https://bob.example.org/a/b?q=d, or mail ann@example.com.",
    "languages": "C++ and C, but not C#; e-mail, E-Mails, email. F# too.",
    "german": "Die Straße, der Fuß, STRASSE: Füße und fuss.",
    "danish": "Smørrebrød på Ærø, or smorrebrod.",
    "french": "Déjà vu à l’école; une crème brûlée.",
    "marks": "cafe\u0301 Ångström A\u030angstro\u0308m ﬁsh Ⅷ ½ km ＡＢＣ x²",
    "turkish": "İstanbul ve ısı; ISI.",
    "greek": "Οδός ΟΔΟΣ και ᾳ",
    "russian": "Ёжик в тумане и Йод",
    "hebrew": "שָׁלוֹם עולם",
    "arabic": "السَّلامُ عليكم ومرحبا",
    "hindi": "हिन्दी में खोज और पानी",
    "japanese": "昨日は東京を散歩した。日本語の本々、〇二〇ー。ｶﾀｶﾅ",
    "chinese": "北京大学的学生去上海，散步。",
    "korean": "한국어를 배우는 사람들 \u1112\u1161\u11ab",
    "thai": "ภาษาไทยง่ายนิดเดียว น้ำ",
    "lao": "ພາສາລາວ",
    "khmer": "ភាសា\u200bខ្មែរ",
    "burmese": "မြန်မာဘာသာ",
    "mixed": "生成AIの話とiPhoneを買ったWeb3.0と13月3日",
    "emoji": "Moon 🌙 landing 👩\u200d🚀 ❤\ufe0f 1\ufe0f\u20e3 done",
    "equal": "buffalo " * 300 + "end",
    "order": "landing moon. To be or not to be, that is the question of the day",
    "phrase": "The moon landing of the first men; moon, landing.",
    "hyphen": "co\u00adoperate with snake_case and don’t “quote” it",
    "digits": "In 2026 and 20260 and ٣٤ and ३४",
    "long": "x" * 70 + "a " + "x" * 70 + "b " + "x" * 64,
    "code": "Use `print(spam_eggs)` and\n\n    indented_code()\n\n![A picture of a lighthouse](https://elsewhere.example/x.png)",
}
AS_SHOWN: Mapping[str, str] = {"code": "Use print(spam_eggs) and indented_code() A picture of a lighthouse"}
TITLES: Mapping[str, str] = {"order": "About the moon", "phrase": "One small step"}
TAGS: Mapping[str, Sequence[str]] = {
    "phrase": ["space travel", "apollo"],
    "mixed": ["散歩"],
    "order": ["travel", "moon"],
}
AUTHORS: Mapping[str, Sequence[str]] = {"phrase": ["Zoë Brontë"], "german": ["Jürgen Groß"]}
SUMMARIES: Mapping[str, str] = {"emoji": "What a night: landing at last"}


def publish_all(services: WebServices) -> dict[int, Post]:
    """Publishes the corpus, and one page; by id."""
    publisher, made = services.publisher, {}
    for name, text in TEXTS.items():
        fields: dict[str, object] = {
            "slug": name,
            "tags": list(TAGS.get(name, ())),
            "authors": list(AUTHORS.get(name, ())),
        }
        if name in SUMMARIES:
            fields["summary"] = f'"{SUMMARIES[name]}"'
        if name == "chinese":
            fields["page"] = "true"
        draft = publisher.read(document(TITLES.get(name), text, **fields))
        post = publisher.add(draft, services.clock())
        made[post.id] = post
    return made


def fields_of(name: str) -> list[str]:
    """The fields of a text as readers see them."""
    return [
        TITLES.get(name, ""),
        AS_SHOWN.get(name, TEXTS[name]),
        SUMMARIES.get(name, ""),
        *TAGS.get(name, ()),
        *AUTHORS.get(name, ()),
    ]


def folded(text: str) -> str:
    kept = "".join(char for char in text if unicodedata.category(char) != "Cf")
    parts = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", kept).casefold())
    return unicodedata.normalize("NFC", "".join(char for char in parts if unicodedata.category(char)[0] != "M"))


def is_of_words(char: str) -> bool:
    return unicodedata.category(char)[0] in "LN"


def is_inside(char: str) -> bool:
    return char == "ー" or unicodedata.name(char, "").startswith(INSIDE)


def cut(text: str) -> list[str]:
    """The words of a text."""
    return "".join(char if is_of_words(char) else " " for char in folded(text)).split()


def holds(field: str, words: Sequence[str], *, goes_on: bool) -> bool:
    """Whether these words stand beside each other in a field, the last one perhaps as the beginning of a longer one."""
    runs = cut(field)
    return any(
        _run_by_run(runs[start : start + len(words)], words, goes_on=goes_on)
        for start in range(len(runs) - len(words) + 1)
    )


def _run_by_run(runs: Sequence[str], words: Sequence[str], *, goes_on: bool) -> bool:
    if len(words) == 1:
        (run,), (word,) = runs, words
        ends = (start + len(word) for start in range(len(run)) if run.startswith(word, start))
        return any(_opens(run, end - len(word)) and (_closes(run, end) or (goes_on and len(word) >= 3)) for end in ends)
    first, *between, last = zip(runs, words, strict=True)
    begins = first[0].endswith(first[1]) and _opens(first[0], len(first[0]) - len(first[1]))
    ends_well = last[0].startswith(last[1]) and (_closes(last[0], len(last[1])) or (goes_on and len(last[1]) >= 3))
    return begins and ends_well and all(run == word for run, word in between)


def _opens(run: str, at: int) -> bool:
    return at == 0 or is_inside(run[at]) or is_inside(run[at - 1])


def _closes(run: str, at: int) -> bool:
    return at == len(run) or is_inside(run[at - 1]) or is_inside(run[at])
