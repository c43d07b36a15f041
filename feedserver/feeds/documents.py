"""The documents of all feeds, rendered once per change of the site.

A document is current until the site's revision changes or a scheduled post is due. While the database cannot be read,
each process serves the last good one that it has.
"""

import logging
from threading import Lock
from time import monotonic, sleep
from typing import Final

from feedserver.clock import Clock
from feedserver.errors import FeedNotFound, PostNotFound
from feedserver.feeds.collecting import Collector
from feedserver.feeds.document import Document
from feedserver.feeds.document_cache import DocumentCache
from feedserver.feeds.model import Feed
from feedserver.feeds.outage import Outage
from feedserver.feeds.renderer import Renderer
from feedserver.feeds.scopes import FeedAddress
from feedserver.storage import revision
from feedserver.storage.changes import Changes
from feedserver.storage.engine import Database
from feedserver.storage.explaining import DATABASE_ERRORS, is_outage

_log = logging.getLogger(__name__)
_LOCKS: Final = 64  # documents that share one wait for each other
_WAIT: Final = 2.0  # seconds for another thread's rendering, which takes so long only if the database is silent


class FeedDocuments:
    """The documents of one site, in this process. Safe to share between threads."""

    def __init__(self, database: Database, changes: Changes, collector: Collector, clock: Clock) -> None:
        self._database = database
        self._changes = changes
        self._collector = collector
        self._clock = clock
        self._cache = DocumentCache()
        self._renderer = Renderer(database, collector, clock)
        self._turns = [_Turn() for _ in range(_LOCKS)]
        self._outage = Outage()

    def cached(self, address: FeedAddress) -> Document | None:
        """The document at `address` if it is cached and current. Runs at most a query for the site's revision."""
        document = self._cache.get(address)
        if document is None or self._outage.is_recent:
            return None
        try:
            is_current = document.state.is_current(self._changes.recent_revision(), self._clock())
            return document if is_current and self._renderer.is_final(document) else None
        except DATABASE_ERRORS:
            self._outage.begin()  # each look-up may wait for a server that is silent
            return None

    def get(self, address: FeedAddress) -> Document:
        """The current document at `address`; the last good one while the database is away.

        Raises what `Collector.collect` raises; without a last good document, SQLAlchemy's DBAPIError or TimeoutError.
        """
        last_good, asked_at = self._cache.get(address), monotonic()
        turn = self._turns[hash(address) % _LOCKS]
        if last_good is None:
            with turn.lock:
                return self._current(address, turn, asked_at)
        if self._outage.is_recent or not turn.lock.acquire(timeout=_WAIT):
            return last_good
        try:
            current = self._current(address, turn, asked_at)
        except DATABASE_ERRORS as error:
            if not is_outage(error):
                _log.exception("the database refused a statement")
            self._outage.begin()
            return last_good
        finally:
            turn.lock.release()
        self._outage.end()
        return current

    def describe(self, address: FeedAddress) -> Feed:
        """The content of the document at `address`, for a page. Raises what `Collector.collect` raises."""
        feed, _ = self._database.read_public(
            lambda connection: self._collector.collect(connection, address, self._clock())
        )
        return feed

    def _current(self, address: FeedAddress, turn: "_Turn", asked_at: float) -> Document:
        """Renders the document unless it is current, or another thread began to render it after it was asked for.

        A new one is returned only when each process knows of the change: until then another one may serve the document
        before it. The caller has its turn.
        """
        cached, begun_at = self._cache.get(address), monotonic()
        if cached is not None and (turn.has_rendered(address, asked_at) or self._is_current(cached)):
            return cached
        try:
            document = self._renderer.render(address, cached)
        except (FeedNotFound, PostNotFound):
            self._cache.discard(address)
            raise
        if cached is None or cached.validators != document.validators:
            sleep(max(0.0, begun_at + self._changes.max_age - monotonic()))
        self._cache.put(address, document)
        turn.rendered, turn.begun_at = address, begun_at
        return document

    def _is_current(self, document: Document) -> bool:
        with self._database.read() as connection:
            present = revision.load(connection).revision
        return document.state.is_current(present, self._clock()) and self._renderer.is_final(document)


class _Turn:
    """Lets one thread at a time render the documents that share it; knows which one was rendered last."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.rendered: FeedAddress | None = None
        self.begun_at = 0.0  # by the monotonic clock: the document has every change from before

    def has_rendered(self, address: FeedAddress, since: float) -> bool:
        """Whether the document at `address` was the last one, and was begun after `since`."""
        return self.rendered == address and self.begun_at >= since
