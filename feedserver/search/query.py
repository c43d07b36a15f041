"""What a reader asks for: words, "phrases", and -exclusions. Pure. Nothing that is typed is an error.

Words that are joined by something else than a blank are a phrase too: `e-mail` is “e mail”.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import regex

from feedserver.search.words import (
    BEGINNING,
    LONGEST_ENTRY,
    are_short,
    entries_of_neighbours,
    entries_of_segment,
    entry_of_beginning,
    is_inside,
    segments,
    words_of,
)
from feedserver.storage.word_index import Entry

MOST_CHARACTERS: Final = 200
MOST_WORDS: Final = 16
_KNOWN: Final = LONGEST_ENTRY - 1  # characters of a word that has an entry of its own
_KNOWN_INSIDE: Final = 2  # the same inside a run
_QUOTES: Final = '"＂“”„‟'  # also as phones write them
_PIECE: Final = regex.compile(
    rf"(?:(?<=\s|^)(?P<excluded>[-－]))?(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]?|(?P<joined>[^\s{_QUOTES}]+))"
)


@dataclass(frozen=True, slots=True)
class Term:
    """Folded words that stand beside each other. If it `goes_on`, the last one may be the beginning of a longer one."""

    words: tuple[str, ...]
    goes_on: bool

    @property
    def own_entry(self) -> Entry | None:
        """The entry that the index has for the texts that hold the term, and for no others; None if there is none."""
        parts = [segments(word) for word in self.words]
        match parts:
            case [[alone]] if len(alone) <= (_KNOWN_INSIDE if is_inside(alone[0]) else _KNOWN):
                return _beginning(alone) if self.goes_on and not is_inside(alone[0]) else Entry(alone)
            case [[_], [_]] | [[_], [_], [_]] if not self.goes_on and are_short(self.words):
                *_, of_all = entries_of_neighbours(parts)
                return Entry(of_all)
        return None

    def entries(self) -> list[Entry]:
        """What the index has for each text that holds the term, and for some others if it has no entry of its own."""
        if self.own_entry:
            return [self.own_entry]
        parts = [segments(word) for word in self.words]
        *whole, last = (part for of_word in parts for part in of_word)
        may_be_longer = self.goes_on and not is_inside(last[0])
        found = [entry for part in whole for entry in entries_of_segment(part)]
        if not may_be_longer:
            found += entries_of_segment(last)
        found += entries_of_neighbours(parts[:-1] if may_be_longer and parts[-1] == [last] else parts)
        entries = [Entry(text) for text in dict.fromkeys(found)]
        if may_be_longer and len(last) >= BEGINNING:
            entries.append(_beginning(last))
        return entries

    def stands_in(self, words: str) -> bool:
        """Whether a text, given as the `words_of` each field on a line of its own, holds the term in one of them."""
        return next(self.places(words), None) is not None

    def places(self, words: str) -> Iterator[tuple[int, int]]:
        """Where the term stands in such a text: beginnings and ends, those of longer words that it begins too."""
        wanted = " ".join(self.words)
        opens_inside, ends_inside = is_inside(wanted[0]), is_inside(wanted[-1])
        start = words.find(wanted)
        while start >= 0:
            end = start + len(wanted)
            if opens_inside or _is_edge(words[start - 1 : start]):
                if ends_inside or _is_edge(words[end : end + 1]):
                    yield start, end
                elif self.goes_on:
                    yield start, _edge_after(words, end)
            start = words.find(wanted, start + 1)


@dataclass(frozen=True, slots=True)
class Query:
    """All `wanted` terms are to be there, none of those `excluded`. Without a wanted one nothing is found."""

    wanted: tuple[Term, ...] = ()
    excluded: tuple[Term, ...] = ()

    @property
    def untold(self) -> "Query":
        """The terms of which the entries of a text do not tell all."""
        wanted, excluded = (
            tuple(term for term in terms if not term.own_entry) for terms in (self.wanted, self.excluded)
        )
        return Query(wanted, excluded)

    @property
    def has_terms(self) -> bool:
        return bool(self.wanted or self.excluded)

    def matches(self, words: str) -> bool:
        """Whether a text has what is wanted and not what is excluded, given as the `words_of` each field on a line."""
        return all(term.stands_in(words) for term in self.wanted) and not any(
            term.stands_in(words) for term in self.excluded
        )


def parsed(typed: str) -> Query:
    """Reads what a visitor has typed; 200 characters and 16 words of it count."""
    terms: dict[bool, list[Term]] = {True: [], False: []}
    room = MOST_WORDS
    for piece in _PIECE.finditer(typed[:MOST_CHARACTERS]):
        is_phrase = piece["phrase"] is not None
        words = tuple(words_of(piece["phrase"] if is_phrase else piece["joined"]).split()[:room])
        room -= len(words)
        if words:
            goes_on = not is_phrase and len(words[-1]) >= BEGINNING
            terms[piece["excluded"] is not None].append(Term(words, goes_on))
    wanted, excluded = (tuple(dict.fromkeys(terms[is_excluded])) for is_excluded in (False, True))
    return Query(wanted, excluded)


def _beginning(word: str) -> Entry:
    if len(word) == BEGINNING:
        return Entry(entry_of_beginning(word))
    return Entry(word[:LONGEST_ENTRY], is_beginning=True)


def _edge_after(words: str, index: int) -> int:
    while not _is_edge(words[index : index + 1]):
        index += 1
    return index


def _is_edge(char: str) -> bool:
    """Whether a word may begin after, or end before, this character, "" at the ends of the text."""
    return char in ("", " ", "\n") or is_inside(char)
