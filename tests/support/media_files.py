"""Pictures and films made in the test: parts of their containers, by hand."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp", "AVIF": "image/avif"}


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    """A picture in one of the formats of `TYPES`."""
    target = BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def quarters(width: int = 48, height: int = 32) -> Image.Image:
    """A picture of four colours, which differs from itself turned in any way."""
    image = Image.new("RGB", (2, 2))
    image.putdata([(250, 10, 10), (10, 250, 10), (10, 10, 250), (250, 250, 250)])
    return image.resize((width, height), Image.Resampling.NEAREST)


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def segment(marker: int, content: bytes) -> bytes:
    """A segment of JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def riff_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of WebP."""
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def webp(*chunks: bytes) -> bytes:
    content = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def webp_header(width: int, height: int) -> bytes:
    """A WebP picture that says how large it is, and is not."""
    head = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return webp(riff_chunk(b"VP8X", head), encoded(quarters(), "WEBP")[12:])


def box(kind: bytes, *content: bytes, large: bool = False) -> bytes:
    """A box of MP4 or QuickTime; `large`: its size has 64 bits."""
    whole = b"".join(content)
    if large:
        return struct.pack(">I4sQ", 1, kind, len(whole) + 16) + whole
    return struct.pack(">I4s", len(whole) + 8, kind) + whole


def full_box(kind: bytes, *content: bytes, version: int = 0) -> bytes:
    return box(kind, bytes([version, 0, 0, 0]), *content)


def png_header(width: int, height: int) -> bytes:
    """A PNG picture that says how large it is, and has nearly nothing of it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
