"""Addresses at the origin of an import, compared as its readers would: which of them are one. Pure."""

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from feedserver.host_names import authority
from feedserver.transfer.formats.address_parts import encoded_path_of, path_of
from feedserver.urls import absolute_url, nfc, normalize_path, split_http

# A base for origins that have no address: folders of documents.
_NOWHERE: Final = "http://origin.invalid/"
_INDEX: Final = re.compile(r"/index\.(?:html?|php)\Z", re.IGNORECASE)
_TRACKING: Final = re.compile(
    r"utm_\w+|fbclid|gclid|msclkid|mc_[ce]id|ref|source|replytocom|share|nb|m|amp|no_redirect", re.IGNORECASE
)
# Of addresses that are files to show, and no pages.
_FILE: Final = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|mp3|m4a|ogg|oga|opus|wav|flac|mp4|m4v|mov|webm|ogv|pdf|zip|epub)\Z", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class OldSite:
    """The site that an export is of. `url` is its address; None where it has none."""

    url: str | None

    @property
    def base(self) -> str:
        return self.url or _NOWHERE

    def absolute(self, address: str, page: str | None = None) -> str | None:
        """An address as it stands on a page of the origin, absolute; None if it is none of http or https."""
        at = _of_page(page, self.base) if page else self.base
        found = absolute_url(address, at or self.base) if address else None
        return found if found and split_http(found) else None

    def written(self, address: str | None) -> str | None:
        """An address of the origin as that of a redirect: absolute, or a path where the origin has no address."""
        if not address or not (url := self.absolute(address)):
            return None
        parts = urlsplit(url)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        return url if self.url else path

    def keys(self, address: str, page: str | None = None) -> list[str]:
        """The names of what an address means, the most exact first; empty for one that no import knows.

        Two addresses of one thing have one of them in common, whatever their scheme, `www.`, trailing slash, name of an
        index, percent-encoding and queries that only count readers.
        """
        url = self.absolute(address, page)
        if url is None:
            return []
        parts = urlsplit(url)
        path = nfc(unquote(normalize_path(parts.path)))
        path = _INDEX.sub("/", path).rstrip("/") or "/"
        host = "" if self.is_own(url) else f"//{_bare(url)}"
        query = [(name, value) for name, value in parse_qsl(parts.query) if not _TRACKING.fullmatch(name)]
        plain = host + path
        return [f"{plain}?{urlencode(sorted(query))}", *([plain] if path != "/" else [])] if query else [plain]

    def is_own(self, url: str) -> bool:
        """Whether an absolute address is at the origin's host."""
        return _bare(url) == _bare(self.base)


def folder_of_index(address: str) -> str | None:
    """The address of the folder whose index page an address is; None for any other."""
    path = encoded_path_of(address)
    folder = _INDEX.sub("/", path)
    return urlsplit(address)._replace(path=folder).geturl() if folder not in (path, "/") else None


def looks_like_file(address: str) -> bool:
    """Whether the path of an address ends as that of a picture, sound, film or document does."""
    return _FILE.search(encoded_path_of(address)) is not None


def tail_of(address: str) -> list[str]:
    """The decoded segments of an address's path, the last one first."""
    return [step for step in reversed(posixpath.normpath(path_of(address)).split("/")) if step not in ("", ".", "..")]


@lru_cache(maxsize=16)  # a page names many addresses
def _of_page(page: str, base: str) -> str | None:
    return absolute_url(page, base)


def _bare(url: str) -> str:
    """The host of a URL, with its port unless that is usual, without `www.`."""
    host, port = authority(urlsplit(url))
    return host.removeprefix("www.") + (f":{port}" if port else "")
