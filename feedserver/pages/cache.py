"""Cache of rendered pages. A hit renders no template; it only checks the revision (`storage/changes`).

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

MAX_PAGES: Final = 64  # the least recently used goes first
MAX_BYTES: Final = 4 * 1_048_576  # bytes of all pages: a post may have a megabyte
_OVERHEAD: Final = 1_000  # bytes for each page in addition to its HTML
_RENDER_LOCKS: Final = 16  # pages that share one wait for each other


@dataclass(frozen=True, slots=True)
class PagePost:
    """The post of a cached page, as far as a response needs it."""

    id: int
    slug: str
    pings_open: bool


@dataclass(frozen=True, slots=True)
class CachedPage:
    """HTML, split where each response inserts its own token; `post` for the page of a post."""

    html: tuple[bytes, ...]
    post: PagePost | None = None

    @property
    def weight(self) -> int:
        """Approximate size in memory, in bytes."""
        return _OVERHEAD + sum(map(len, self.html))


@dataclass(frozen=True, slots=True)
class _Cached:
    page: CachedPage
    state: SiteState


class PageCache:
    """The cached pages of one process. Thread-safe."""

    def __init__(
        self,
        database: Database,
        changes: Changes,
        clock: Clock,
        *,
        max_pages: int = MAX_PAGES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Holds `max_pages` in `max_bytes`; a larger page is held alone."""
        self._database = database
        self._changes = changes
        self._clock = clock
        least = max_bytes // max_pages  # the least weight, so that one bound enforces both
        self._cached: LRUCache[Hashable, _Cached] = LRUCache(
            max_bytes, lambda cached: min(max(cached.page.weight, least), max_bytes)
        )
        self._lock = Lock()
        self._render_locks = [Lock() for _ in range(_RENDER_LOCKS)]

    def get(self, key: Hashable, render: Callable[[Connection, datetime], CachedPage]) -> CachedPage:
        """Returns the current page for `key`; renders it with `render` if there is none.

        If `render` raises, nothing is cached: clients can request any number of addresses.
        """
        if page := self._current(key):
            return page
        with self._render_locks[hash(key) % _RENDER_LOCKS]:  # one thread renders a stale page, the others wait
            return self._current(key) or self._render(key, render)

    def __len__(self) -> int:
        return len(self._cached)

    def _current(self, key: Hashable) -> CachedPage | None:
        with self._lock:
            cached = self._cached.get(key)
        if cached is None or not cached.state.is_current(self._changes.present_revision(), self._clock()):
            return None
        return cached.page

    def _render(self, key: Hashable, render: Callable[[Connection, datetime], CachedPage]) -> CachedPage:
        def operation(connection: Connection) -> _Cached:
            now = self._clock()
            known = revision.load(connection).revision  # read first: later changes make the page stale
            page = render(connection, now)
            return _Cached(page, SiteState(known, posts.next_publication(connection, now)))

        cached = self._database.read_public(operation)
        with self._lock:
            self._cached[key] = cached
        return cached.page
