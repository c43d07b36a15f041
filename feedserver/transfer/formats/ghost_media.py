"""Pictures and files of a Ghost site: their addresses in texts, and where they are in a `content` folder."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final
from urllib.parse import unquote

from feedserver.transfer.items import ImportedMedia
from feedserver.transfer.source import Source
from feedserver.urls import nfc

_SITE: Final = "__GHOST_URL__"  # what an export writes for the site's address
_FOLDERS: Final = "content/(?:images|media|files)/"
_SIZE: Final = re.compile(r"(/content/images/)size/w?\d*h?\d*/(?:format/\w+/)?")
_SRCSET: Final = re.compile(r'\ssrcset="([^"]*+)"(?:\ssizes="[^"]*+")?')


def own(address: str, base: str) -> str:
    """Text with the address of the site in place of what an export writes for it."""
    return address.replace(f"{_SITE}/", f"{base}/").replace(_SITE, base or "/")


class Pictures:
    """The files that texts name. `base` is the site's address without a slash, "" where it is not known."""

    def __init__(self, source: Source, url: str | None) -> None:
        self.base = (url or "").rstrip("/")
        in_content = re.compile(f"(?:^|/)({_FOLDERS}.+)")
        found = ((in_content.search(name), name) for name in source.names())
        self._files = {nfc(match[1]): name for match, name in found if match}
        self._named = re.compile(rf"(?<![\w.:/]){re.escape(self.base)}/({_FOLDERS}[^\s\"'<>()]+)")
        self._known: set[str] = set()

    def original(self, html: str) -> str:
        """`html` that names the pictures themselves, where Ghost has named smaller copies of them."""
        return _SIZE.sub(r"\1", _SRCSET.sub(_without_own, own(html, self.base)))

    def shown_in(self, html: str, where: str, alt: str = "") -> Iterator[ImportedMedia]:
        """The files that a text names, each once; `alt` is said of them."""
        for match in self._named.finditer(html):
            path = unescape(match[1]).partition("?")[0].partition("#")[0]
            if path in self._known:
                continue
            self._known.add(path)
            yield ImportedMedia(
                key=path,
                where=where,
                urls=(f"{self.base}/{path}",),
                name=unquote(path).rpartition("/")[2],
                file=self._files.get(nfc(unquote(path))),
                alt=alt,
            )


def _without_own(srcset: re.Match[str]) -> str:
    """Nothing in place of a set of Ghost's own sizes."""
    return "" if "/content/images/" in srcset[1] else srcset[0]
