"""Cache of rendered pages. A hit renders no template and makes no query but, on PostgreSQL, that for the revision.

A page is current until the site's revision changes or the next scheduled post is published.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

from cachetools import LRUCache
from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.posts import store as posts
from feedserver.storage import revision
from feedserver.storage.changes import Changes, SiteState
from feedserver.storage.engine import Database

_KEPT: Final = 64  # pages; the least recently used goes first
_ROOM: Final = 4 * 1_048_576  # bytes of all pages: a post may have a megabyte
_EACH: Final = 1_000  # bytes for each page beside its HTML: key, post, bookkeeping
_TURNS: Final = 16  # locks for rendering


@dataclass(frozen=True, slots=True)
class Subject:
    """The post of a cached page, as far as a response needs it."""

    id: int
    slug: str
    pings_open: bool


@dataclass(frozen=True, slots=True)
class CachedPage:
    """HTML, split where each response gets a token of its own; `post` for the page of a post."""

    html: tuple[bytes, ...]
    post: Subject | None = None

    @property
    def weight(self) -> int:
        """Approximate size in memory, in bytes."""
        return _EACH + sum(map(len, self.html))


@dataclass(frozen=True, slots=True)
class _Kept:
    page: CachedPage
    state: SiteState


class PageCache:
    """The cached pages of one process. Thread-safe."""

    def __init__(self, database: Database, changes: Changes, clock: Clock) -> None:
        self._database = database
        self._changes = changes
        self._clock = clock
        # A small page weighs a `_KEPT`-th of the room, so one bound keeps both; one larger than the room is alone.
        self._kept: LRUCache[Hashable, _Kept] = LRUCache(
            _ROOM, lambda kept: min(max(kept.page.weight, _ROOM // _KEPT), _ROOM)
        )
        self._lock = Lock()
        self._turns = [Lock() for _ in range(_TURNS)]

    def get(self, key: Hashable, write: Callable[[Connection, datetime], CachedPage]) -> CachedPage:
        """Returns the current page for `key`; renders it with `write` if there is none.

        An exception of `write` is raised and nothing is cached: strangers can invent any number of addresses.
        """
        if page := self._current(key):
            return page
        with self._turns[hash(key) % _TURNS]:  # one thread renders a stale page, the others wait
            return self._current(key) or self._render(key, write)

    def _current(self, key: Hashable) -> CachedPage | None:
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or not kept.state.is_current(self._changes.present_revision(), self._clock()):
            return None
        return kept.page

    def _render(self, key: Hashable, write: Callable[[Connection, datetime], CachedPage]) -> CachedPage:
        def operation(connection: Connection) -> _Kept:
            now = self._clock()
            known = revision.load(connection).revision  # read first: later changes make the page stale
            page = write(connection, now)
            return _Kept(page, SiteState(known, posts.next_publication(connection, now)))

        kept = self._database.read_public(operation)
        with self._lock:
            self._kept[key] = kept
        return kept.page
