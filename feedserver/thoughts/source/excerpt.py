"""The words around a link, as a reader of the post sees them: `[…] words LINK TEXT words […]`.

The page is walked once more, up to the end of the block that holds the last link that is asked for, so that reading a
page with many thousand links costs nothing for the excerpts that nobody asks for.
Leaves to others: finding links (`reading`), escaping and showing (`feedserver.pages`).
"""

import re
import unicodedata
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from turbohtml import Token

from feedserver import text
from feedserver.thoughts.source.links import FoundLink, Reading
from feedserver.thoughts.source.tokens import BOUNDARIES, HIDDEN, TEXT, UNSEEN, Outline, walk

_SIDE = 100  # characters of words on each side of the link, and of the link itself
_OPENING = 2 * _SIDE  # characters of a description or of a page's first words
_ENOUGH = 20  # characters around the link text that make a sentence; fewer, and the neighbours come in
_LONGEST_WORD = 60  # characters: what is longer may be cut, as scripts without blanks must be
_KEPT = 2048  # characters as they stand in the page, of which the excerpt is cut
_MANY_BLOCKS = 512
_FOLLOWED = 1000  # tokens after a link; where two hundred links are followed at once, they shall not cost a second
_BLANKS = re.compile(r"\s+")
_PARTING = BOUNDARIES | {"br", "img"}
_THE_END: Any = (-1, (None, 0))


def excerpt(reading: Reading, link: FoundLink) -> str:
    """The words around one link: see `excerpts`."""
    return excerpts(reading, [link])[0]


def excerpts(reading: Reading, links: Sequence[FoundLink]) -> list[str]:
    """`[…] words around the link […]` for each of `links`, in plain clean text of at most 1,000 characters.

    The words are those of the link, at most 100 characters, and up to 100 on each side from the same run: what
    stands between two borders of blocks. Where that leaves fewer than 20 characters around the link, the run grows
    to the innermost block that holds the link, then to that one's parent, with all that stands in them. A link
    without words of any kind around it, and a `<link>`, get the page's description or its first words; '' when there
    are none.

    `links` are some of `reading.links`. The page is walked once for all of them: that takes time linear in the page,
    and memory that does not grow with it.
    """
    walked = _Walk(reading.text, {link.position: link for link in links if link.element != "link"})
    found = [walked.words(link) or _head(reading.description, _OPENING) or walked.opening() for link in links]
    return [text.one_line(f"[…] {words} […]") if words else "" for words in found]


class _Walk:
    """One walk over a page, up to where nothing that follows can matter for the links that are `wanted`."""

    def __init__(self, page: str, wanted: Mapping[int, FoundLink]) -> None:
        self._outline = Outline()
        self._tokens = enumerate(walk(page, self._outline))
        self._first = _Beginning()
        self._found: dict[int, _Surroundings] = {}
        self._go_to(wanted)

    def words(self, link: FoundLink) -> str:
        """The words around one of the links, '' when there are none."""
        surroundings = self._found.get(link.position)
        return surroundings.words() if surroundings and link.element != "link" else ""

    def opening(self) -> str:
        """The first words of the page."""
        for _, (token, flags) in self._tokens:
            self._note_opening(token, bool(flags & (HIDDEN | UNSEEN)))
            if self._first.length > _KEPT:
                break
        return _head(text.one_line(self._first.until(_KEPT)), _OPENING)

    def _go_to(self, wanted: Mapping[int, FoundLink]) -> None:
        before = _Before(self._outline)
        unfinished: list[_Surroundings] = []
        while len(self._found) < len(wanted) or unfinished:
            position, (token, flags) = next(self._tokens, _THE_END)
            if position < 0:
                return
            unseen = bool(flags & (HIDDEN | UNSEEN))
            self._note_opening(token, unseen)
            for surroundings in unfinished:
                surroundings.take(token, unseen)
            before.take(token, unseen)
            unfinished = [surroundings for surroundings in unfinished if not surroundings.complete]
            if position in wanted:
                self._found[position] = _Surroundings(before, self._outline, token, unseen)
                unfinished.append(self._found[position])

    def _note_opening(self, token: Token, unseen: bool) -> None:
        if self._first.length > _KEPT:
            return
        if token.type is TEXT:
            self._first.add("" if unseen else token.data or "")
        elif token.tag in _PARTING:
            self._first.add(" ")


