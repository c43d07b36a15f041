"""Content codings of what is sent: gzip and brotli, and which a client prefers (RFC 9110 sections 8.4, 12.5.3). Pure.

A body in which each response inserts bytes of its own is compressed once, around them: `Encoded`. These bytes are
stored uncompressed between two compressed parts, so the length of a response never tells what they have in common with
the rest of it (BREACH).
"""

import gzip
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import brotli
from werkzeug.http import parse_accept_header

CODINGS: Final = ("br", "gzip", "identity")  # the smallest first
_GZIP_LEVEL: Final = 6
_BROTLI_QUALITY: Final = 5  # smaller and quicker than gzip at 6; 11 takes eighty times as long
_LONGEST: Final = 300  # characters of Accept-Encoding: Werkzeug's parser takes 60 ms for the 8 KiB that may be sent
_REMEMBERED: Final = 128  # header fields
_RAW: Final = -zlib.MAX_WBITS  # DEFLATE without gzip's header and trailer
_GZIP_HEADER: Final = gzip.compress(b"", mtime=0)[:10]  # RFC 1952 section 2.3: fixed without names and times
_BLOCK: Final = 65_535  # bytes: what a stored block has room for (RFC 1951 section 3.2.4); brotli's has one more
_BROTLI_END: Final = b"\x03"  # a last, empty meta-block

Bodies = Mapping[str, bytes]  # by content coding


def coding(accept_encoding: str | None) -> str:
    """The content coding that the client prefers among ours (RFC 9110 section 12.5.3), `identity` if it names none."""
    if not accept_encoding:
        return "identity"
    if len(accept_encoding) > _LONGEST:  # up to its last whole element
        accept_encoding = accept_encoding[:_LONGEST].rpartition(",")[0]
    return _coding(accept_encoding)


@lru_cache(_REMEMBERED)
def _coding(accept_encoding: str) -> str:
    accepted = parse_accept_header(accept_encoding.lower().replace("x-gzip", "gzip"))
    best = max(CODINGS, key=accepted.quality)
    return best if accepted.quality(best) else "identity"


def encode(body: bytes) -> Bodies:
    """`body` in every content coding."""
    return {
        "identity": body,
        "gzip": gzip.compress(body, compresslevel=_GZIP_LEVEL, mtime=0),  # no clock in the bytes
        "br": brotli.compress(body, quality=_BROTLI_QUALITY),
    }


@dataclass(frozen=True, slots=True)
class Encoded:
    """A body in one content coding, open at one place: `start` and `end` are encoded. `length` and `checksum` (CRC-32)
    are of what comes before that place, `after` is what follows, as it is."""

    coding: str
    start: bytes
    end: bytes
    after: bytes
    length: int
    checksum: int

    @property
    def size(self) -> int:
        """The bytes that it takes, but for `after`."""
        return len(self.start) + len(self.end)

    def around(self, inserted: bytes) -> bytes:
        """The whole body with `inserted` at its open place."""
        if self.coding == "br":
            # The end is short, and is stored too: brotli streams cannot be joined.
            return self.start + _stored_in_brotli(inserted + self.after) + self.end
        checksum = zlib.crc32(self.after, zlib.crc32(inserted, self.checksum))
        length = self.length + len(inserted) + len(self.after)
        trailer = struct.pack("<II", checksum, length % 2**32)  # RFC 1952 section 2.3.1
        return self.start + _stored_in_deflate(inserted) + self.end + trailer


def encode_around(before: bytes, after: bytes, coding: str) -> Encoded:
    """`before` and `after` in a content coding other than `identity`, for bodies with something in between."""
    if coding == "br":
        stream = brotli.Compressor(quality=_BROTLI_QUALITY)
        return Encoded(coding, stream.process(before) + stream.flush(), _BROTLI_END, after, len(before), 0)
    first, last = (zlib.compressobj(_GZIP_LEVEL, wbits=_RAW) for _ in range(2))
    # A full flush ends on a byte, and what follows refers to nothing before it.
    start = first.compress(before) + first.flush(zlib.Z_FULL_FLUSH)
    end = last.compress(after) + last.flush()
    return Encoded(coding, _GZIP_HEADER + start, end, after, len(before), zlib.crc32(before))


def _stored_in_deflate(data: bytes) -> bytes:
    """Blocks without compression that are not the last ones (RFC 1951 section 3.2.4)."""
    pieces = (data[at : at + _BLOCK] for at in range(0, len(data), _BLOCK))
    return b"".join(struct.pack("<BHH", 0, len(piece), len(piece) ^ 0xFFFF) + piece for piece in pieces)


def _stored_in_brotli(data: bytes) -> bytes:
    """Uncompressed meta-blocks that are not the last ones (RFC 7932 section 9.2).

    A head has 24 bits, the lowest first: not the last (0), the length has four nibbles (00), the length less one,
    uncompressed (1), and padding.
    """
    pieces = (data[at : at + _BLOCK] for at in range(0, len(data), _BLOCK))
    return b"".join(((len(piece) - 1) << 3 | 1 << 19).to_bytes(3, "little") + piece for piece in pieces)
