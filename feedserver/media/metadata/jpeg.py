"""JPEG (ITU-T T.81 annex B, JFIF 1.02): a row of segments. All goes that is not needed to show the picture.

What follows the picture goes too: other pictures of the camera, archives, programs.
"""

import re
from collections.abc import Iterator
from typing import Final

from feedserver.media.metadata.buffers import Buffer, Damaged, numbers, pieces

_SOI: Final = b"\xff\xd8"
_SOS, _EOI = 0xDA, 0xD9
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
# Frames, tables, scans, restart intervals, the end; no hierarchical pictures, which nothing shows.
_KEPT: Final = frozenset({*range(0xC0, 0xD0), *range(0xD9, 0xDE)}) - {0xC8}
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_JFIF, _EXIF, _ICC, _ADOBE = b"JFIF\0", b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe"
_MARKER: Final = re.compile(rb"\xff[\x01-\xfe]")
_AFTER_SCAN: Final = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")  # within a scan: stuffed zeros, restarts


def stripped(data: Buffer) -> Iterator[bytes]:
    """The file without metadata; a colour profile stays. Raises Damaged.

    No end is added where there is none: who decodes it is to see that it is cut off.
    """
    yield _SOI
    for marker, start, end in _segments(data):
        content = data[start + 4 : min(end, start + 24)]
        if marker == _APP0 and content.startswith(_JFIF) and end - start >= 16:
            yield b"\xff\xe0\x00\x10" + content[:12] + b"\0\0"  # no thumbnail
        elif marker == _APP14 and content.startswith(_ADOBE) and end - start >= 16:
            yield b"\xff\xee\x00\x0e" + content[:12]
        elif marker in _KEPT or (marker == _APP2 and content.startswith(_ICC)):
            yield from pieces(data, start, end)


def exif(data: Buffer) -> bytes:
    """Its EXIF, empty without one."""
    for marker, start, end in _segments(data):
        if marker == _APP1 and data[start + 4 : start + 10] == _EXIF:
            return data[start + 10 : end]
        if marker == _SOS:
            break
    return b""


def _segments(data: Buffer) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment; a scan belongs to its header. What is between two is passed over."""
    if data[:2] != _SOI:
        raise Damaged("its beginning")
    at = 2
    while (found := _MARKER.search(data, at)) is not None:
        start, marker = found.start(), found[0][1]
        at = start + 2
        if marker == _EOI:
            yield marker, start, at
            return
        if marker in _STANDALONE:
            continue
        (length,) = numbers(">H", data, at)
        at += length
        if length < 2 or at > len(data):
            raise Damaged("it ends too early")
        if marker == _SOS:
            after = _AFTER_SCAN.search(data, at)
            at = after.start() if after else len(data)
        yield marker, start, at
