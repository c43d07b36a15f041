"""WebP (RFC 9649): chunks of RIFF, some of which hold others."""

import struct
from collections.abc import Iterator
from typing import Final

from feedserver.media.metadata.buffers import Buffer, Damaged, numbers, pieces

_FRAME: Final = b"ANMF"
_FRAME_HEADER: Final = 16  # bytes
_IMAGE: Final = frozenset({b"ALPH", b"VP8 ", b"VP8L"})
_KEPT: Final = frozenset({b"VP8X", b"ICCP", b"ANIM", _FRAME}) | _IMAGE
_NO_METADATA: Final = 0xFF ^ 0x0C  # EXIF and XMP, in the flags of VP8X
_MOST: Final = 100_000  # chunks; an animation has one for each frame
_LARGEST_EXIF: Final = 1 << 16
_Chunk = tuple[bytes, int, int]  # kind, start and end of the content


def stripped(data: Buffer) -> Iterator[bytes]:
    """The file without metadata and without what follows its end; a colour profile stays. Raises Damaged."""
    kept = [chunk for chunk in _chunks(data, 12, _end(data)) if chunk[0] in _KEPT]
    yield b"RIFF" + struct.pack("<I", 4 + sum(_length(data, chunk) for chunk in kept)) + b"WEBP"
    for chunk in kept:
        yield from _written(data, chunk)


def exif(data: Buffer) -> bytes:
    """Its EXIF, empty without one."""
    for kind, start, end in _chunks(data, 12, _end(data)):
        if kind == b"EXIF":
            return data[start : min(end, start + _LARGEST_EXIF)].removeprefix(b"Exif\0\0")
    return b""


def is_lossless(data: Buffer) -> bool:
    return any(kind == b"VP8L" for kind, _, _ in _chunks(data, 12, _end(data)))


def _end(data: Buffer) -> int:
    (length,) = numbers("<4xI", data, 0)
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise Damaged("its beginning")
    if 8 + length > len(data):
        raise Damaged("it ends too early")
    return 8 + length


def _chunks(data: Buffer, at: int, end: int) -> Iterator[_Chunk]:
    left = _MOST
    while at + 8 <= end:
        left -= 1
        if left < 0:
            raise Damaged("too many chunks")
        (length,) = numbers("<4xI", data, at)
        if at + 8 + length > end:
            raise Damaged("it ends too early")
        yield data[at : at + 4], at + 8, at + 8 + length
        at += 8 + length + length % 2


def _parts(data: Buffer, chunk: _Chunk) -> Iterator[_Chunk]:
    """What of the chunks in a frame stays."""
    _, start, end = chunk
    return (part for part in _chunks(data, start + _FRAME_HEADER, end) if part[0] in _IMAGE)


def _length(data: Buffer, chunk: _Chunk) -> int:
    """The bytes of a chunk as written, with header and padding."""
    kind, start, end = chunk
    if kind == _FRAME:
        return 8 + _FRAME_HEADER + sum(_length(data, part) for part in _parts(data, chunk))
    return 8 + end - start + (end - start) % 2


def _written(data: Buffer, chunk: _Chunk) -> Iterator[bytes]:
    kind, start, end = chunk
    if kind == _FRAME:
        yield kind + struct.pack("<I", _length(data, chunk) - 8) + data[start : start + _FRAME_HEADER]
        for part in _parts(data, chunk):
            yield from _written(data, part)
    elif kind == b"VP8X":
        yield kind + struct.pack("<I", end - start) + bytes([data[start] & _NO_METADATA]) + data[start + 1 : end]
        yield bytes((end - start) % 2)
    else:
        yield kind + struct.pack("<I", end - start)
        yield from pieces(data, start, end)
        yield bytes((end - start) % 2)
