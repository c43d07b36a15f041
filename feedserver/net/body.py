"""Reads the body of a response up to a size limit, and decodes its content codings in small chunks.

Forgives what browsers forgive: unknown codings, bytes after the end of a compressed body, a wrong or missing trailer.
"""

import http.client
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from feedserver.errors import NotText
from feedserver.net.guarded_socket import CHUNK

MAX_CODINGS: Final = 5  # one within the other, as in curl
_INFLATED: Final = frozenset({"gzip", "x-gzip", "deflate"})
# Never asked for, and not decoded: brotli and zstd need more memory than a source may cost.
_UNREADABLE: Final = frozenset({"br", "zstd", "dcb", "dcz"})
_GZIP: Final = b"\x1f\x8b"
_GZIP_TRAILER: Final = 8  # bytes: checksum and length
_GZIP_DEFLATED: Final = _GZIP + b"\x08"  # magic and the only method; the flags follow (RFC 1952 section 2.3.1)
_GZIP_FLAGS: Final = 0b11111  # all; the other bits are zero
_MEMBER_MARK: Final = len(_GZIP_DEFLATED) + 1  # bytes that tell a further member from anything else


@dataclass(frozen=True, slots=True)
class Body:
    """What was read of a body."""

    data: bytes = b""
    truncated: bool = False  # it is longer than the limit
    incomplete: bool = False  # it ended before its announced end (RFC 9112 section 8)


class _EndedEarly(Exception):
    """The connection or the compressed data ended in the middle."""


class _TooLong(Exception):
    """There is more than was asked for."""


def read_body(response: http.client.HTTPResponse, max_bytes: int, into: IO[bytes] | None = None) -> Body:
    """Returns the first `max_bytes` bytes of the decoded body, or writes them `into` a file and returns none.

    Raises NotText for a content coding that is not decoded, HTTPException or zlib.error for a broken body.
    """
    body = io.BytesIO()
    truncated = incomplete = False
    try:
        for chunk in _decoded(response, max_bytes):
            (into or body).write(chunk)
    except _EndedEarly:
        incomplete = True
    except _TooLong:
        truncated = True
    return Body(body.getvalue(), truncated, incomplete)


def _decoded(response: http.client.HTTPResponse, max_bytes: int) -> Iterator[bytes]:
    """Undoes the content codings (RFC 9110 section 8.4.1), which some servers use although we ask for `identity`."""
    chunks = _chunks(response)
    codings = _codings(response)
    for _ in codings:
        chunks = _at_most(max_bytes, _inflated(chunks))  # at each layer, so that a bomb within a bomb stays small
    return chunks if codings else _at_most(max_bytes, chunks)


def _codings(response: http.client.HTTPResponse) -> list[str]:
    """The codings to undo. Other words, such as `none` or `compress`, mean nothing, as in browsers."""
    words = [word.strip().lower() for word in ",".join(response.headers.get_all("Content-Encoding", [])).split(",")]
    codings = [word for word in words if word in _INFLATED or word in _UNREADABLE]
    if len(codings) > MAX_CODINGS or not _UNREADABLE.isdisjoint(codings):
        raise NotText("{peer} has a content coding that cannot be read")
    return codings


def _at_most(number: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The first `number` bytes. Raises _TooLong if there are more."""
    for chunk in chunks:
        yield chunk[:number]
        number -= len(chunk)
        if number < 0:
            raise _TooLong


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body as it arrives. Raises _EndedEarly, or HTTPException if its transfer coding is unknown or broken."""
    if not response.chunked and "Transfer-Encoding" in response.headers:
        raise http.client.HTTPException("an unknown transfer coding")
    try:
        while chunk := response.read1(CHUNK):
            if response.chunked and (response.chunk_left or 0) < 0:  # `http.client` takes “-5” as a size
                raise http.client.HTTPException("a negative chunk size")
            yield chunk
    except (http.client.IncompleteRead, ConnectionError) as error:
        raise _EndedEarly from error
    if response.length:
        raise _EndedEarly


# --- compressed bodies ---


class _Input:
    """Chunks as they come. `data` is what has come and is not yet decompressed."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.data = next(chunks, b"")

    def receive(self) -> None:
        """Adds a chunk to `data`. Raises _EndedEarly if there is none."""
        if not self.has_received():
            raise _EndedEarly

    def has_received(self) -> bool:
        """Adds a chunk to `data`, if there is one. Raises _EndedEarly if the connection ended in the middle."""
        chunk = next(self._chunks, None)  # may be empty before the end
        self.data += chunk or b""
        return chunk is not None

    def ignore_rest(self) -> None:
        """Receives what is left and drops it. Raises _EndedEarly if the connection ended in the middle."""
        for _ in self._chunks:
            pass


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompresses gzip (RFC 1952), zlib (RFC 1950) or bare deflate (RFC 1951), whatever the coding is called.

    Yields chunks of bounded size. Ignores checksums, and what follows the end, but for further members of gzip. Those
    might have come on a connection that ended too early, so all is received. A member that breaks is missing.
    """
    received = _Input(chunks)
    if received.data:  # an empty body is not compressed
        is_gzip = _skip_header(received)
        yield from _inflated_member(received)
        try:
            while is_gzip and _skip_to_next_member(received):
                _skip_header(received)
                yield from _inflated_member(received)
        except zlib.error as error:
            raise _EndedEarly from error
    received.ignore_rest()


def _skip_header(received: _Input) -> bool:
    """Drops what precedes the deflated data. Returns whether it is the header of gzip."""
    while (length := _header_length(received.data)) > len(received.data):
        received.receive()
    is_gzip = received.data.startswith(_GZIP)
    received.data = received.data[length:]
    return is_gzip


def _header_length(data: bytes) -> int:
    """Bytes of the header that `data` begins with, 0 for bare deflate; more than there are if `data` ends within it."""
    if len(data) < 2:
        return 2
    if data.startswith(_GZIP):
        return _gzip_header_length(data)
    is_zlib = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0  # RFC 1950 section 2.2
    return 2 if is_zlib else 0


def _gzip_header_length(data: bytes) -> int:
    """RFC 1952 section 2.3: ten bytes, then what the flags announce."""
    if len(data) < 12:
        return 12  # any member is longer
    flags, length = data[3], 10
    if flags & 4:  # FEXTRA
        length += 2 + int.from_bytes(data[10:12], "little")
    for flag in (8, 16):  # FNAME, FCOMMENT: until a NUL
        if flags & flag:
            length = data.find(b"\0", length) + 1 or len(data) + 1
    return length + 2 if flags & 2 else length  # FHCRC


def _inflated_member(received: _Input) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    while not inflater.eof:
        output = inflater.decompress(received.data, CHUNK)
        received.data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        if output:
            yield output
        if len(output) < CHUNK and not inflater.eof:  # else the inflater may hold more
            received.receive()


def _skip_to_next_member(received: _Input) -> bool:
    """Drops the trailer of a gzip member. Returns whether another member follows (RFC 1952 section 2.2).

    A trailer that the compressed data lacks is not missed.
    """
    while len(received.data) < _GZIP_TRAILER + _MEMBER_MARK and received.has_received():
        pass
    received.data = received.data[_GZIP_TRAILER:]
    mark = received.data[:_MEMBER_MARK]
    return len(mark) == _MEMBER_MARK and mark.startswith(_GZIP_DEFLATED) and mark[3] <= _GZIP_FLAGS
