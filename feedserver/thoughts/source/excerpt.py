"""Excerpts of a source: the text around a link, as `[…] words LINK TEXT words […]`.

The tokens of the page are read a second time, up to the end of the block around the last wanted link.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from turbohtml import Token

from feedserver import text
from feedserver.thoughts.source.buffers import MAX_KEPT, FirstText, LastText
from feedserver.thoughts.source.links import FoundLink, SourcePage
from feedserver.thoughts.source.tokens import BOUNDARIES, HIDDEN, INVISIBLE, TEXT, OpenElements, flagged_tokens

_SIDE = 100  # characters on each side of the link, and of the link text
_OPENING = 2 * _SIDE  # characters of a description or of the first words of a page
_READ = 8 * _SIDE  # characters of a buffer that are cleaned, for each side and the link text
_ENOUGH = 20  # characters around the link text; with fewer, text from outside the block is added
_LONGEST_WORD = 60  # characters; longer ones are cut between grapheme clusters, for scripts without spaces
_MAX_BLOCKS = 512  # open blocks whose start is known
_MAX_FOLLOWED = 1000  # tokens read after a link: for 200 links at once that is less than a second
_SEPARATORS = BOUNDARIES | {"br", "img"}
_END: Any = (-1, (None, 0))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """`text` is for readers. `around` has the letters on both sides of the link, to compare what sources say."""

    text: str = ""
    around: str = ""


def excerpts(page: SourcePage, links: Sequence[FoundLink]) -> list[Excerpt]:
    """Returns an excerpt for each of `links` (some of `page.links`): clean text of at most 1,000 characters.

    It has at most 100 characters of the link text, and up to 100 on each side from the same run of text, which is what
    lies between two block boundaries. If there are fewer than 20 on both sides together, the run is widened to the
    innermost block around the link, then to the parent of that block. A `<link>`, and a link without any text around
    it, get the description of the page or its first words; "" if there are none.

    Reads the page once for all links: time is linear in its length, memory is bounded.
    """
    scan = _Scan(page.text, {link.position for link in links if link.element != "link"})
    found = [scan.excerpt(link) or _without_link(page.description) or _without_link(scan.opening()) for link in links]
    return [Excerpt(f"[…] {one.text} […]", one.around) if one else Excerpt() for one in found]


def _without_link(words: str) -> Excerpt | None:
    opening = _head(words, _OPENING)
    return Excerpt(opening, _letters(words)[:_OPENING]) if opening else None


class _Scan:
    """Reads the tokens of a page until the contexts of the links at the `wanted` positions are complete."""

    def __init__(self, page: str, wanted: set[int]) -> None:
        self._open_elements = OpenElements()
        self._tokens = enumerate(flagged_tokens(page, self._open_elements))
        self._first = FirstText()
        self._contexts: dict[int, _Context] = {}
        self._read_contexts(wanted)

    def excerpt(self, link: FoundLink) -> Excerpt | None:
        """The text around one of the links, None if there is none."""
        context = self._contexts.get(link.position)
        return context.excerpt() if context else None

    def opening(self) -> str:
        """The first words of the page."""
        for _, (token, flags) in self._tokens:
            self._add_to_opening(token, bool(flags & (HIDDEN | INVISIBLE)))
            if self._first.length > MAX_KEPT:
                break
        return _line(self._first.until(MAX_KEPT))

    def _read_contexts(self, wanted: set[int]) -> None:
        preceding = _PrecedingText(self._open_elements)
        incomplete: list[_Context] = []
        while len(self._contexts) < len(wanted) or incomplete:
            position, (token, flags) = next(self._tokens, _END)
            if position < 0:
                return
            invisible = bool(flags & (HIDDEN | INVISIBLE))
            self._add_to_opening(token, invisible)
            for context in incomplete:
                context.add(token, invisible)
            preceding.add(token, invisible)
            incomplete = [context for context in incomplete if not context.complete]
            if position in wanted:
                self._contexts[position] = _Context(preceding, self._open_elements, token, invisible)
                incomplete.append(self._contexts[position])

    def _add_to_opening(self, token: Token, invisible: bool) -> None:
        if self._first.length > MAX_KEPT:
            return
        if token.type is TEXT:
            self._first.add("" if invisible else token.data or "")
        elif token.tag in _SEPARATORS:
            self._first.add(" ")


class _PrecedingText:
    """The last text before the current token, with the offsets in it where the run and the open blocks start."""

    def __init__(self, open_elements: OpenElements) -> None:
        self._open_elements = open_elements
        self.words = LastText()
        self.run_start = 0
        self._blocks: deque[tuple[int, int]] = deque(maxlen=_MAX_BLOCKS)  # depth and start of each open block

    def add(self, token: Token, invisible: bool) -> None:
        """Takes the next token; `invisible` if readers cannot see its text."""
        if token.type is TEXT:
            self.words.add("" if invisible else token.data or "")
            return
        if token.tag in _SEPARATORS:
            self.words.add(" ")
        if token.tag in BOUNDARIES:
            self._end_run()

    def block(self, number: int) -> tuple[int, int]:
        """Depth and start of the innermost open block (1) or its parent (2); those of the page if there is none."""
        return self._blocks[-number] if len(self._blocks) >= number else (0, 0)

    def _end_run(self) -> None:
        floor, depth = self._open_elements.floor, len(self._open_elements.tags)
        self.run_start = self.words.length
        while self._blocks and self._blocks[-1][0] > floor:
            self._blocks.pop()
        if depth > floor:
            self._blocks.append((depth, self.run_start))


class _Context:
    """The text around one link, in three widths: its run, its innermost block, and the parent of that block."""

    def __init__(self, preceding: _PrecedingText, open_elements: OpenElements, token: Token, invisible: bool) -> None:
        """`token` is that of the link."""
        self._open_elements = open_elements
        blocks = [preceding.block(1), preceding.block(2)]
        starts = (preceding.run_start, *(start for _, start in blocks))
        self._before = [preceding.words.since(start) for start in starts]
        self._block_depths = [depth for depth, _ in blocks]
        self._inside, self._after = FirstText(), FirstText()
        self._link_depth = len(open_elements.tags)
        has_text = token.tag == "a" and len(open_elements.tags) > open_elements.floor
        self._current = self._inside if has_text else self._after
        self._ends: list[int] = []  # offsets in `_after` where run, block and parent end, as far as they have ended
        self._followed = 0  # tokens
        if token.tag in ("area", "img") and not invisible:
            self._inside.add(f" {token.attr('alt') or ''} ")

    @property
    def complete(self) -> bool:
        """Whether later tokens cannot change the excerpt."""
        return len(self._ends) == 3 or self._after.length > MAX_KEPT or self._followed > _MAX_FOLLOWED

    def add(self, token: Token, invisible: bool) -> None:
        """Takes the next token; `invisible` if readers cannot see its text."""
        self._followed += 1
        if token.type is TEXT:
            self._current.add("" if invisible else token.data or "")
            return
        if self._current is self._inside and (token.tag == "a" or self._open_elements.floor < self._link_depth):
            self._current = self._after
        if token.tag in _SEPARATORS:
            self._current.add(" ")
        if token.tag in BOUNDARIES and self._current is self._after:
            self._mark_ends()
        if token.tag == "img" and self._current is self._inside and not invisible:
            self._inside.add(token.attr("alt") or "")

    def excerpt(self) -> Excerpt | None:
        """The text around the link in the smallest width that has enough of it, None if there is none."""
        ends = self._ends + [self._after.length] * (3 - len(self._ends))
        left = right = ""
        for left, end in zip(self._before, ends, strict=True):
            right = self._after.until(end)
            if len(_last_line(left)) + len(_line(right)) >= _ENOUGH:
                break
        return _joined(left, self._inside.until(MAX_KEPT), right)

    def _mark_ends(self) -> None:
        floor = self._open_elements.floor
        closed = [True, *(floor < depth for depth in self._block_depths)]
        while len(self._ends) < 3 and closed[len(self._ends)]:
            self._ends.append(self._after.length)


def _line(words: str) -> str:
    """The beginning of what a buffer holds, on one clean line."""
    return text.strangers_line(words, _READ)


def _last_line(words: str) -> str:
    """The end of what a buffer holds, on one clean line."""
    start = text.cluster_start(words, max(0, len(words) - _READ))
    return text.strangers_line(words[start:], len(words) - start)


def _joined(left: str, inside: str, right: str) -> Excerpt | None:
    """The three parts, each cut to its size, with a space between them where the page has whitespace."""
    whole = _line(inside)
    middle = _head(whole, _SIDE)
    if middle and middle != whole:
        middle += "… "
    gaps = [" " if (a[-1:] + b[:1]).strip() != a[-1:] + b[:1] else "" for a, b in ((left, inside), (inside, right))]
    before, after = _last_line(left), _line(right)
    joined = _line(_tail(before, _SIDE) + gaps[0] + middle + gaps[1] + _head(after, _SIDE))
    return Excerpt(joined, _letters(before)[-_SIDE:] + _letters(after)[:_SIDE]) if joined else None


def _letters(words: str) -> str:
    """The letters and digits: what is strewn between them must not move the ends of what is compared."""
    return "".join(filter(str.isalnum, words))


def _head(words: str, limit: int) -> str:
    """The first `limit` characters of folded `words`, without a word that would be cut."""
    if len(words) <= limit:
        return words
    blank = words.rfind(" ", limit - _LONGEST_WORD, limit + 1)
    return words[: blank if blank >= 0 else text.cluster_start(words, limit)].rstrip()


def _tail(words: str, limit: int) -> str:
    """The last `limit` characters of folded `words`, without a word that would be cut."""
    if len(words) <= limit:
        return words
    start = len(words) - limit
    blank = words.find(" ", start - 1, start + _LONGEST_WORD)
    return words[blank if blank >= 0 else text.cluster_end(words, start) :].lstrip()
