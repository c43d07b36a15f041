"""Cheap check of the site revision, made for every feed and page request.

SQLite: `PRAGMA data_version`, on a connection that never writes, tells in microseconds whether another connection has
written. PostgreSQL: the revision is read. A write of this process is seen at once. Of a write of another process feeds
may know 20 ms late; pages, which an author reloads right after publishing, 5 ms late at most on SQLite, and at once on
PostgreSQL. Under load each look-up waits for the interpreter several times: with feeds at 5 ms too, they took a sixth.
"""

import sqlite3
import time
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final

from feedserver.clock import is_of_future
from feedserver.storage import revision
from feedserver.storage.engine import Database

# In seconds.
_MAX_WAIT: Final = 0.5  # for the look-up of another thread
_MAX_AGE_FOR_FEEDS: Final = 0.02  # of a revision that feeds use again
_MAX_AGE_FOR_PAGES: Final = 0.005  # the same on SQLite; on PostgreSQL they query it each time
_REVISION: Final = "SELECT revision FROM site"


@dataclass(frozen=True, slots=True)
class SiteState:
    """The state of the site that a document was made from: its revision, and when the next scheduled post is due.

    `as_of` is the time by which its posts were chosen; a clock that was ahead chose posts that are still to come.
    """

    revision: int
    next_due: datetime | None
    as_of: datetime | None = field(default=None, compare=False)

    def is_current(self, revision: int, now: datetime) -> bool:
        """Whether the site is still in this state at `revision` and `now`."""
        if self.revision != revision or (self.as_of is not None and is_of_future(self.as_of, now)):
            return False
        return self.next_due is None or now < self.next_due


class Changes:
    """The revision of one database. Safe to share between threads, not between forked processes.

    Both methods return the last known revision if the look-up of another thread takes over 0.5 s, and raise
    SQLAlchemy's DBAPIError or TimeoutError if their own fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.max_age = _MAX_AGE_FOR_FEEDS  # of `recent_revision`
        self._max_age_present = _MAX_AGE_FOR_PAGES if database.is_sqlite else 0.0
        self._seen: object = None  # the watching connection and its data version when the revision was read
        self._lock = Lock()
        self._revision = 0
        self._looked_up_at = float("-inf")  # when that began
        self._writes = 0  # of this process at that time

    def recent_revision(self) -> int:
        """The site's revision, at most `max_age` seconds old.

        It is looked up by one thread when half that time has passed; the others go on meanwhile.
        """
        now = time.monotonic()
        if self._lock.locked() and self._is_known_after(now - self.max_age):
            return self._revision
        return self._looked_up_after(now - self.max_age / 2)

    def present_revision(self) -> int:
        """The site's revision with everything committed before the call; on SQLite at most 5 ms old.

        Threads that call at the same time share one look-up, which begins after their calls.
        """
        return self._looked_up_after(time.monotonic() - self._max_age_present)

    def _looked_up_after(self, moment: float) -> int:
        if self._is_known_after(moment) or not self._lock.acquire(timeout=_MAX_WAIT):
            return self._revision
        try:
            if not self._is_known_after(moment):  # another thread may have looked it up meanwhile
                self._look_up()
            return self._revision
        finally:
            self._lock.release()

    def _is_known_after(self, moment: float) -> bool:
        return moment < self._looked_up_at and self._database.writes == self._writes

    def _look_up(self) -> None:
        # Read first: a write during the look-up is a change for the next one.
        looked_up_at, writes = time.monotonic(), self._database.writes
        watch = self._database.watch()
        if watch is None or not self._look_up_in_file(watch):
            with self._database.read() as connection:
                self._revision = revision.load(connection).revision
            self._seen = None
        self._looked_up_at, self._writes = looked_up_at, writes

    def _look_up_in_file(self, watch: sqlite3.Connection) -> bool:
        """Updates the revision without waiting; returns False if SQLite would have to wait."""
        try:
            seen = watch, watch.execute("PRAGMA data_version").fetchall()
            if seen != self._seen:
                ((self._revision,),) = watch.execute(_REVISION).fetchall()
                self._seen = seen
        except (sqlite3.Error, ValueError):  # no row yet
            return False
        return True
