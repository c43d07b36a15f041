"""The files of a WordPress site's library, and the many addresses by which its texts name one of them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from feedserver.transfer.formats.address_parts import encoded_path_of, path_of
from feedserver.transfer.items import ImportedMedia
from feedserver.urls import nfc

_UPLOADS: Final = re.compile(r"/(?:wp-content/(?:blogs\.dir/\d+/)?)?(?:uploads|files)/(?P<path>.+)")
_ENDING: Final = r"(?P<ending>\.[A-Za-z0-9]{2,5})\Z"
_SIZE: Final = re.compile(rf"-\d{{1,5}}x\d{{1,5}}{_ENDING}")
_COPY: Final = re.compile(rf"-(?:scaled|rotated){_ENDING}")  # of WordPress 5.3 and later: the upload lies beside it
_EDITED: Final = re.compile(rf"-e\d{{10,14}}{_ENDING}")
_PROXY: Final = re.compile(r"(?:https?:)?//i\d\.wp\.com/(?=[^/]+\.[^/]+/)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of the library. `url` is the file as it was uploaded, `used` the one that the site shows."""

    id: str
    where: str
    url: str
    used: str
    page: str
    parent: str
    alt: str
    caption: str

    @property
    def name(self) -> str:
        return unquote(encoded_path_of(self.url).rpartition("/")[2])


class Uploads:
    """`base` is the address of the site. `files` are those in the export, as an uploads folder holds them.

    Names of files are compared in one Unicode form: on a Mac they may have another one than addresses.
    """

    def __init__(self, base: str, files: Iterable[str]) -> None:
        self._host = _host(base)
        self._by_id: dict[str, Attachment] = {}
        self._by_name: dict[str, str] = {}
        self._by_parent: dict[str, list[str]] = {}
        self._files: dict[str, str] = {}
        for file in files:
            if match := _UPLOADS.search(f"/{file}"):
                self._files.setdefault(nfc(match["path"]), file)

    def add(self, attachment: Attachment) -> None:
        self._by_id.setdefault(attachment.id, attachment)
        self._by_parent.setdefault(attachment.parent, []).append(attachment.id)
        for address in (attachment.url, attachment.used):
            self._by_name[_key(address)] = attachment.id
        self._by_name.setdefault(_key(_stem(attachment.used)), attachment.id)
        for address in (attachment.page, f"//{self._host}/?attachment_id={attachment.id}"):
            self._by_name.setdefault(_key(address, with_query=True), attachment.id)

    def get(self, attachment_id: str) -> Attachment | None:
        return self._by_id.get(attachment_id)

    def of_post(self, post_id: str) -> list[str]:
        """The ids of the files that were uploaded to a post."""
        return self._by_parent.get(post_id, [])

    def named(self, address: str) -> Attachment | None:
        """The file that an address of a text means: itself, a smaller or edited copy, its page, a proxy's copy."""
        address = _PROXY.sub("https://", address)
        names = (_key(address, with_query=True), _key(address), _key(_stem(address)))
        found = next((self._by_name[name] for name in names if name in self._by_name), None)
        return self._by_id[found] if found else None

    def original(self, address: str) -> str:
        """The address of the file as it was uploaded, in place of that of a copy; others stay."""
        if attachment := self.named(address):
            return attachment.url
        direct = _PROXY.sub("https://", address)
        parts = urlsplit(direct) if self._is_own_upload(direct) else None
        return _COPY.sub(r"\g<ending>", _SIZE.sub(r"\g<ending>", direct.partition("?")[0])) if parts else address

    def is_known(self, address: str) -> bool:
        """Whether an address is that of a file of this site."""
        return self.named(address) is not None or self._is_own_upload(_PROXY.sub("https://", address))

    def media(self) -> Iterator[ImportedMedia]:
        """All files of the library."""
        for one in self._by_id.values():
            urls = dict.fromkeys((one.url, one.used))
            yield ImportedMedia(
                key=one.id, where=one.where, urls=tuple(urls), name=one.name, file=self._file(urls), alt=one.alt
            )

    def attachments(self) -> Iterable[Attachment]:
        return self._by_id.values()

    def _file(self, urls: Iterable[str]) -> str | None:
        """The first of these that is in the export."""
        paths = (nfc(match["path"]) for url in urls if (match := _UPLOADS.search(path_of(url))))
        return next((self._files[path] for path in paths if path in self._files), None)

    def _is_own_upload(self, address: str) -> bool:
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        is_own = not parts.netloc or _host(address) == self._host
        return is_own and _UPLOADS.search(parts.path) is not None


def uploaded(used: str) -> str:
    """The address of the file that was uploaded, given that of the one that the site shows."""
    return _COPY.sub(r"\g<ending>", used)


def _stem(address: str) -> str:
    """The address without what a copy's name has more."""
    address = address.partition("?")[0].partition("#")[0]
    for pattern in (_SIZE, _COPY, _EDITED):
        address = pattern.sub(r"\g<ending>", address)
    return address


def _key(address: str, *, with_query: bool = False) -> str:
    """A name of an address, the same whatever its scheme, `www.`, escapes and last slash."""
    try:
        parts = urlsplit(unescape(address).strip())
    except ValueError:
        return address
    query = f"?{parts.query}" if with_query and parts.query else ""
    return f"{_host(address)}{quote(unquote(parts.path)).rstrip('/')}{query}"


def _host(address: str) -> str:
    try:
        return (urlsplit(address).netloc or "").lower().removeprefix("www.")
    except ValueError:
        return ""
