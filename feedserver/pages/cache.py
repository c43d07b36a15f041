"""Cache of rendered pages. A hit renders no template; it only checks the revision (`storage/changes`).

A page is current until the site's revision changes or the next scheduled post is published. It is compressed when it is
first asked for in a content coding, and kept beside its HTML.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Final

from cachetools import LRUCache
from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.content_coding import Encoded, encode_around
from feedserver.posts import store as posts
from feedserver.storage import revision
from feedserver.storage.changes import Changes, SiteState
from feedserver.storage.engine import Database

MAX_PAGES: Final = 64  # the least recently used goes first
MAX_BYTES: Final = 4 * 1_048_576  # bytes of all pages, in all codings: a post may have a megabyte
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
    """HTML, split where each response inserts its own token; `post` for the page of a post. `encoded`: in the codings
    that were asked for."""

    html: tuple[bytes, ...]
    post: PagePost | None = None
    encoded: Mapping[str, Encoded] = field(default_factory=dict)

    @property
    def takes_insertion(self) -> bool:
        return len(self.html) > 1

    @property
    def weight(self) -> int:
        """Approximate size in memory, in bytes."""
        return _OVERHEAD + sum(map(len, self.html)) + sum(body.size for body in self.encoded.values())


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
        self._encoding: set[Hashable] = set()  # pages that a thread is compressing
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

    def encoded(self, key: Hashable, page: CachedPage, coding: str) -> Encoded | None:
        """`page`, as `get` returned it for `key`, in a content coding other than `identity`.

        None while another thread compresses it: nobody waits for that.
        """
        if found := page.encoded.get(coding):
            return found
        with self._lock:
            if key in self._encoding:
                return None
            self._encoding.add(key)
        try:
            found = encode_around(page.html[0], b"".join(page.html[1:]), coding)
        finally:
            with self._lock:
                self._encoding.discard(key)
        with self._lock:
            cached = self._cached.get(key)
            if cached is not None and cached.page.html is page.html:
                both = replace(page, encoded={**cached.page.encoded, coding: found})
                self._cached[key] = replace(cached, page=both)  # weighed anew
        return found

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
            return _Cached(page, SiteState(known, posts.next_publication(connection, now), now))

        cached = self._database.read_public(operation)
        with self._lock:
            self._cached[key] = cached
        return cached.page
