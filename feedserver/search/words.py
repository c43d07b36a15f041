"""Words: how texts and questions are folded and cut, and which entries of the index follow from that. Pure.

A word is a run of letters, marks and digits. Some scripts write no blanks between words, or join others to them: a word
in these is found inside a run, by its characters and by pairs of them.
"""

import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import regex

LONGEST_ENTRY: Final = 64  # characters; of a longer word the beginning is indexed
_MOST_BYTES: Final = 900_000  # of the entries of one text: PostgreSQL's tsvector holds 1,048,575
_JOINED: Final = "·"  # between two words in one entry: no letter, and no separator to either database
_SHORT: Final = 4  # letters: nearly all texts hold two words of so few, though seldom beside each other
_FEW_MARKS: Final = 8  # in a row: normalizing takes quadratic time (UAX #15), and in the end none is left
# The prolonged sound mark belongs to both kana, and so to neither.
_INSIDE: Final = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_IS_INSIDE: Final = regex.compile(f"[{_INSIDE}]")
_SEGMENT: Final = regex.compile(f"[{_INSIDE}]+|[^{_INSIDE}]+")
_WORD: Final = regex.compile(r"[\p{L}\p{N}]+")
_WRITTEN: Final = regex.compile(r"[\p{L}\p{N}\p{M}\p{Cf}]+")
_INVISIBLE: Final = regex.compile(r"\p{Cf}+")
_MARKS: Final = regex.compile(r"\p{M}+")
_MANY_MARKS: Final = regex.compile(rf"(\p{{M}}{{{_FEW_MARKS}}})\p{{M}}+")


def fold(text: str) -> str:
    """Returns `text` in compatibility form (NFKC), without case, marks, and invisible characters such as soft hyphens.

    ß is ss, é is e, ø stays. Takes linear time.
    """
    if text.isascii():
        return text.lower()
    text = _MANY_MARKS.sub(r"\1", _INVISIBLE.sub("", text))
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _MARKS.sub("", decomposed))


def words_of(text: str) -> str:
    """The words of a text, folded, one blank between two."""
    return " ".join(_WORD.findall(fold(text)))


def runs(text: str) -> "Iterator[regex.Match[str]]":
    """The runs in a text as it was written, invisible characters in them too."""
    return _WRITTEN.finditer(text)


def segments(word: str) -> list[str]:
    """The parts of a folded word whose characters are all of scripts with words inside a run, or all of others."""
    return [word] if word.isascii() else _SEGMENT.findall(word)


def is_inside(char: str) -> bool:
    """Whether a word that begins or ends with this character may stand inside a run."""
    return not char.isascii() and _IS_INSIDE.match(char) is not None


def entries(words: str) -> str | None:
    """The entries of the index for a text, given as the `words_of` each field on a line of its own.

    None for more than an index takes: such a text has to be looked through.
    """
    found: dict[str, None] = {}
    for line in words.split("\n"):
        found |= dict.fromkeys(_entries_of(line.split()))
    listed = " ".join(found)
    return listed if len(listed.encode()) <= _MOST_BYTES else None


def entries_of_segment(segment: str) -> Iterator[str]:
    """The entries of any text that holds this segment: the word, or the pairs of its characters."""
    if not is_inside(segment[0]):
        yield segment[:LONGEST_ENTRY]
    elif len(segment) == 1:
        yield segment
    else:
        yield from map("".join, pairwise(segment))


def neighbours(before: str, after: str) -> str | None:
    """The entry of two segments that end and begin neighbouring words; None where their own entries say enough."""
    if max(len(before), len(after)) > _SHORT or is_inside(before[0]) or is_inside(after[0]):
        return None
    return f"{before}{_JOINED}{after}"


def _entries_of(words: list[str]) -> Iterator[str]:
    last = None
    for word in words:
        parts = segments(word)
        for part in parts:
            if is_inside(part[0]):
                yield from part
            yield from entries_of_segment(part)
        if last and (joined := neighbours(last, parts[0])):
            yield joined
        last = parts[-1]
