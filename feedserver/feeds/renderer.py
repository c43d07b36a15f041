"""Renders a document: collects its entries, writes them in its format, and finds the version of the bytes."""

import hashlib
from time import monotonic
from typing import Final

from feedserver.clock import Clock
from feedserver.content_coding import encode
from feedserver.feeds.collecting import Collector
from feedserver.feeds.conditional import Validators
from feedserver.feeds.document import Document, make_document
from feedserver.feeds.jsonfeed import json_feed
from feedserver.feeds.scopes import FeedAddress
from feedserver.feeds.syndication import atom, rss
from feedserver.feeds.versions import Versions
from feedserver.storage.engine import Database

WRITERS: Final = {"rss": rss, "atom": atom, "json": json_feed}
_PATIENCE: Final = 1.0  # seconds until a document is served without a version


class Renderer:
    """Renders the documents of one site. Safe to share between threads."""

    def __init__(self, database: Database, collector: Collector, clock: Clock) -> None:
        self._database = database
        self._collector = collector
        self._clock = clock
        self._versions = Versions(database, clock)

    def is_final(self, document: Document) -> bool:
        """Whether it has a version, or gets none if it is rendered again now."""
        return document.validators.last_modified is not None or not self._versions.can_be_made

    def render(self, address: FeedAddress, last: Document | None) -> Document:
        """The document at `address` now; `last` is the cached one. Raises what `Collector.collect` raises.

        The newest version is read before the content, and another one made only while that is still the newest. So each
        version is at least as new as the one before. If none can be made, as the database takes no writes or other
        processes are quicker for a second, the bytes are served without one: without a Last-Modified, which might not
        move forward, and under an ETag of their own, so that caches replace them as soon as there is a version.
        """
        end = monotonic() + _PATIENCE
        while True:
            can_be_made = self._versions.can_be_made and monotonic() < end
            newest = self._versions.newest(address.key)
            feed, state = self._database.read_public(
                lambda connection: self._collector.collect(connection, address, self._clock())
            )
            body = WRITERS[address.fmt](feed)
            digest = hashlib.sha256(body).hexdigest()[:32]
            version = self._versions.find(address.key, f'W/"{digest}"', newest, can_be_made=can_be_made)
            if version is not None or not can_be_made:
                bodies = last.bodies if last and last.bodies["identity"] == body else encode(body)
                validators = version.validators if version else Validators(f'W/"{digest}u"', None)
                return make_document(address, feed, validators, state, bodies)
