"""Answers of hostile sources, as they stand on the wire: bytes, or functions of the request that yield pieces."""

import gzip
import struct
import time
import zlib

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
MEGABYTE = 1_048_576


def bombs(megabytes):
    """Zeros in the codings gzip and deflate. A megabyte of them is packed once, and said again and again."""
    zeros = bytes(MEGABYTE)
    packer = zlib.compressobj(9, wbits=-15)
    packed_once = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = packed_once * megabytes + packer.flush()
    crc, adler = 0, 1
    for _ in range(megabytes):
        crc, adler = zlib.crc32(zeros, crc), zlib.adler32(zeros, adler)
    gzip_end = struct.pack("<II", crc, megabytes * MEGABYTE)
    return gzip.compress(b"")[:10] + packed + gzip_end, b"\x78\xda" + packed + struct.pack(">I", adler)


GZIP_BOMB, DEFLATE_BOMB = bombs(100)
DOUBLE_BOMB = gzip.compress(GZIP_BOMB)
EMPTY_BLOCKS = gzip.compress(gzip.compress(b"")[:10] + b"\0\0\0\xff\xff" * 2 * MEGABYTE, 1)  # 10 MB without output


def for_ever(head, piece):
    """Sends `head`, then `piece` again and again, as fast as it is taken; 256 MB at most."""

    def reply(request):
        yield head
        for _ in range(256 * MEGABYTE // len(piece)):
            yield piece

    return reply


def dripping(head, piece=b"x"):
    """Sends `head`, then `piece` every 20 ms for 15 s."""

    def reply(request):
        yield head
        for _ in range(750):
            time.sleep(0.02)
            yield piece

    return reply


def packed(body, coding=b"gzip"):
    return OK + b"Content-Encoding: " + coding + b"\r\n\r\n" + body


TOO_LATE = {
    "silence": dripping(b"", b""),
    "status line drips": dripping(b"HTTP/1.1 200 "),
    "header drips": dripping(OK + b"X: "),
    "header lines drip": dripping(OK, b"a: b\r\n"),
    "informational answers drip": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body drips": dripping(OK + b"\r\n"),
    "body of known length drips": dripping(OK + b"Content-Length: 1000\r\n\r\n"),
    "chunks drip": dripping(CHUNKED, b"1\r\nx\r\n"),
    "chunk size drips": dripping(CHUNKED, b"0"),
    "trailer drips": dripping(CHUNKED + b"1\r\nx\r\n0\r\n", b"a: b\r\n"),
    "gzip drips": dripping(packed(GZIP_BOMB[:99]), b"\0"),
    "gzip header drips": dripping(packed(b"\x1f\x8b\x08\x08\0\0\0\0\0\0"), b"n"),
    "redirect drips": dripping(b"HTTP/1.1 302 Found\r\nLocation: /", b"a"),
    "body is missing": dripping(OK + b"Content-Length: 1000\r\n\r\n", b""),
}

BROKEN = {
    "nothing": b"",
    "binary": b"\x16\x03\x01" * 100 + b"\r\n\r\n",
    "HTTP/0.9": b"<html>hello",
    "other protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/2": b"HTTP/2 200 OK\r\n\r\n",
    "no status": b"HTTP/1.1\r\n\r\n",
    "status in words": b"HTTP/1.1 OK 200\r\n\r\n",
    "status negative": b"HTTP/1.1 -200 OK\r\n\r\n",
    "status too large": b"HTTP/1.1 2000 OK\r\n\r\n",
    "status of 5,000 digits": b"HTTP/1.1 " + b"2" * 5000 + b" OK\r\n\r\n",
    "status line of 1 MB": b"HTTP/1.1 200 " + b"x" * MEGABYTE + b"\r\n\r\n",
    "endless status line": for_ever(b"HTTP/1.1 200 ", b"x" * 65536),
    "header of 1 MB": OK + b"X: " + b"x" * MEGABYTE + b"\r\n\r\n",
    "10,000 header lines": OK + b"X: x\r\n" * 10_000 + b"\r\n",
    "99 header lines of 64 KB": OK + (b"X: " + b"x" * 65_000 + b"\r\n") * 97 + b"\r\n",
    "endless header": for_ever(OK, b"x" * 65536),
    "endless header lines": for_ever(OK, b"X: x\r\n" * 1000),
    "endless informational answers": for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "endless early hints": for_ever(b"", b"HTTP/1.1 103 Early Hints\r\nX: x\r\n\r\n" * 1000),
    "chunk size negative": CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n",
    "endless chunk of negative size": for_ever(CHUNKED + b"-5\r\n", b"x" * 65536),
    "chunk size of 1 MB": CHUNKED + b"0" * MEGABYTE + b"1\r\nx\r\n",
    "endless chunk extension": for_ever(CHUNKED + b"1;", b"x" * 65536),
    "endless empty extensions": for_ever(CHUNKED, b"1;" + b"x" * 60_000 + b"\r\nx\r\n"),
    "endless trailer": for_ever(CHUNKED + b"1\r\nx\r\n0\r\n", b"X: x\r\n" * 1000),
    "gzip in the transfer coding": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
    "gzip that is none": packed(b"hello, world"),
    "deflate that is none": packed(b"\xff" * 100, b"deflate"),
    "endless empty gzip members": for_ever(packed(b""), gzip.compress(b"") * 1000),
    "endless empty deflate blocks": for_ever(packed(b"\x78\x9c", b"deflate"), b"\0\0\0\xff\xff" * 10_000),
    "endless gzip header": for_ever(packed(b"\x1f\x8b\x08\x08\0\0\0\0\0\0"), b"n" * 65536),
}

CUT_SHORT = {
    "body shorter than said": OK + b"Content-Length: 1000\r\n\r\nshort",
    "chunk of no size": CHUNKED + b"\r\nx\r\n0\r\n\r\n",
    "chunk size in words": CHUNKED + b"many\r\nx\r\n0\r\n\r\n",
    "chunk size of 60,000 digits": CHUNKED + b"f" * 60_000 + b"\r\nx\r\n0\r\n\r\n",
    "chunk shorter than said": CHUNKED + b"ff\r\nx\r\n",
    "chunks without end": CHUNKED + b"1\r\nx\r\n",
    "gzip cut short": packed(gzip.compress(b"hello" * 1000)[:-9]),
}

TOO_LONG = {
    "endless body": for_ever(OK + b"\r\n", b"\0" * 65536),
    "body of 10**18 bytes": for_ever(OK + b"Content-Length: 1000000000000000000\r\n\r\n", b"\0" * 65536),
    "length of 5,000 digits": for_ever(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", b"\0" * 65536),
    "negative length": for_ever(OK + b"Content-Length: -1\r\n\r\n", b"\0" * 65536),
    "endless chunks": for_ever(CHUNKED, b"10000\r\n" + b"\0" * 65536 + b"\r\n"),
    "chunk of 2**60 bytes": for_ever(CHUNKED + b"1000000000000000\r\n", b"\0" * 65536),
    "chunk of 2**4000 bytes": for_ever(CHUNKED + b"f" * 1000 + b"\r\n", b"\0" * 65536),
    "gzip bomb": packed(GZIP_BOMB),
    "gzip bomb in chunks": for_ever(
        CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"),
        b"%x\r\n%s\r\n" % (len(GZIP_BOMB), GZIP_BOMB),
    ),
    "deflate bomb": packed(DEFLATE_BOMB, b"deflate"),
    "endless gzip bomb": for_ever(packed(b""), GZIP_BOMB),
    "three gzip bombs, one in the other": packed(gzip.compress(DOUBLE_BOMB), b"gzip, gzip, gzip"),
    "gzip bomb of empty blocks in a gzip bomb": packed(EMPTY_BLOCKS, b"gzip, gzip"),
    "gzip bomb with a broken end": packed(GZIP_BOMB[:-8] + b"\0" * 8),
    "gzip bomb in small members": packed(gzip.compress(b"\0" * 2000) * 1000),
}
