"""Words: how texts and questions are folded and cut, and which entries of the index follow from that. Pure.

A word is a run of letters, marks and digits. Some scripts write no blanks between words, or join others to them: a word
in these is found inside a run, by its characters and by pairs of them.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import Final
from zlib import crc32

import regex

BEGINNING: Final = 3  # letters of a word that is also the beginning of longer ones
LONGEST_ENTRY: Final = 64  # characters; of a longer word the beginning is indexed
_MOST_BYTES: Final = 900_000  # of the entries of one text: PostgreSQL's tsvector holds 1,048,575
_JOINED: Final = "·"  # between words in one entry: no letter, and no separator to either database
_SHORT: Final = 4  # letters: nearly all texts hold words of so few, though seldom beside each other
# The entries of pairs of other words are 4,096 characters of private use, so that no text has them. Many pairs share
# one, of which a post of 300 words has a twentieth: an entry for each pair would make the index nine times as large.
_FIRST_SHARED: Final = 0xF0000
_SHARED: Final = 0xFFF
_FEW_MARKS: Final = 8  # in a row: normalizing takes quadratic time (UAX #15), and in the end none is left
# The prolonged sound mark belongs to both kana, and so to neither.
_INSIDE: Final = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_IS_INSIDE: Final = regex.compile(f"[{_INSIDE}]")
_SEGMENT: Final = regex.compile(f"[{_INSIDE}]+|[^{_INSIDE}]+")
_WORD: Final = regex.compile(r"[\p{L}\p{N}]+")
_WRITTEN: Final = regex.compile(r"[\p{L}\p{N}\p{M}\p{Cf}\p{So}₨﷼]+")  # signs too: some fold to letters, as ℃ does
_PIECES: Final = regex.compile(r"(?s).{1,4000}[\p{L}\p{N}\p{M}\p{Cf}\p{So}₨﷼]*")  # each with whole runs
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


@dataclass(frozen=True, slots=True)
class WrittenWord:
    """A folded word, and where each of its characters stands in the text: from `starts` up to `ends`, marks and
    invisible characters after it too. Characters that fold together all stand where their whole run does."""

    folded: str
    starts: Sequence[int]
    ends: Sequence[int]


def written_words(text: str) -> Iterator[WrittenWord]:
    """The words of a text, the same ones that `words_of` has, with their places in it."""
    for run in _WRITTEN.finditer(text):
        start, end = run.span()
        if run[0].isascii():
            yield WrittenWord(run[0].lower(), range(start, end), range(start + 1, end + 1))
            continue
        kept = [(place, folded) for place, char in enumerate(run[0], start) if (folded := fold(char))]
        afters = [*(place for place, _ in kept), end][1:]
        starts = [place for place, piece in kept for _ in piece]
        ends = [after for (_, piece), after in zip(kept, afters, strict=True) for _ in piece]
        folded = fold(run[0])
        if "".join(piece for _, piece in kept) != folded:
            starts, ends = [start] * len(folded), [end] * len(folded)
        for word in _WORD.finditer(folded):
            yield WrittenWord(word[0], starts[slice(*word.span())], ends[slice(*word.span())])


def place_of_word(text: str, number: int) -> int:
    """Where the word with this number begins in a text, from 0; 0 if there is none. Only the text near it is looked at
    character by character."""
    for piece in _PIECES.finditer(text):
        count = len(words_of(piece[0]).split())
        if number < count:
            word = next(islice(written_words(piece[0]), number, None))
            return piece.start() + word.starts[0]
        number -= count
    return 0


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


def entry_of_beginning(segment: str) -> str:
    """The entry of any text that holds a word with the first three letters of this one: many words begin with them, and
    PostgreSQL would put their entries together for each question."""
    return segment[:BEGINNING] + _JOINED


def are_short(words: Sequence[str]) -> bool:
    """Whether words beside each other, two or three, have an entry that no others share."""
    return max(map(len, words)) <= _SHORT and not any(is_inside(word[0]) for word in words)


def entries_of_neighbours(words: Sequence[list[str]]) -> Iterator[str]:
    """The entries of any text that holds these words, each cut into its `segments`, beside each other: of their pairs,
    and of three short ones."""
    for before, after in pairwise(words):
        pair = before[-1], after[0]
        if are_short(pair):
            yield _JOINED.join(pair)
        elif not (is_inside(pair[0][0]) or is_inside(pair[1][0])):
            yield chr(_FIRST_SHARED + (crc32(" ".join(pair).encode()) & _SHARED))
    for first, second, third in zip(words, words[1:], words[2:], strict=False):
        three = first[-1], second[0], third[0]
        if len(second) == 1 and are_short(three):
            yield _JOINED.join(three)


def _entries_of(words: list[str]) -> Iterator[str]:
    cut = list(map(segments, words))
    for part in chain.from_iterable(cut):
        if is_inside(part[0]):
            yield from part
        elif len(part) >= BEGINNING:
            yield entry_of_beginning(part)
        yield from entries_of_segment(part)
    yield from entries_of_neighbours(cut)
