"""PNG (W3C Portable Network Graphics, third edition), animated too: a row of chunks. The needed ones stay."""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from feedserver.media.metadata.buffers import Buffer, Damaged, numbers, pieces

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_COLOURS: Final = frozenset({b"tRNS", b"cHRM", b"gAMA", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"pHYs"})
_ANIMATION: Final = frozenset({b"acTL", b"fcTL", b"fdAT"})
_NEEDED: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_KEPT: Final = _NEEDED | _COLOURS | _ANIMATION
_LARGEST_PROFILE: Final = 4 << 20  # bytes
_LARGEST_EXIF: Final = 1 << 16


def stripped(data: Buffer) -> Iterator[bytes]:
    """The file without metadata and without what follows its end; a colour profile stays. Raises Damaged."""
    yield _SIGNATURE
    for kind, start, end in _chunks(data):
        if kind == b"iCCP":
            yield _profile(data[start : min(end, start + _LARGEST_PROFILE)])
        elif kind in _KEPT:
            yield from pieces(data, start - 8, end + 4)


def exif(data: Buffer) -> bytes:
    """Its EXIF, empty without one."""
    for kind, start, end in _chunks(data):
        if kind == b"eXIf":
            return data[start : min(end, start + _LARGEST_EXIF)]
    return b""


def _chunks(data: Buffer) -> Iterator[tuple[bytes, int, int]]:
    """Kind of each chunk, and where its content starts and ends."""
    if data[:8] != _SIGNATURE:
        raise Damaged("its beginning")
    at = len(_SIGNATURE)
    kind = b""
    while kind != b"IEND":
        (length,) = numbers(">I", data, at)
        kind, start, end = data[at + 4 : at + 8], at + 8, at + 8 + length
        (told,) = numbers(">I", data, end)
        check = zlib.crc32(kind)
        for piece in pieces(data, start, end):
            check = zlib.crc32(piece, check)
        if check != told:
            raise Damaged("a checksum")
        yield kind, start, end
        at = end + 4


def _profile(content: bytes) -> bytes:
    """A chunk of the same colour profile under another name, with nothing after it; empty if it cannot be read."""
    _, zero, packed = content.partition(b"\0")
    unpacking = zlib.decompressobj()
    try:
        profile = unpacking.decompress(packed[1:], _LARGEST_PROFILE) if zero else b""
    except zlib.error:
        return b""
    if not unpacking.eof:
        return b""
    content = b"iCCPicc\0\0" + zlib.compress(profile, 9)
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
