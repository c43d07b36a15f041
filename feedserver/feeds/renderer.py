"""Renders a document: collects its entries, writes them in its format, and finds the version of the bytes."""

import hashlib
from typing import Final

from feedserver.clock import Clock
from feedserver.feeds.collecting import Collector
from feedserver.feeds.document import Document, encode, make_document
from feedserver.feeds.jsonfeed import json_feed
from feedserver.feeds.scopes import FeedAddress
from feedserver.feeds.syndication import atom, rss
from feedserver.feeds.versions import Versions
from feedserver.storage.engine import Database

WRITERS: Final = {"rss": rss, "atom": atom, "json": json_feed}
LOCK_TIMEOUT: Final = 0.5  # seconds, where there is a last good document to serve
_TRIES: Final = 3  # renderings, as a change of the site may overtake one


class Renderer:
    """Renders the documents of one site. Safe to share between threads."""

    def __init__(self, database: Database, collector: Collector, clock: Clock) -> None:
        self._database = database
        self._collector = collector
        self._clock = clock
        self._versions = Versions(database, clock)

    def render(self, address: FeedAddress, last: Document | None) -> Document:
        """The document at `address` now; `last` is the cached one. Raises what `Collector.collect` raises.

        If the site changes during each try, the last rendering is returned.
        """
        for tries_left in reversed(range(_TRIES)):
            feed, state = self._database.read_public(
                lambda connection: self._collector.collect(connection, address, self._clock())
            )
            body = WRITERS[address.fmt](feed)
            etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
            expected = state if tries_left else None
            version = self._versions.of(address.key, etag, expected, LOCK_TIMEOUT if last else None)
            if version is not None:
                bodies = last.bodies if last and last.version.etag == etag else encode(body)
                return make_document(address, feed.self_url, feed.ttl, version, state, bodies)
        raise AssertionError("the last try ignores changes")
