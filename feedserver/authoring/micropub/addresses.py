"""Addresses in properties: clients name pictures and files in full, documents by their names or from the root. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from feedserver.authoring.micropub.requests import InvalidRequest
from feedserver.media.model import Media
from feedserver.media.references import name_beside
from feedserver.posts.model import DraftText
from feedserver.urls import Urls, absolute_url, ascii_url, split_http

_MEDIA: Final = "/media/"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one document; of a new one, none yet.

    `written` are those of its pictures and files as it has them, by those that clients see.
    """

    urls: Urls
    written: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> Mapping[str, str]:
        """The other way round."""
        return {written: shown for shown, written in self.written.items()}

    def taken(self, address: str, name: str) -> str:
        """A client's address as the document is to have it, from the root where it is of this site.

        Raises InvalidRequest, which names the property, if it is not absolute.
        """
        if address in self.written:
            return self.written[address]
        url = ascii_url(address)
        if split_http(url) is None:
            raise InvalidRequest(f"{name} must be an absolute http or https address")
        path = self.urls.path_below(url)
        return path if path is not None and path.startswith(_MEDIA) else url


def addresses_of(document: DraftText, urls: Urls, permalink: str, files: Mapping[str, Media]) -> Addresses:
    """The addresses of a document at `permalink`; `files` are those that it names, by their references."""

    def shown(address: str) -> str:
        if (beside := files.get(name_beside(address) or "")) is not None:
            return urls.media(beside.hash, beside.name)
        return urls.at(address) if address.startswith(_MEDIA) else absolute_url(address, permalink) or address

    written = [*(photo.url for photo in document.photos), *(file.url for file in document.enclosures)]
    return Addresses(urls, {shown(address): address for address in written})


def address_in(value: Any) -> str | None:
    """The address in a value: a text, or an object that has one (`value`, or `url` among its properties); else None."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return None
    properties = value.get("properties")
    listed = properties.get("url") if isinstance(properties, dict) else None
    found = listed[0] if isinstance(listed, list) and listed else value.get("value")
    return found if isinstance(found, str) else None
