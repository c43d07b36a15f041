"""Limits full downloads of one feed by one client (`limits.copies`; `docs/interface.md`, “Feeds over HTTP”).

The database counts for all processes. One download a minute, as well-behaved readers make, is recorded in memory only,
like a refusal until it ends: both cost a dictionary look-up. While the database is locked or away, feeds are served
uncounted, and the log says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from threading import Lock
from time import monotonic
from typing import Final

from cachetools import LRUCache
from sqlalchemy import Connection

from feedserver import domains
from feedserver.clock import Clock, is_within
from feedserver.condition import Condition
from feedserver.storage import rate_limits
from feedserver.storage.engine import Database
from feedserver.storage.explaining import DATABASE_ERRORS, explain, kind_of
from feedserver.storage.rate_limits import Count, Limit

MOST_DOWNLOADERS: Final = 10_000  # in memory, in an LRU cache
_LOCK_TIMEOUT: Final = 0.5  # seconds: counting must not delay the response
_PAUSE: Final = 30.0  # seconds before a database that failed is tried again

_Downloader = tuple[str, str]  # a client's network and a document's key


@dataclass(frozen=True, slots=True)
class RecentDownloads:
    """One client's downloads of one document through this process.

    `last_at` is the time of the last one; `is_counted` tells whether the database knows of it.
    """

    last_at: datetime | None = None
    is_counted: bool = False
    refused_until: datetime | None = None

    def seconds_refused(self, now: datetime) -> int:
        """The seconds until the refusal ends; 0 if there is none."""
        if self.refused_until is None or not now < self.refused_until <= now + rate_limits.WINDOW:
            return 0
        return ceil((self.refused_until - now).total_seconds())

    def is_first(self, now: datetime) -> bool:
        """Whether there was no other download within a minute: then this one need not be counted yet."""
        return self.last_at is None or not is_within(self.last_at, rate_limits.WINDOW, now)


_NONE: Final = RecentDownloads()


class DownloadLimit:
    """Counts full downloads. Safe to share between threads."""

    def __init__(self, database: Database, most: int, clock: Clock, most_downloaders: int = MOST_DOWNLOADERS) -> None:
        """Allows `most` downloads of one document a minute for one network (IPv4 address, IPv6 /64); 0 for no limit.

        Loopback has none.
        """
        self._database = database
        self._most = most
        self._clock = clock
        self._recent: LRUCache[_Downloader, RecentDownloads] = LRUCache(most_downloaders)
        self._lock = Lock()  # for `_recent`
        self._counting = Lock()  # held while the database counts, so that it gets uncounted downloads before later ones
        self._paused_until = float("-inf")  # by the monotonic clock
        self._condition = Condition("the count of downloads")

    def refuses(self, client_address: str, key: str) -> int:
        """Counts one more download of the document `key` and returns 0; or, not counting it, the seconds to wait."""
        if not self._most or domains.is_loopback(client_address):  # the site's own tools, or a proxy not trusted
            return 0
        now = self._clock()
        downloader = (domains.network(client_address), key)
        with self._lock:
            recent = self._recent.get(downloader, _NONE)
            if wait := recent.seconds_refused(now):
                return wait
            if recent.is_first(now):
                self._recent[downloader] = RecentDownloads(now)
                return 0
        with self._counting:
            return self._count(downloader, self._clock())

    def _count(self, downloader: _Downloader, now: datetime) -> int:
        if monotonic() < self._paused_until:
            return 0
        with self._lock:
            recent = self._recent.get(downloader, _NONE)
            if wait := recent.seconds_refused(now):  # another thread was refused meanwhile
                return wait
            self._recent[downloader] = RecentDownloads(now, is_counted=True)
        owed = () if recent.is_counted or recent.last_at is None else (recent.last_at,)
        wait = self._count_in_database(downloader, owed, now)
        if wait:
            with self._lock:
                self._recent[downloader] = RecentDownloads(now, True, now + timedelta(seconds=wait))
        return wait

    def _count_in_database(self, downloader: _Downloader, owed: Sequence[datetime], now: datetime) -> int:
        """Counts this download after those `owed`, which were let through uncounted; returns the seconds to wait."""
        bucket = f"copies:{downloader[0]} {downloader[1]}"

        def count(connection: Connection) -> int:
            if owed:
                rate_limits.add(connection, [Count(bucket, 1, at) for at in owed], now)
            refusal = rate_limits.take(connection, [Limit(bucket, self._most)], now)
            return refusal.seconds if refusal else 0

        try:
            wait = self._database.transact(count, lock_timeout=_LOCK_TIMEOUT)
        except DATABASE_ERRORS as error:
            self._paused_until = monotonic() + _PAUSE
            self._condition.fails(kind_of(error), f"downloads of feeds are not counted: {explain(error)}")
            return 0
        self._condition.works()
        return wait
