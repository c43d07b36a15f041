"""Paragraphs of texts that were typed into WordPress's classic editor, where a blank line is one. Pure.

What its `wpautop` is documented to do: blank lines part paragraphs, other line breaks are `<br>`, blocks stand by
themselves, and the text of `pre`, `script`, `style` and `textarea` stays as it is.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from feedserver.transfer.formats.html_pieces import Piece, pieces

# How the text of an element is taken. At the top and in quotes it is paragraphs.
_IF_PARTED: Final = frozenset(  # only if it has a blank line
    "article aside center dd details div fieldset figure footer form header hgroup li main nav section td th".split()
)
_LINES: Final = frozenset("address caption dt figcaption h1 h2 h3 h4 h5 h6 legend p summary".split())
_NO_TEXT: Final = frozenset("colgroup dl map menu ol optgroup select table tbody tfoot thead tr ul".split())
_ALONE: Final = frozenset(("col", "hr"))
BLOCKS: Final = _IF_PARTED | _LINES | _NO_TEXT | _ALONE | {"blockquote"}
_BLOCK_VERBATIM: Final = frozenset(("pre", "script", "style"))

_MAX_DEPTH: Final = 200  # more than a post may have

_PARTED: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_BREAK: Final = re.compile(r"[ \t]*\n[ \t]*")


def paragraphs(html: str) -> str:
    """`html` with paragraphs and line breaks in place of the typed ones."""
    return "".join(_Paragraphs().of(pieces(html)))


class _Paragraphs:
    def __init__(self) -> None:
        self._open: list[str] = []
        self._run: list[Piece] = []  # text and inline elements since the last block

    def of(self, given: Iterable[Piece]) -> Iterator[str]:
        for piece in given:
            is_block = piece.name in (_BLOCK_VERBATIM if piece.what == "verbatim" else BLOCKS)
            if not is_block:
                self._run.append(piece)
                continue
            yield from self._ended_run()
            yield piece.source
            if piece.what == "start" and piece.name not in _ALONE:
                if self._open and self._open[-1] == "p":
                    self._open.pop()  # HTML ends it here
                if len(self._open) < _MAX_DEPTH:
                    self._open.append(piece.name)
            elif piece.what == "end" and piece.name in self._open:
                while self._open.pop() != piece.name:
                    pass
        yield from self._ended_run()

    def _ended_run(self) -> Iterator[str]:
        run, self._run = self._run, []
        parent = self._open[-1] if self._open else ""
        if parent in _NO_TEXT or not any(piece.source.strip() for piece in run):
            yield "".join(piece.source for piece in run)
            return
        parts = [part for part in _parted(run) if any(piece.source.strip() for piece in part)]
        if parent in _LINES:
            between = f"</{parent}>\n<{parent}>" if parent == "p" else "<br>\n"
            yield between.join(_lines(part) for part in parts)
        elif parent in _IF_PARTED and len(parts) == 1:
            yield _lines(parts[0])
        else:
            for part in parts:
                is_seen = any(piece.what != "comment" and piece.source.strip() for piece in part)
                yield f"\n<p>{_lines(part)}</p>" if is_seen else _lines(part)
            yield "\n"


def _parted(run: Iterable[Piece]) -> list[list[Piece]]:
    """A run cut where its text has blank lines."""
    parts: list[list[Piece]] = [[]]
    for piece in run:
        first, *others = _PARTED.split(piece.source) if piece.what == "text" else [piece.source]
        parts[-1].append(Piece(piece.what, piece.name, first))
        parts += [[Piece("text", "", text)] for text in others]
    return parts


def _lines(part: list[Piece]) -> str:
    """One paragraph, with `<br>` for each line break inside it that no `<br>` stands before."""
    written: list[str] = []
    after_break = True
    for piece in part:
        text = piece.source
        if piece.what == "text":
            if after_break:
                text = text.lstrip()
            text = _BREAK.sub("<br>\n", text)
        if text:
            after_break = piece.name == "br" or (after_break and piece.what == "comment")
            written.append(text)
    return "".join(written).strip().removesuffix("<br>").rstrip()
