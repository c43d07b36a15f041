"""Who takes full copies of one feed again and again is asked to wait (`limits.copies`, INTERFACE section 7).

All processes count together, in the database; but the one copy a minute of an honest reader is noted in memory only,
and so is a refusal until it ends, so that neither costs more than a look into a dictionary. When the database is
locked or away, copies are served, and the log says so.
"""

import logging
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from threading import Lock
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.clock import Clock
from feedserver.storage import rate_limits
from feedserver.storage.engine import Database

_KEPT: Final = 10_000  # readers of one feed each; the one seen least lately goes first
_PATIENCE: Final = 0.5  # seconds for a lock of the database: nobody is to wait for being counted
_PAUSE: Final = timedelta(seconds=30)  # before a database that failed is asked again

_Reader = tuple[str, str]  # the network and the feed
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What this process remembers of one reader of one feed.

    `owed` are its copies of the present and the last minute that are not in the database, one for each of them at
    most; `counted_at` is when a copy was last counted there.
    """

    owed: tuple[datetime, ...] = ()
    counted_at: datetime | None = None
    refused_until: datetime | None = None

    def seconds_refused(self, now: datetime) -> int:
        return (
            ceil((self.refused_until - now).total_seconds()) if self.refused_until and now < self.refused_until else 0
        )

    def with_a_free_one(self, now: datetime) -> "Taken | None":
        """What to remember after one more copy that is not counted; None when it has to be counted.

        Free is the first one within a minute, after a minute in which there was no more than one.
        """
        minute = _minute(now)
        if self.counted_at and _minute(self.counted_at) >= minute - 1:
            return None
        if any(_minute(at) == minute for at in self.owed):
            return None
        return Taken((*(at for at in self.owed if _minute(at) == minute - 1), now))


_NOTHING: Final = Taken()


class DownloadLimit:
    """Counts the full copies of feeds. Safe to share between threads."""

    def __init__(self, database: Database, most: int, clock: Clock) -> None:
        """`most` copies of one feed a minute for one address (IPv6: one /64); 0 for any number."""
        self._database = database
        self._most = most
        self._clock = clock
        self._readers: OrderedDict[_Reader, Taken] = OrderedDict()
        self._lock = Lock()  # held for a look at what is remembered
        self._counting = Lock()  # held while the database counts, so that what is owed is there before what follows
        self._paused_until: datetime | None = None

    def refuses(self, client_address: str, feed_key: str) -> int:
        """Counts one more copy of a feed and returns 0; or, not counting it, the seconds to wait for the next one."""
        if not self._most:
            return 0
        now = self._clock()
        reader = (rate_limits.network(client_address), feed_key)
        with self._lock:
            known = self._readers.get(reader, _NOTHING)
            if wait := known.seconds_refused(now):
                return wait
            if then := known.with_a_free_one(now):
                self._remember(reader, then)
                return 0
        with self._counting:
            return self._counted(reader, self._clock())

    def _counted(self, reader: _Reader, now: datetime) -> int:
        if self._paused_until and now < self._paused_until:
            return 0
        with self._lock:
            known = self._readers.get(reader, _NOTHING)
            self._remember(reader, Taken(counted_at=now, refused_until=known.refused_until))
        if wait := known.seconds_refused(now):  # since this thread has looked
            return wait
        wait = self._count(reader, known.owed, now)
        if wait:
            with self._lock:
                self._remember(reader, Taken((), now, now.replace(microsecond=0) + timedelta(seconds=wait)))
        return wait

    def _count(self, reader: _Reader, owed: tuple[datetime, ...], now: datetime) -> int:
        bucket = f"copies:{reader[0]} {reader[1]}"
        try:
            return self._database.transact(
                lambda connection: rate_limits.take(connection, bucket, self._most, now, owed), lock_timeout=_PATIENCE
            )
        except (DBAPIError, NoConnection) as error:
            self._paused_until = now + _PAUSE
            _log.warning(
                "copies of feeds are served uncounted for %s s; the database did not answer as it should: %s",
                int(_PAUSE.total_seconds()),
                type(error).__name__,
            )
            return 0

    def _remember(self, reader: _Reader, taken: Taken) -> None:
        self._readers[reader] = taken
        self._readers.move_to_end(reader)
        if len(self._readers) > _KEPT:
            self._readers.popitem(last=False)


def _minute(moment: datetime) -> int:
    """The window of `storage.limits` that a moment lies in."""
    return int(moment.timestamp()) // rate_limits.WINDOW
