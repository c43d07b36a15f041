"""The text of an element as plain text with its lines and paragraphs, and short texts on one line. Bounded."""

import re
import unicodedata
from typing import Final

from feedserver.text import BLOCKS, is_blank, shorten, strangers_line

MAX_TEXT: Final = 4_000  # characters kept of an element
MAX_PIECE: Final = 16_384  # characters read of one run of text
_BLANKS: Final = re.compile(r"[ \t\n\f\r]+")
_LINE: Final = re.compile(r"(?<![ \t\f\r])[ \t\f\r]*+\n[ \t\f\r]*+")  # one attempt a run of blanks, else quadratic
_APART: Final = frozenset(
    "blockquote dl figure h1 h2 h3 h4 h5 h6 hr ol p pre table ul".split()
)  # elements with a blank line around


def folded(piece: str, *, is_preformatted: bool) -> str:
    """A run of text with its blanks folded as HTML folds them; in `pre`, line breaks stay."""
    piece = piece[:MAX_PIECE]
    return _LINE.sub("\n", piece) if is_preformatted else _BLANKS.sub(" ", piece)


def breaks_around(tag: str) -> int:
    """How many line breaks an element has around it: two around a paragraph, one around another block, else none."""
    return 2 if tag in _APART else int(tag in BLOCKS and tag != "img")


class PlainText:
    """Keeps the first characters of an element's text: `limit` of them."""

    def __init__(self, limit: int = MAX_TEXT) -> None:
        self._limit = limit
        self._pieces: list[str] = []
        self._length = 0
        self._breaks = 0  # lines that end before the next text

    @property
    def is_full(self) -> bool:
        return self._length >= self._limit

    def add(self, piece: str) -> bool:
        """Adds a folded run of text; returns whether there is no room for more."""
        last = self._pieces[-1][-1] if self._pieces else "\n"
        if self._breaks or last in " \n":
            piece = piece.lstrip(" ")
        if not piece:
            return False
        if self._breaks and self._pieces:
            self._append("\n" * self._breaks)
        self._breaks = 0
        self._append(piece[: self._limit - self._length])
        return self.is_full

    def end_line(self, breaks: int) -> None:
        """Begins a new line, or a paragraph with two breaks, before what follows."""
        self._breaks = max(self._breaks, breaks)

    def break_line(self) -> None:
        """A line break in the text."""
        self._breaks = min(2, self._breaks + 1)

    def _append(self, piece: str) -> None:
        if piece:
            self._pieces.append(piece)
            self._length += len(piece)

    def __str__(self) -> str:
        return "".join(self._pieces)


def line_of(text: str, limit: int) -> str:
    """A stranger's text on one clean line of at most `limit` characters, "" if nothing of it is seen."""
    line = shorten(strangers_line(text, MAX_TEXT), limit)
    return "" if is_blank(line) else line


def paragraphs_of(text: str) -> str:
    """A stranger's text with each line clean, and one blank line between paragraphs; "" if nothing of it is seen."""
    lines = [strangers_line(line, MAX_TEXT) for line in text.split("\n")]
    words = re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip()
    return "" if is_blank(words) else words


def is_title(name: str, content: str) -> bool:
    """Whether a name says something that the content does not: that of a note is the note itself, cut or whole."""
    said, words = _letters(name), _letters(content)
    is_whole = 2 * len(words) > len(said) and words in said  # with a date or a name beside it
    return bool(said) and said not in words and not is_whole


def _letters(text: str) -> str:
    """Letters and digits alone, in any case and form; what is strewn between them makes no other text."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text[:MAX_TEXT]).casefold()))
