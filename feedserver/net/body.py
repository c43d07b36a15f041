"""An answer's body: as much of it as is wanted, without its content coding, in small pieces."""

import http.client
import io
import zlib
from collections.abc import Iterator

from feedserver.errors import NotText
from feedserver.net.connection import PIECE


def read_body(answer: http.client.HTTPResponse, max_bytes: int) -> tuple[bytes, bool]:
    """The decoded body up to `max_bytes`, and whether there was more."""
    body = io.BytesIO()
    for piece in _decoded(answer.headers.get("Content-Encoding", ""), _pieces(answer)):
        body.write(piece)
        if body.tell() > max_bytes:
            body.truncate(max_bytes)
            return body.getvalue(), True
    return body.getvalue(), False


def _decoded(coding: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The body without its content coding (RFC 9110 section 8.4.1), which we did not ask for."""
    match coding.strip().lower():
        case "" | "identity":
            return pieces
        case "gzip" | "x-gzip" | "deflate":
            return _inflated(pieces)
    raise NotText("the source is packed in a way that is not understood here")


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Small pieces, however much a stranger's bytes unpack to."""
    inflater = None
    for arrived in pieces:
        rest = arrived
        while rest:
            if inflater is None or inflater.eof:  # gzip: one member may follow another (RFC 1952 section 2.2)
                inflater = _inflater(rest[0])
            yield inflater.decompress(rest, PIECE)
            rest = inflater.unconsumed_tail or inflater.unused_data
    if inflater is not None:
        yield inflater.flush()
        if not inflater.eof:
            raise zlib.error("ends in the middle")


def _inflater(first_byte: int) -> "zlib._Decompress":
    """For gzip, for zlib (whose first byte ends in 8), and for the bare deflate that some servers send instead."""
    wrapped = first_byte == 0x1F or first_byte & 0x0F == 8
    return zlib.decompressobj(32 + zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)


def _pieces(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body as it arrives. Raises HTTPException when it ends before its end or has a framing of its own."""
    if not answer.chunked and "Transfer-Encoding" in answer.headers:
        raise http.client.HTTPException("an unknown transfer coding")
    while piece := answer.read1(PIECE):
        if answer.chunked and (answer.chunk_left or 0) < 0:  # `http.client` takes “-5” for a size
            raise http.client.HTTPException("a negative chunk size")
        yield piece
    if answer.length:
        raise http.client.IncompleteRead(b"", answer.length)
