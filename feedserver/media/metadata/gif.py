"""GIF 89a: frames and extensions. Comments, texts and the data of applications go; the number of loops stays."""

from collections.abc import Iterator
from typing import Final

from feedserver.media.metadata.buffers import Buffer, Damaged, numbers, pieces

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION, _PLAIN_TEXT = 0xF9, 0xFF, 0x01
_LOOPING: Final = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0"})


def stripped(data: Buffer) -> Iterator[bytes]:
    """The file without metadata and without what follows its end. Raises Damaged."""
    if data[:6] not in (b"GIF87a", b"GIF89a"):
        raise Damaged("its beginning")
    (flags,) = numbers("B", data, 10)
    at = 13 + _table(flags)
    yield from pieces(data, 0, at)
    control = b""  # of the next frame
    while at < len(data) and data[at] != _TRAILER:  # some have no trailer
        kind, start = data[at], at
        if kind == _IMAGE:
            (flags,) = numbers("9xB", data, at)
            at = _after_blocks(data, at + 11 + _table(flags))
            yield control
            yield from pieces(data, start, at)
            control = b""
        elif kind == _EXTENSION:
            (label,) = numbers("xB", data, at)
            at = _after_blocks(data, at + 2)
            if label == _CONTROL:
                control = data[start : start + 7] + b"\0"
            elif label == _PLAIN_TEXT:
                control = b""
            elif label == _APPLICATION:
                yield _loops(data, start)
        else:
            raise Damaged("a block")
    yield bytes([_TRAILER])


def _table(flags: int) -> int:
    """The length of a table of colours."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: Buffer, at: int) -> int:
    while at < len(data) and data[at]:
        at += 1 + data[at]
    if at >= len(data):
        raise Damaged("it ends too early")
    return at + 1


def _loops(data: Buffer, start: int) -> bytes:
    """The same extension, if it says how often the animation is shown; else nothing."""
    if (
        data[start + 2] == 11
        and data[start + 3 : start + 14] in _LOOPING
        and data[start + 14 : start + 16] == b"\x03\x01"
    ):
        return data[start : start + 18] + b"\0"
    return b""