class _Before:
    """What stands before the present token: the last words, and where the run and the open blocks start in them."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self.words = _End()
        self.run_start = 0
        self._blocks: deque[tuple[int, int]] = deque(maxlen=_MANY_BLOCKS)  # depth, and where it starts

    def take(self, token: Token, unseen: bool) -> None:
        """Looks at the next token of the page; `unseen` where no reader sees its words."""
        if token.type is TEXT:
            self.words.add("" if unseen else token.data or "")
            return
        if token.tag in _PARTING:
            self.words.add(" ")
        if token.tag in BOUNDARIES:
            self._pass_border()

    def block(self, number: int) -> tuple[int, int]:
        """Depth and start of the innermost open block (1) or of its parent (2); else the whole page."""
        return self._blocks[-number] if len(self._blocks) >= number else (0, 0)

    def _pass_border(self) -> None:
        floor, depth = self._outline.floor, len(self._outline.tags)
        self.run_start = self.words.length
        while self._blocks and self._blocks[-1][0] > floor:
            self._blocks.pop()
        if depth > floor:
            self._blocks.append((depth, self.run_start))


class _Surroundings:
    """What stands around one link: follows the tokens through its words, and on to the end of its block's parent."""

    def __init__(self, before: _Before, outline: Outline, token: Token, unseen: bool) -> None:
        """`token` is the link's own, `before` what has been walked up to it."""
        self._outline = outline
        blocks = [before.block(1), before.block(2)]
        self._before = [before.words.since(start) for start in (before.run_start, *(start for _, start in blocks))]
        self._block_depths = [depth for depth, _ in blocks]
        self._inside, self._after = _Beginning(), _Beginning()
        self._link_depth = len(outline.tags)
        has_words = token.tag == "a" and len(outline.tags) > outline.floor
        self._now = self._inside if has_words else self._after
        self._ends: list[int] = []  # of run, block and parent in `_after`, as far as they have come to one
        self._followed = 0
        if token.tag in ("area", "img") and not unseen:
            self._inside.add(f" {token.attr('alt') or ''} ")

    @property
    def complete(self) -> bool:
        """Whether nothing that follows can matter."""
        return len(self._ends) == 3 or self._after.length > _KEPT or self._followed > _FOLLOWED

    def take(self, token: Token, unseen: bool) -> None:
        """Looks at the next token of the page; `unseen` where no reader sees its words."""
        self._followed += 1
        if token.type is TEXT:
            self._now.add("" if unseen else token.data or "")
            return
        if self._now is self._inside and (token.tag == "a" or self._outline.floor < self._link_depth):
            self._now = self._after
        if token.tag in _PARTING:
            self._now.add(" ")
        if token.tag in BOUNDARIES and self._now is self._after:
            self._pass_border()
        if token.tag == "img" and self._now is self._inside and not unseen:
            self._inside.add(token.attr("alt") or "")

    def words(self) -> str:
        """The words around the link, from the smallest place that has enough of them; '' when there are none."""
        ends = self._ends + [self._after.length] * (3 - len(self._ends))
        left = right = ""
        for left, end in zip(self._before, ends, strict=True):
            right = self._after.until(end)
            if len(text.one_line(left)) + len(text.one_line(right)) >= _ENOUGH:
                break
        return _joined(left, self._inside.until(_KEPT), right)

    def _pass_border(self) -> None:
        floor = self._outline.floor
        closed = [True, *(floor < depth for depth in self._block_depths)]
        while len(self._ends) < 3 and closed[len(self._ends)]:
            self._ends.append(self._after.length)


class _Beginning:
    """The first words of what is added, and the length of all that was kept."""

    def __init__(self) -> None:
        self.length = 0
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        if self.length <= _KEPT and (piece := _unless_blank_again(piece, self._pieces)):
            self._pieces.append(piece[: _KEPT + 1])
            self.length += len(self._pieces[-1])

    def until(self, end: int) -> str:
        return "".join(self._pieces)[:end]


class _End:
    """The last words of what is added, and the length of all that ever was."""

    def __init__(self) -> None:
        self.length = 0
        self._pieces: list[str] = []
        self._held = 0

    def add(self, piece: str) -> None:
        if piece := _unless_blank_again(piece, self._pieces):
            self._pieces.append(piece)
            self.length += len(piece)
            self._held += len(piece)
        if self._held > 2 * _KEPT:
            self._pieces = ["".join(self._pieces)[-_KEPT:]]
            self._held = _KEPT

    def since(self, start: int) -> str:
        return "".join(self._pieces)[max(0, start - self.length + self._held) :]


def _unless_blank_again(piece: str, pieces: list[str]) -> str:
    """`piece` with long blanks folded, '' for a blank after a blank: indentation shall not crowd out the words."""
    if piece.isspace():
        return "" if pieces and pieces[-1] == " " else " "
    return _BLANKS.sub(" ", piece) if len(piece) > _KEPT else piece


def _joined(left: str, inside: str, right: str) -> str:
    """The three pieces as they stand in the page, cut to size, with a blank where the page has one."""
    whole = text.one_line(inside)
    middle = _head(whole, _SIDE)
    if middle and middle != whole:
        middle += "… "
    gaps = [" " if (a[-1:] + b[:1]).strip() != a[-1:] + b[:1] else "" for a, b in ((left, inside), (inside, right))]
    before, after = _tail(text.one_line(left), _SIDE), _head(text.one_line(right), _SIDE)
    return text.one_line(before + gaps[0] + middle + gaps[1] + after)


def _head(words: str, limit: int) -> str:
    """The first `limit` characters of folded `words`, less the word that they would end within."""
    if len(words) <= limit:
        return words
    blank = words.rfind(" ", limit - _LONGEST_WORD, limit + 1)
    cut = blank if blank >= 0 else limit
    while blank < 0 < cut and _continues(words, cut):
        cut -= 1
    return words[:cut].rstrip()


def _tail(words: str, limit: int) -> str:
    """The last `limit` characters of folded `words`, less the word that they would begin within."""
    if len(words) <= limit:
        return words
    start = len(words) - limit
    blank = words.find(" ", start - 1, start + _LONGEST_WORD)
    cut = blank if blank >= 0 else start
    while blank < 0 and cut < len(words) and _continues(words, cut):
        cut += 1
    return words[cut:].lstrip()


def _continues(words: str, index: int) -> bool:
    """Whether the character at `index` belongs to the one before: a mark, or joined to it as in emoji."""
    joined = "\u200d" in words[index - 1 : index + 1] or "\U0001f3fb" <= words[index] <= "\U0001f3ff"
    return joined or unicodedata.category(words[index]).startswith("M")
