"""Files that apps send under a property or with a media type: whether they are what is said of them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from feedserver.errors import MediaRefused
from feedserver.media import content_types
from feedserver.media.names import extension_of
from feedserver.text import strangers_line

PICTURE: Final = "image/*"
_HEARD_OR_SEEN: Final = frozenset({"audio/*", "video/*"})
_LONGEST_NAME: Final = 80  # characters of a name that is told


def check_said(file: Path, name: str, said: Iterable[str]) -> None:
    """Raises MediaRefused for a file that is said to be a picture and is none, or to be sound or film and is not.

    `said` are media types, and `image/*`, `audio/*` or `video/*`. Types of pictures that the site does not know say
    nothing.
    """
    said = frozenset(said)
    with file.open("rb") as opened:
        found = content_types.content_type(opened.read(content_types.HEAD), extension_of(name))
    shown, is_picture = strangers_line(name, _LONGEST_NAME) or "file", found in content_types.PICTURES
    if said & {PICTURE, *content_types.PICTURES} and not is_picture:
        raise MediaRefused(shown, "it is no picture of JPEG, PNG, GIF, WebP or AVIF, though it is said to be one")
    if said & _HEARD_OR_SEEN and (is_picture or found.startswith("text/")):
        raise MediaRefused(shown, f"it is {found}, and neither sound nor film, though it is said to be one")
