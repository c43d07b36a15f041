"""The values of the site's pictures and files. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

HASH_DIGITS: Final = 32  # hexadecimal ones, of the SHA-256 of the bytes as stored
SHOWN_SIDE: Final = 1600  # pixels of the longer side of the copy that stands for a larger picture in a text
_HASH: Final = re.compile(f"[0-9a-f]{{{HASH_DIGITS}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One file as stored and served at `/media/HASH/NAME`; its bytes never change.

    `name` is a clean file name with the extension of `type`, a media type. `size` is in bytes. `width` and `height` are
    the pixels of a picture; None for anything else.
    """

    hash: str
    name: str
    type: str
    size: int
    width: int | None = None
    height: int | None = None

    @property
    def path(self) -> str:
        """Its address, relative to `site.url`."""
        return f"media/{self.hash}/{self.name}"

    @property
    def quoted_path(self) -> str:
        """The same, percent-encoded."""
        return quote(self.path)

    @property
    def is_picture(self) -> bool:
        return self.type.startswith("image/")

    @property
    def can_be_shown(self) -> bool:
        """Whether it may stand in a page: a picture, sound or film, or the texts of one."""
        return self.type.startswith(("image/", "audio/", "video/")) or self.type == "text/vtt"


@dataclass(frozen=True, slots=True)
class MadePicture:
    """A picture that is ready to be stored: its file's name in a folder, media type, and pixels.

    `side` is that of a smaller copy: the pixels of its longer side; None for the picture itself.
    """

    file: str
    type: str
    width: int
    height: int
    side: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Media(StoredFile):
    """A picture or file that was added, with the smaller copies of a picture, the smallest first.

    `alt` is the alternative text, "" if there is none. `given` is the hash of the bytes as they were given: the
    same bytes need not be read again. `added_at` is aware, UTC.
    """

    given: str
    alt: str = ""
    added_at: datetime
    copies: tuple[StoredFile, ...] = ()


def is_hash(text: str) -> bool:
    """Whether a text may be the hash of a stored file."""
    return _HASH.fullmatch(text) is not None


def is_file_name(name: str) -> bool:
    """Whether a text can be the name of a file in any store: it leads nowhere else, and is not hidden."""
    return bool(name) and not name.startswith(".") and not {"/", "\0"} & set(name)
