"""Reads the body of a response up to a size limit, and decodes its content coding in small chunks."""

import http.client
import io
import zlib
from collections.abc import Iterator

from feedserver.errors import NotText
from feedserver.net.guarded_socket import CHUNK


def read_body(response: http.client.HTTPResponse, max_bytes: int) -> tuple[bytes, bool]:
    """Returns the first `max_bytes` bytes of the decoded body, and whether there were more.

    Raises NotText for an unknown content coding, HTTPException or zlib.error for a broken body.
    """
    body = io.BytesIO()
    for chunk in _decoded(response.headers.get("Content-Encoding", ""), _chunks(response)):
        body.write(chunk)
        if body.tell() > max_bytes:
            body.truncate(max_bytes)
            return body.getvalue(), True
    return body.getvalue(), False


def _decoded(coding: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decodes the content coding (RFC 9110 section 8.4.1). Some servers use one although we ask for `identity`."""
    match coding.strip().lower():
        case "" | "identity":
            return chunks
        case "gzip" | "x-gzip" | "deflate":
            return _inflated(chunks)
    raise NotText("the source has an unknown content coding")


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yields chunks of bounded size, so that a small body that expands to gigabytes is cut in time."""
    inflater = None
    for compressed in chunks:
        rest = compressed
        while rest:
            if inflater is None or inflater.eof:  # gzip: one member may follow another (RFC 1952 section 2.2)
                inflater = _inflater(rest[0])
            yield inflater.decompress(rest, CHUNK)
            rest = inflater.unconsumed_tail or inflater.unused_data
    if inflater is not None:
        yield inflater.flush()
        if not inflater.eof:
            raise zlib.error("ends in the middle")


def _inflater(first_byte: int) -> "zlib._Decompress":
    """For gzip (RFC 1952), for zlib (RFC 1950, first byte ends in 8), or for raw deflate, which some servers send."""
    wrapped = first_byte == 0x1F or first_byte & 0x0F == 8
    return zlib.decompressobj(32 + zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body as it arrives. Raises HTTPException if it ends early or its transfer coding is unknown."""
    if not response.chunked and "Transfer-Encoding" in response.headers:
        raise http.client.HTTPException("an unknown transfer coding")
    while chunk := response.read1(CHUNK):
        if response.chunked and (response.chunk_left or 0) < 0:  # `http.client` takes “-5” as a size
            raise http.client.HTTPException("a negative chunk size")
        yield chunk
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
