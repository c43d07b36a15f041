"""The pictures and files of the site in a document: what its addresses mean, and the enclosures among them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from feedserver.errors import InvalidDocument
from feedserver.media import store as media
from feedserver.media.model import Media
from feedserver.media.references import Meanings, Own
from feedserver.posts.model import DraftText, Enclosure
from feedserver.storage.engine import Database
from feedserver.text import shorten
from feedserver.urls import Urls


def meanings(database: Database, urls: Urls, beside: Mapping[str, Media]) -> Meanings:
    """What addresses mean in a document with these files beside it."""

    def by_hash(hash_: str) -> Media | None:
        with database.read() as connection:
            return media.by_hashes(connection, [hash_]).get(hash_)

    return Meanings(beside, Own(urls.base), by_hash)


def unknown(database: Database, urls: Urls, addresses: Iterable[str]) -> list[str]:
    """Those of the addresses that are below `/media/`, and mean nothing."""
    found = meanings(database, urls, {})
    return [one for one in addresses if found.own.hash_in(one) and found.find(one, "shown") is None]


def root(*, page: bool) -> str:
    """What leads from a post's address, or a page's, to that of the site."""
    return "" if page else "../"


def with_true_enclosures(document: DraftText, found: Meanings) -> DraftText:
    """The document with enclosures of ours as they are stored: address, type and length.

    Raises InvalidDocument for one whose type or length nobody has told.
    """
    files = tuple(_as_stored(file, found, root(page=document.page)) for file in document.enclosures)
    for file in files:
        if not file.type:
            raise InvalidDocument("enclosures", f"“{shorten(file.url, 80)}” needs its type and length in bytes")
    return document if files == document.enclosures else replace(document, enclosures=files)


def _as_stored(file: Enclosure, found: Meanings, root: str) -> Enclosure:
    stored = found.find(file.url, "shown")
    return Enclosure(f"{root}{stored.quoted_path}", stored.type, stored.size) if stored else file
