"""Clean names of pictures and files: what a URL holds as it is, whatever the file was called. Pure."""

import unicodedata
from typing import Final

from feedserver.media.content_types import EXTENSIONS
from feedserver.text import cluster_start, strangers_line

_MARKS: Final = frozenset("-._~")  # what a URL needs no escape for (RFC 3986 section 2.3)
_LONGEST: Final = 80  # characters, without extension
_LONGEST_IN_BYTES: Final = 200  # a file system takes 255
_LONGEST_GIVEN: Final = 1000  # characters that are looked at
_NAMELESS: Final = "file"


def extension_of(name: str) -> str:
    """The extension of a file name in small letters, empty without one."""
    stem, dot, extension = name.strip().rpartition(".")
    return extension.lower() if dot and stem else ""


def clean_name(name: str, type_: str) -> str:
    """A name of letters, digits and `-._~`, in NFC, with an extension of its type (`EXTENSIONS`).

    Of a path the last part counts. An extension that stands for another type is no extension, and stays before the
    one of the type: `page.html` of no known type is `page.html.bin`.
    """
    name = strangers_line(name.replace("\\", "/").rpartition("/")[2][-_LONGEST_GIVEN:], _LONGEST_GIVEN)
    extension = extension_of(name)
    if extension in EXTENSIONS[type_]:
        name = name[: -len(extension) - 1]
    elif any(extension in others for others in EXTENSIONS.values()):
        name, extension = name[: -len(extension) - 1], EXTENSIONS[type_][0]
    else:
        extension = EXTENSIONS[type_][0]
    return f"{_clean_stem(name)}.{extension}"


def sized_name(name: str, longer_side: int) -> str:
    """The name of a smaller copy: `roof.jpg` becomes `roof-800.jpg`."""
    stem, _, extension = name.rpartition(".")
    return f"{stem}-{longer_side}.{extension}"


def _clean_stem(stem: str) -> str:
    kept = "".join(character if _is_kept(character) else " " for character in stem)
    words = "-".join(kept.split()).strip("-._~")
    cut = words[: cluster_start(words, _LONGEST)].encode()[:_LONGEST_IN_BYTES].decode(errors="ignore")
    return cut.strip("-._~") or _NAMELESS


def _is_kept(character: str) -> bool:
    return character in _MARKS or unicodedata.category(character)[0] in "LNM"
