"""Pages in memory: written once for each change of the site, so that a reader's request costs no template, and no query
but, on PostgreSQL, that for the revision.

A page stands while the site's revision does, and until the next scheduled post comes due, which may belong on it.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.feeds.kept import Kept
from feedserver.posts import store as posts
from feedserver.storage import revision
from feedserver.storage.changes import Changes, SiteState
from feedserver.storage.engine import Database

_KEPT: Final = 64  # pages; what is asked for least lately goes first
_ROOM: Final = 4 * 1_048_576  # bytes of all of them together: a post may be a megabyte
_EACH: Final = 1_000  # bytes that a page takes beside its HTML: what is known of its post, its key, its place
_TURNS: Final = 16  # pages that may be written at a time


@dataclass(frozen=True, slots=True)
class Subject:
    """The post that a page is about, as far as answering with the page asks for it."""

    id: int
    slug: str
    pings_open: bool


@dataclass(frozen=True, slots=True)
class CachedPage:
    """HTML, cut where each visitor gets something of their own; and the post, where it is a post's page."""

    html: tuple[bytes, ...]
    post: Subject | None = None

    @property
    def weight(self) -> int:
        """About how many bytes it takes in memory."""
        return _EACH + sum(map(len, self.html))


@dataclass(frozen=True, slots=True)
class _Kept:
    page: CachedPage
    state: SiteState


class PageCache:
    """The pages of one site, in this process. Safe to share between threads."""

    def __init__(self, database: Database, changes: Changes, clock: Clock) -> None:
        self._database = database
        self._changes = changes
        self._clock = clock
        self._kept: Kept[Hashable, _Kept] = Kept(_KEPT, _ROOM, lambda kept: kept.page.weight)
        self._turns = [Lock() for _ in range(_TURNS)]

    def get(self, key: Hashable, write: Callable[[Connection, datetime], CachedPage]) -> CachedPage:
        """The page that is kept under `key`, written anew by `write` when it is no longer current.

        What `write` raises is raised, and nothing is kept: strangers can think of any number of addresses.
        """
        if page := self._at_hand(key):
            return page
        with self._turns[hash(key) % _TURNS]:  # or all who wait for a page would write it after each change
            return self._at_hand(key) or self._written(key, write)

    def _at_hand(self, key: Hashable) -> CachedPage | None:
        kept = self._kept.get(key)
        if kept is None or not kept.state.is_current(self._changes.present_revision(), self._clock()):
            return None
        return kept.page

    def _written(self, key: Hashable, write: Callable[[Connection, datetime], CachedPage]) -> CachedPage:
        def deed(connection: Connection) -> _Kept:
            now = self._clock()
            known = revision.load(connection).revision  # first: what changes later is a change to the next request
            page = write(connection, now)
            return _Kept(page, SiteState(known, posts.next_publication(connection, now)))

        kept = self._database.read_public(deed)
        self._kept.keep(key, kept)
        return kept.page
