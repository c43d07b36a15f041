"""The pictures of a Blogger blog, whose addresses name a size, and their files among Takeout's albums."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final
from urllib.parse import unquote_plus

from feedserver.transfer.items import ImportedMedia
from feedserver.transfer.source import Source
from feedserver.urls import nfc

_SIZE: Final = r"[swh]\d{2,4}(?:-[a-z0-9]{1,6}){0,6}"
_LARGEST: Final = "s1600"
_ADDRESS: Final = r"https?://[^\s\"'<>]{1,2000}?"
_FILE: Final = r"[^\s\"'<>/]{1,500}\.(?:jpe?g|png|gif|webp|avif)"
_GOOGLE: Final = r"https?://[\w.-]{1,200}\.(?:googleusercontent|ggpht)\.com/[^\s\"'<>=]{1,2000}"
# A size is a segment of the path, or follows an equals sign at its end.
_PICTURE: Final = re.compile(
    rf"(?P<before>{_ADDRESS}/){_SIZE}(?P<file>/{_FILE})|(?P<google>{_GOOGLE})(?:={_SIZE})?", re.IGNORECASE
)
_ALBUMS: Final = "Albums/"


class Pictures:
    """The pictures that texts show."""

    def __init__(self, source: Source) -> None:
        self._files = {nfc(name.rpartition("/")[2]): name for name in source.names() if _ALBUMS in name}
        self._known: set[str] = set()

    def shown_in(self, html: str, where: str) -> Iterator[ImportedMedia]:
        """The pictures in a text that names the largest size of each (`largest`), each once."""
        for match in _PICTURE.finditer(html):
            address = unescape(match[0])
            if address not in self._known:
                self._known.add(address)
                name = unquote_plus(address.partition("=")[0].rpartition("/")[2])
                yield ImportedMedia(
                    key=address, where=where, urls=(address,), name=name, file=self._files.get(nfc(name))
                )


def largest(html: str) -> str:
    """`html` that names the largest size of each picture, where Blogger shows a small one that links to it."""
    return _PICTURE.sub(_largest, html)


def _largest(match: re.Match[str]) -> str:
    if match["google"]:
        return f"{match['google']}={_LARGEST}" if match["google"] != match[0] else match[0]
    return f"{match['before']}{_LARGEST}{match['file']}"
