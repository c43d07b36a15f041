"""Text that every format can carry: cleaning, folding, shortening, language tags, and reading HTML. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import turbohtml

if TYPE_CHECKING:
    import regex

# Characters that XML 1.0 section 2.2 forbids, and those that the feed validator reports: C1 controls, noncharacters
# and the replacement character. Lone surrogates cannot be encoded.
_UNCLEAN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_UNCLEAN_ASTRAL = re.compile(
    "[" + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17)) + "]"
)
# Control and bidi characters, line separators, the byte order mark, lone surrogates.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_INK = re.compile("[!-~]")
_LINE_ENDS = re.compile("\r\n?")
_BLANKS = re.compile(r"\s+")
_BREAKS = re.compile("[ \t-\r\x1c-\x1f\x85\u2028\u2029]+")  # as HTML folds, and all that ends a line
_MAX_NORMALIZED = 10_000  # characters
_BIDI_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # UAX #9 section 2
_EMBEDDINGS, _POP_EMBEDDING = frozenset("\u202a\u202b\u202d\u202e"), "\u202c"  # overrides included
_ISOLATES, _POP_ISOLATE = frozenset("\u2066\u2067\u2068"), "\u2069"
MAX_MARKS = 30  # combining marks in a row (UAX #15 section 13)
_MAYBE_MARK = r"[^\w\s\x00-\x7f]"  # no letter, digit or blank is a mark
# Looks at each run once, where it begins: else a run of thirty costs fifteen times as much.
_MAYBE_MARKS = re.compile(rf"{_MAYBE_MARK}(?<!{_MAYBE_MARK * 2}){_MAYBE_MARK}{{{MAX_MARKS}}}")
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))  # two of them are a flag
_WINDOW = 128  # characters, longer than honest grapheme clusters
_PIECE = 65_536  # characters
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
# One candidate of a `srcset` (HTML section 4.8.4.2.1): a URL, which may hold commas inside, then a width or density.
_CANDIDATE = re.compile(r"([^\s,]++(?:,++[^\s,]++)*+)(?:,|\s++([^,]*+))?")
BLOCKS = frozenset(
    "address article aside blockquote br dd details dialog div dl dt fieldset figcaption figure footer form h1 h2"
    " h3 h4 h5 h6 header hgroup hr img legend li main nav ol option p pre section summary table td th tr ul".split()
)
UNSEEN = frozenset(
    "annotation annotation-xml iframe noscript object script select style svg template textarea title".split()
)
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())  # HTML section 13.1.2


def clean(text: str) -> str:
    """Returns `text` without characters that feeds must not hold, with line ends as LF."""
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)
    text = _without(_UNCLEAN, text)
    # Two patterns: one class for all planes is four times slower on ordinary text.
    return _without(_UNCLEAN_ASTRAL, text) if _ASTRAL.search(text) else text


def _without(unwanted: re.Pattern[str], text: str) -> str:
    """`text` without matches, in pieces: 1 MB with a match at every second character would need 30 MB."""
    if not unwanted.search(text):
        return text
    return "".join([unwanted.sub("", text[start : start + _PIECE]) for start in range(0, len(text), _PIECE)])


def one_line(text: str) -> str:
    """Returns `text` cleaned, in NFC, on one line: breaks and plain blanks are folded into one space.

    Other blanks stay, such as the no-break space in “10 km”, or the wide one of CJK; nothing but blanks is "".
    Lines over 10,000 characters are not normalized: NFC takes quadratic time for a run of combining marks (UAX #15),
    of which a source may have a million.
    """
    line = _BREAKS.sub(" ", clean(text)).strip(" ")
    if not line.strip():
        return ""
    return unicodedata.normalize("NFC", line) if len(line) <= _MAX_NORMALIZED else line


def caseless(text: str) -> str:
    """Returns a key, the same for names that differ only in letter case or Unicode form (Unicode, definition D145)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def strangers_text(text: str, limit: int) -> str:
    """Returns the first `limit` characters of a stranger's text, cleaned, and harmless to the text around it.

    Bidi controls are dropped, and so are combining marks after the thirtieth in a row, which makes NFC linear (UAX #15
    section 13). Format characters such as joiners count as marks. Takes linear time.
    """
    return _with_few_marks(_without(_BIDI_CONTROLS, clean(text[:limit])))


def strangers_line(text: str, limit: int) -> str:
    """Returns the first `limit` characters of a stranger's text as `strangers_text` does, on one line, in NFC.

    Any run of blanks becomes one space.
    """
    line = _BLANKS.sub(" ", strangers_text(text, limit)).strip()
    return _with_few_marks(unicodedata.normalize("NFC", line))  # NFC makes two of some marks


def _with_few_marks(text: str) -> str:
    return _mark_runs().sub(r"\1", text) if _MAYBE_MARKS.search(text) else text


@cache
def _mark_runs() -> "regex.Pattern[str]":
    # `re` has no categories. A late import, as most texts have no such run.
    import regex

    return regex.compile(rf"([\p{{M}}\p{{Cf}}]{{{MAX_MARKS}}})[\p{{M}}\p{{Cf}}]+")


def without_open_bidi(text: str) -> str:
    """Returns a line without the bidi controls that lack their partner in it (UAX #9 sections 3.1.2 and 3.3.2).

    An embedding, override or isolate that stays open would turn the text that follows; one that is closed stays. The
    end of an isolate also ends the embeddings in it.
    """
    unpaired: set[int] = set()
    opened: list[int] = []
    isolates = 0
    for match in _BIDI_CONTROLS.finditer(text):
        index, control = match.start(), match[0]
        if control in _EMBEDDINGS or control in _ISOLATES:
            opened.append(index)
            isolates += control in _ISOLATES
        elif control == _POP_EMBEDDING and opened and text[opened[-1]] in _EMBEDDINGS:
            opened.pop()
        elif control == _POP_ISOLATE and isolates:
            while text[opened.pop()] not in _ISOLATES:
                pass
            isolates -= 1
        elif control in (_POP_EMBEDDING, _POP_ISOLATE):
            unpaired.add(index)
    unpaired.update(opened)
    return "".join(c for index, c in enumerate(text) if index not in unpaired) if unpaired else text


def is_blank(text: str) -> bool:
    """Whether nobody sees anything of a text: blanks, controls, fillers, joiners, combining marks alone."""
    return _INK.search(text) is None and _seen().search(text) is None


@cache
def _seen() -> "regex.Pattern[str]":
    import regex

    # The last two have a form, which is empty: a pattern of Braille, and a note's head.
    return regex.compile(r"[^\s\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800\U0001D159]")


def printable(text: str) -> str:
    """Returns `text` with characters that change a terminal or forge a line as `\\uNNNN`, as JSON may hold them."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def shorten(text: str, limit: int) -> str:
    """Returns at most `limit` characters of `text`, cut between words if possible, with “…” if cut.

    A word that is too long is cut between grapheme clusters. A cut opens no bidi control: the end of it may be cut off.
    """
    if len(text) <= limit:
        return text
    head = text[: cluster_start(text, limit - 1)]
    whole_words = head.rsplit(" ", 1)[0] if " " in head[limit // 2 :] else head
    return without_open_bidi(whole_words.rstrip(" ,;:–—-")) + "…"


def cluster_start(text: str, index: int) -> int:
    """Returns where the grapheme cluster begins that holds the character at `index` (UAX #29).

    A cluster of over 128 characters, which no honest text has, is cut at `index`. Takes constant time, flags apart.
    """
    if index >= len(text):
        return len(text)
    start = max(0, index - _WINDOW)
    # Flags are pairs of letters: an odd number before the window means that it begins within one.
    start -= (start - len(text[:start].rstrip(_FLAG_LETTERS))) % 2
    *_, last = _clusters().finditer(text[start : index + 1])
    return start + last.start() if last.start() or not start else index


def cluster_end(text: str, index: int) -> int:
    """Returns `index`, or the end of the grapheme cluster that begins before it and goes on there."""
    start = cluster_start(text, index)
    return index if start == index else start + next(_clusters().finditer(text[start : start + _WINDOW])).end()


@cache
def _clusters() -> "regex.Pattern[str]":
    # A late import: most commands cut no text.
    import regex

    return regex.compile(r"\X")


def is_language_tag(text: str) -> bool:
    """Whether `text` has the form of a language tag (BCP 47): `en`, `pt-BR`."""
    return _LANGUAGE_TAG.fullmatch(text) is not None


def plain(html: str) -> str:
    """Returns the visible text of `html` on one line, without scripts, styles and other invisible elements.

    Takes linear time: it reads tokens and builds no tree, which can have two million nodes for 34 kB of HTML.
    """
    words: list[str] = []
    unseen = 0
    for token in turbohtml.tokenize(html):
        if token.type is turbohtml.TokenType.TEXT:
            words.append("" if unseen else token.data or "")
            continue
        if token.tag in UNSEEN and not token.self_closing:
            unseen = max(0, unseen + (1 if token.type is turbohtml.TokenType.START_TAG else -1))
        words.append(" " if token.tag in BLOCKS else "")
    return one_line("".join(words))


def srcset_candidates(srcset: str) -> Iterator[tuple[str, str]]:
    """Yields each URL of a `srcset` with its width or density, "" without one. Takes linear time."""
    return ((candidate[1], candidate[2] or "") for candidate in _CANDIDATE.finditer(srcset))
