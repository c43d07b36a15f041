"""What a reader sees of a post that was found: the words around the first match, all matches marked. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final

from markupsafe import Markup, escape

from feedserver.search.query import Query, Term
from feedserver.search.words import place_of_word, written_words
from feedserver.text import cluster_start, shorten

_LENGTH: Final = 240  # characters of a snippet
_BEFORE: Final = 60  # of them before the first match


def snippet(query: Query, text: str, words: str, otherwise: str) -> Markup:
    """The words of `text` around its first match; of `otherwise`, what is shown of a post in lists, if there is none.

    `words` are those of `text` (`words_of`).
    """
    if not any(term.stands_in(words) for term in query.wanted):
        return marked(query, shorten(otherwise, _LENGTH))
    start = _before(text, place_of_word(text, _first_word(query.wanted, words)))
    return Markup("{}{}").format("…" if start else "", marked(query, shorten(text[start:], _LENGTH)))


def marked(query: Query, text: str) -> Markup:
    """`text` as HTML in which all that the query wants is marked."""
    pieces, done = [], 0
    for start, end in _joined(_spans(query.wanted, text)):
        pieces += [escape(text[done:start]), Markup("<mark>{}</mark>").format(text[start:end])]
        done = end
    return Markup("").join([*pieces, escape(text[done:])])


def _first_word(terms: Sequence[Term], words: str) -> int:
    """The number of the word in which the first match begins, from 0; 0 without one."""
    starts = [place[0] for term in terms if (place := next(term.places(words), None))]
    return words.count(" ", 0, min(starts, default=0))


def _before(text: str, start: int) -> int:
    """Where a snippet begins whose first match is at `start`: between words, if there is a blank."""
    if start <= _BEFORE:
        return 0
    begin = cluster_start(text, start - _BEFORE)
    blank = text.find(" ", begin, start)
    return begin if blank < 0 else blank + 1


def _spans(terms: Sequence[Term], text: str) -> Iterator[tuple[int, int]]:
    """Where the terms stand in `text`."""
    found = list(written_words(text))
    words = " ".join(word.folded for word in found)
    begins = list(accumulate((len(word.folded) + 1 for word in found), initial=0))
    for start, end in (place for term in terms for place in term.places(words)):
        first, last = (bisect_right(begins, place) - 1 for place in (start, end - 1))
        yield found[first].starts[start - begins[first]], found[last].ends[end - 1 - begins[last]]


def _joined(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans in their order, those that overlap as one."""
    begun: tuple[int, int] | None = None
    for start, end in sorted(spans):
        if begun and start < begun[1]:
            begun = begun[0], max(begun[1], end)
        else:
            if begun:
                yield begun
            begun = start, end
    if begun:
        yield begun
