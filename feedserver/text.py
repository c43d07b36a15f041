"""Text that every format can carry: cleaning, folding, cutting, and plain words out of HTML."""

import re
import unicodedata

import turbohtml

# What XML 1.0 section 2.2 forbids, and what the feed validator reports though XML allows it: the C1 controls,
# non-characters at the end of each plane, and the replacement character. Lone surrogates break every encoder.
_UNCLEAN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_UNCLEAN_ASTRAL = re.compile(
    "[" + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17)) + "]"
)
_LINE_ENDS = re.compile("\r\n?")
_BLANKS = re.compile(r"\s+")
_COMPOSED = 10_000  # characters
_PIECE = 65_536  # characters
BLOCKS = frozenset(
    "address article aside blockquote br dd details dialog div dl dt fieldset figcaption figure footer form h1 h2"
    " h3 h4 h5 h6 header hgroup hr img legend li main nav ol option p pre section summary table td th tr ul".split()
)
UNSEEN = frozenset("iframe math noscript object script select style svg template textarea title".split())


def clean(text: str) -> str:
    """`text` without the characters that no feed may hold; line ends become line feeds."""
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)
    text = _without(_UNCLEAN, text)
    # Two patterns, as one class that spans all planes is four times slower on the text that everybody writes.
    return _without(_UNCLEAN_ASTRAL, text) if _ASTRAL.search(text) else text


def _without(unwanted: re.Pattern[str], text: str) -> str:
    """`text` without what matches, piece by piece: every second character of a megabyte would be thirty of memory."""
    if not unwanted.search(text):
        return text
    return "".join([unwanted.sub("", text[start : start + _PIECE]) for start in range(0, len(text), _PIECE)])


def one_line(text: str) -> str:
    """`text` cleaned and in Unicode's composed form, every run of blanks and line breaks folded into one space.

    Longer lines than any name or title are folded and not composed: putting a run of combining marks in order takes
    time with the square of its length, and a stranger may send a million of them.
    """
    line = _BLANKS.sub(" ", clean(text)).strip()
    return unicodedata.normalize("NFC", line) if len(line) <= _COMPOSED else line


def shorten(text: str, limit: int) -> str:
    """`text` with at most `limit` characters: cut between words where there are any, and “…” where it was cut."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    whole_words = head.rsplit(" ", 1)[0] if " " in head[limit // 2 :] else head
    return whole_words.rstrip(" ,;:–—-") + "…"


def plain(html: str) -> str:
    """The words a reader would see in `html`, on one line; scripts, styles and other unseen elements left out.

    Works on tokens, not on a tree: building the tree that HTML asks for multiplies unclosed elements, so that
    34 kB can become two million nodes. Tokens are linear in the input.
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
