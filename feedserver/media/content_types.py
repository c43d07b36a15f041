"""What a file is: told by its first bytes, its name helps only where nothing can go wrong. Pure.

A web server that sends the folder of a store goes by the extension: none is kept that stands for something that runs
in a browser.
"""

import re
import zlib
from collections.abc import Callable, Mapping
from typing import Final

HEAD: Final = 1 << 16  # bytes that the functions here look at
BINARY: Final = "application/octet-stream"
# The extensions of each type, the usual one first.
PICTURES: Final[Mapping[str, tuple[str, ...]]] = {
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/png": ("png", "apng"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/avif": ("avif", "avifs"),
}
_SOUNDS_AND_FILMS: Final[Mapping[str, tuple[str, ...]]] = {
    "audio/mpeg": ("mp3", "mpga", "mp2"),
    "audio/mp4": ("m4a", "m4b"),
    "audio/aac": ("aac",),
    "audio/ogg": ("ogg", "oga", "opus", "spx"),
    "audio/flac": ("flac",),
    "audio/wav": ("wav",),
    "audio/aiff": ("aiff", "aif"),
    "audio/webm": ("weba",),
    "video/mp4": ("mp4", "m4v"),
    "video/quicktime": ("mov", "qt"),
    "video/3gpp": ("3gp", "3g2"),
    "video/webm": ("webm",),
    "video/ogg": ("ogv",),
    "video/x-matroska": ("mkv", "mka"),
    "video/x-msvideo": ("avi",),
}
_PACKED: Final[Mapping[str, tuple[str, ...]]] = {
    "application/zip": ("zip",),
    "application/epub+zip": ("epub",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("pptx",),
    "application/vnd.oasis.opendocument.text": ("odt",),
    "application/vnd.oasis.opendocument.spreadsheet": ("ods",),
    "application/vnd.oasis.opendocument.presentation": ("odp",),
}
_TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "text/plain": ("txt", "log"),
    "text/markdown": ("md",),
    "text/csv": ("csv",),
    "text/calendar": ("ics",),
    "text/vtt": ("vtt",),
    "application/x-subrip": ("srt",),
    "application/json": ("json", "geojson"),
}
_OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    "application/pdf": ("pdf",),
    "application/gzip": ("gz", "tgz"),
    # Extensions of files that nothing is said of, and that nobody runs.
    BINARY: tuple(
        "bin 7z bz2 xz zst tar rar iso doc xls ppt rtf tex bib mobi azw3 gpx kml kmz heic heif tif tiff bmp ico jxl jp2"
        " psd xcf raw dng cr2 nef arw stl obj ttf otf woff woff2 mid midi sqlite db diff patch toml yaml yml".split()
    ),
}
EXTENSIONS: Final = {**PICTURES, **_SOUNDS_AND_FILMS, **_PACKED, **_TEXTS, **_OTHERS}
# What is a picture by its name, and must be one.
_PICTURES_BY_NAME: Final = frozenset(extension for every in PICTURES.values() for extension in every)
_SVG: Final = frozenset({"svg", "svgz"})
_SVG_LINE: Final = "it is SVG, which can hold programs; save it as PNG or WebP"
_HEIF: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"pnot"})  # QuickTime's first may be any of these


def content_type(head: bytes, extension: str) -> str:
    """The type of a file by its first bytes (`HEAD`), and the extension of its name, in small letters."""
    found = next((type_ for begins, type_ in _SIGNATURES if begins(head)), None)
    if found is None:
        return _by_extension(_TEXTS, extension, "text/plain") if _is_text(head) else BINARY
    if found == "application/zip":
        return _by_extension(_PACKED, extension, found)
    if (found, extension) in (("video/mp4", "m4a"), ("video/mp4", "m4b"), ("video/webm", "weba")):
        return _by_extension(_SOUNDS_AND_FILMS, extension, found)
    return found


def has_boxes(head: bytes) -> bool:
    """Whether a file is made of boxes, in which places can stand (`metadata.places`)."""
    return head[4:8] in _BOXES


def why_not(head: bytes, extension: str, type_: str) -> str | None:
    """Why a file is not taken; None if it is."""
    if extension in _SVG or _is_svg(head) or _is_svg(_unpacked(head)):
        return _SVG_LINE
    if not head:
        return "it is empty"
    if extension in _PICTURES_BY_NAME and type_ not in PICTURES:
        return "it is no picture of JPEG, PNG, GIF, WebP or AVIF, though its name says so"
    return None


