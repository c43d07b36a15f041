"""What a reader sees of a post that was found: the words around the first match, all matches marked. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import regex
from markupsafe import Markup, escape

from feedserver.search.query import Query, Term
from feedserver.search.words import fold, runs, words_of
from feedserver.text import cluster_start, shorten

_LENGTH: Final = 240  # characters of a snippet
_BEFORE: Final = 60  # of them before the first match


def snippet(query: Query, text: str, words: str, otherwise: str) -> Markup:
    """The words of `text` around its first match; of `otherwise`, what is shown of a post in lists, if there is none.

    `words` are those of `text` (`words_of`).
    """
    if not any(term.stands_in(words) for term in query.wanted):
        return marked(query, shorten(otherwise, _LENGTH))
    start = _before(text, _start_of_run(text, _first_run(query.wanted, words)))
    return Markup("{}{}").format("…" if start else "", marked(query, shorten(text[start:], _LENGTH)))


def marked(query: Query, text: str) -> Markup:
    """`text` as HTML in which all that the query wants is marked."""
    pieces, done = [], 0
    for start, end in _joined(_spans(query.wanted, text)):
        pieces += [escape(text[done:start]), Markup("<mark>{}</mark>").format(text[start:end])]
        done = end
    return Markup("").join([*pieces, escape(text[done:])])


def _first_run(terms: Sequence[Term], words: str) -> int:
    """The number of the run in which the first match begins, from 0; 0 without one."""
    starts = [place[0] for term in terms if (place := next(term.places(words), None))]
    return words.count(" ", 0, min(starts, default=0))


def _start_of_run(text: str, number: int) -> int:
    """Where the run with this number begins. Near it where folding made two words of one run."""
    run = next(islice(runs(text), number, None), None)
    return run.start() if run else 0


def _before(text: str, start: int) -> int:
    """Where a snippet begins whose first match is at `start`: between words, if there is a blank."""
    if start <= _BEFORE:
        return 0
    begin = cluster_start(text, start - _BEFORE)
    blank = text.find(" ", begin, start)
    return begin if blank < 0 else blank + 1


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of a text: where it `begins` among the folded words, and the place in the text of each folded character."""

    begins: int
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, begins: int, run: "regex.Match[str]", folded: str) -> "_Run":
        if run[0].isascii():
            return cls(begins, range(*run.span()), range(run.start() + 1, run.end() + 1))
        lengths = [len(fold(char)) for char in run[0]]
        if sum(lengths) != len(folded):  # characters that are folded together
            return cls(begins, [run.start()] * len(folded), [run.end()] * len(folded))
        places = [place for place, length in enumerate(lengths, run.start()) for _ in range(length)]
        return cls(begins, places, [*places[1:], run.end()])


def _spans(terms: Sequence[Term], text: str) -> Iterator[tuple[int, int]]:
    """Where the terms stand in `text`."""
    found, folded, length = [], [], 0
    for run in runs(text):
        if words := words_of(run[0]):
            found.append(_Run.of(length, run, words))
            folded.append(words)
            length += len(words) + 1
    begins = [run.begins for run in found]
    for start, end in (place for term in terms for place in term.places(" ".join(folded))):
        first, last = (found[bisect_right(begins, place) - 1] for place in (start, end - 1))
        yield first.starts[start - first.begins], last.ends[end - 1 - last.begins]


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
