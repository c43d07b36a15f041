"""Limits the searches of one address (`limits.search`), counted in the database for all processes.

A refusal is remembered until it ends, so that it costs no transaction. While the database takes no writes, searches are
answered uncounted, and the log says so.
"""

from datetime import datetime, timedelta
from math import ceil
from threading import Lock
from time import monotonic
from typing import Final

from cachetools import LRUCache
from sqlalchemy import Connection

from feedserver import domains
from feedserver.clock import Clock
from feedserver.condition import Condition
from feedserver.storage import rate_limits
from feedserver.storage.engine import Database
from feedserver.storage.explaining import DATABASE_ERRORS, explain, kind_of
from feedserver.storage.rate_limits import Limit

_REMEMBERED: Final = 10_000  # networks that are refused
_LOCK_TIMEOUT: Final = 0.5  # seconds: counting must not delay the answer
_PAUSE: Final = 30.0  # seconds before a database that failed is tried again


class SearchLimit:
    """Counts searches. Safe to share between threads."""

    def __init__(self, database: Database, most: int, clock: Clock) -> None:
        """Allows `most` searches a minute from one network (IPv4 address, IPv6 /64), loopback too; 0 for no limit."""
        self._database = database
        self._most = most
        self._clock = clock
        self._refused_until: LRUCache[str, datetime] = LRUCache(_REMEMBERED)
        self._lock = Lock()
        self._paused_until = float("-inf")  # by the monotonic clock
        self._condition = Condition("the count of searches")

    def refuses(self, client_address: str) -> int:
        """Counts one more search and returns 0; or, not counting it, the seconds to wait."""
        if not self._most:
            return 0
        network, now = domains.network(client_address), self._clock()
        with self._lock:
            until = self._refused_until.get(network, now)
        if now < until <= now + rate_limits.WINDOW:
            return ceil((until - now).total_seconds())
        if wait := self._count(network, now):
            with self._lock:
                self._refused_until[network] = now + timedelta(seconds=wait)
        return wait

    def _count(self, network: str, now: datetime) -> int:
        if monotonic() < self._paused_until:
            return 0

        def take(connection: Connection) -> int:
            refusal = rate_limits.take(connection, [Limit(f"search:{network}", self._most)], now)
            return refusal.seconds if refusal else 0

        try:
            wait = self._database.transact(take, lock_timeout=_LOCK_TIMEOUT)
        except DATABASE_ERRORS as error:
            self._paused_until = monotonic() + _PAUSE
            self._condition.fails(kind_of(error), f"searches are not counted: {explain(error)}")
            return 0
        self._condition.works()
        return wait