# --- signatures ---


def _starts(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(beginnings)


def _riff(kind: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == kind


def _brands(head: bytes) -> frozenset[bytes]:
    """The kinds of a file of boxes: the main one, and those that it is too (ISO/IEC 14496-12 section 4.3)."""
    if head[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(head[:4], "big"), 512)
    return frozenset({head[8:12], *(head[at : at + 4] for at in range(16, end, 4))})


def _branded(*kinds: bytes) -> Callable[[bytes], bool]:
    return lambda head: any(brand.startswith(kinds) for brand in _brands(head))


def _mainly(*kinds: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[4:8] == b"ftyp" and head[8:12].startswith(kinds)


def _ogg(*codecs: bytes) -> Callable[[bytes], bool]:
    """Ogg (RFC 3533), by the stream that begins first."""
    return lambda head: head[:4] == b"OggS" and head[28:36].startswith(codecs)


def _is_mp3(head: bytes) -> bool:
    """A frame of MPEG audio, layer II or III, whose bit rate and frequency exist (ISO/IEC 11172-3 section 2.4)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, rate, frequency = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer in (1, 2) and rate not in (0, 15) and frequency != 3


_SIGNATURES: Final[tuple[tuple[Callable[[bytes], bool], str], ...]] = (
    (_starts(b"\xff\xd8\xff"), "image/jpeg"),
    (_starts(b"\x89PNG\r\n\x1a\n"), "image/png"),
    (_starts(b"GIF87a", b"GIF89a"), "image/gif"),
    (_riff(b"WEBP"), "image/webp"),
    (_branded(b"avif", b"avis"), "image/avif"),
    (_mainly(*_HEIF), BINARY),
    (_mainly(b"qt  "), "video/quicktime"),
    (_mainly(b"M4A ", b"M4B "), "audio/mp4"),
    (_mainly(b"3g"), "video/3gpp"),
    (_mainly(b""), "video/mp4"),
    (lambda head: head[4:8] in _BOXES, "video/quicktime"),
    (_ogg(b"\x80theora"), "video/ogg"),
    (_starts(b"OggS"), "audio/ogg"),
    (_starts(b"fLaC"), "audio/flac"),
    (_starts(b"ID3"), "audio/mpeg"),
    (_starts(b"\xff\xf1", b"\xff\xf9"), "audio/aac"),
    (_is_mp3, "audio/mpeg"),
    (_riff(b"WAVE"), "audio/wav"),
    (_riff(b"AVI "), "video/x-msvideo"),
    (lambda head: head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"), "audio/aiff"),
    (lambda head: head[:4] == b"\x1aE\xdf\xa3" and b"webm" in head[:64], "video/webm"),
    (_starts(b"\x1aE\xdf\xa3"), "video/x-matroska"),
    (_starts(b"%PDF-"), "application/pdf"),
    (_starts(b"PK\x03\x04", b"PK\x05\x06"), "application/zip"),
    (_starts(b"\x1f\x8b\x08"), "application/gzip"),
)


def _by_extension(types: Mapping[str, tuple[str, ...]], extension: str, otherwise: str) -> str:
    return next((type_ for type_, extensions in types.items() if extension in extensions), otherwise)


# --- texts ---

# What may come before the first element of XML.
_PROLOGUE: Final = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_SVG_ELEMENT: Final = re.compile(r"<(?:[\w.-]+:)?svg[\s/>]", re.IGNORECASE)


def _is_text(head: bytes) -> bool:
    """UTF-8 without controls that no text has; the last character may be cut off."""
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= HEAD - 4
    return True


def _is_svg(head: bytes) -> bool:
    text = head.decode(_coding(head), "replace").lstrip("\ufeff\0")
    at = 0
    while (passed := _PROLOGUE.match(text, at)) is not None:
        at = passed.end()
    return _SVG_ELEMENT.match(text, at) is not None


def _coding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"<\0")):
        return "utf-16-le"
    return "utf-16-be" if head.startswith((b"\xfe\xff", b"\0<")) else "utf-8"


def _unpacked(head: bytes) -> bytes:
    """The beginning of what gzip has packed; empty if it has not."""
    if not head.startswith(b"\x1f\x8b"):
        return b""
    try:
        return zlib.decompressobj(wbits=31).decompress(head, HEAD)
    except zlib.error:
        return b""
