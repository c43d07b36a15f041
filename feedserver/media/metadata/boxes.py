"""Boxes of ISO base media files and QuickTime (ISO/IEC 14496-12 section 4.2): a size, a kind, and a content."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from feedserver.media.metadata.buffers import Buffer, Damaged, numbers

_MOST: Final = 200_000  # boxes of a file; a film of ten hours in fragments of two seconds has as many
_HEADER: Final = 8  # bytes


@dataclass(frozen=True, slots=True)
class Box:
    """`start` is where its size stands, `content` follows its header, `end` is the place after it."""

    kind: bytes
    start: int
    content: int
    end: int


class Boxes:
    """The boxes of one file, each read when it is asked for. All methods raise Damaged."""

    def __init__(self, data: Buffer) -> None:
        self.data = data
        self._left = _MOST

    def all(self) -> Iterator[Box]:
        """Those that are in no other box. The last one may be cut off, if it holds nothing but films and sounds.

        Up to seven zeros may follow it.
        """
        at = 0
        while at + _HEADER <= len(self.data) or any(self.data[at:]):
            box = self._at(at, len(self.data))
            if box.end > len(self.data):
                if box.kind != b"mdat":
                    raise Damaged("it ends too early")
                box = Box(box.kind, box.start, box.content, len(self.data))
            yield box
            at = box.end

    def within(self, box: Box, skipped: int = 0) -> Iterator[Box]:
        """Those in a box, after `skipped` bytes of its content. QuickTime ends some with four zeros."""
        at = box.content + skipped
        while at + _HEADER <= box.end:
            inner = self._at(at, box.end)
            if inner.end > box.end:
                raise Damaged(f"a box “{_shown(inner.kind)}”")
            yield inner
            at = inner.end

    def _at(self, at: int, end: int) -> Box:
        self._left -= 1
        if self._left < 0:
            raise Damaged("too many boxes")
        size, kind = numbers(">I", self.data, at)[0], self.data[at + 4 : at + 8]
        content = at + _HEADER
        if size == 1:
            (size,) = numbers(">Q", self.data, content)
            content += 8
        elif size == 0:
            size = end - at
        if size < content - at:
            raise Damaged(f"a box “{_shown(kind)}”")
        return Box(kind, at, content, at + size)


def _shown(kind: bytes) -> str:
    return "".join(chr(byte) if 0x20 < byte < 0x7F else "." for byte in kind)
