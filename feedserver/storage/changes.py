"""Has anything changed? The site's revision, asked for with every request for a feed or a page, at little cost.

SQLite tells by `PRAGMA data_version`, on a connection that never writes, whether any other connection has written
since, in a few microseconds; PostgreSQL has nothing of the kind, there the revision is read. A write of this process is
seen at once, one of another process after five thousandths of a second: no command has ended by then. Where many
machines write, on PostgreSQL, that is no measure: feeds, which programs poll, take a revision that is a twentieth of a
second old, and pages none but the present one, as who has just published looks at the page next.
"""

import sqlite3
import time
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

from feedserver.storage import revision as site
from feedserver.storage.engine import Database

_PATIENCE: Final = 0.5  # seconds that others wait for who is looking it up
# Seconds for which a revision is taken for the present one. Asking SQLite costs microseconds alone, but many threads
# that ask at once hand Python's lock to and fro for it.
_FRESH: Final = 0.005
_FRESH_FROM_A_SERVER: Final = 0.05
_REVISION: Final = "SELECT revision FROM site"


@dataclass(frozen=True, slots=True)
class SiteState:
    """The state of the site that a document was made of: its revision, and when a scheduled post will be due."""

    revision: int
    next_due: datetime | None

    def stands(self, revision: int, now: datetime) -> bool:
        return self.revision == revision and (self.next_due is None or now < self.next_due)


class Changes:
    """Knows the revision of one database. Safe to share between threads, not between forked processes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watch: sqlite3.Connection | None = None
        self._lock = Lock()
        self._state: object = None  # what the database looked like when the revision was read
        self._revision = 0
        self._stuck = False
        self._looked_at = float("-inf")  # when that began
        self._writes = 0  # of this process, when the revision was looked up

    def revision(self) -> int:
        """The site's revision, as it was a moment ago; the last one known while a database takes long to answer.

        Raises SQLAlchemy's DBAPIError or TimeoutError when it does not answer at all.
        """
        return self._known_since(time.monotonic() - self._fresh())

    def newest(self) -> int:
        """Like `revision`, and on PostgreSQL with everything that was committed before the call.

        Those who ask at the same time share one look at the database, which begins after they have asked.
        """
        return self._known_since(time.monotonic() - (_FRESH if self._database.is_sqlite else 0))

    def _known_since(self, moment: float) -> int:
        """The revision that was looked up after `moment`."""
        if self._is_known_since(moment):
            return self._revision
        if not self._lock.acquire(timeout=0 if self._stuck else _PATIENCE):
            self._stuck = True  # who looks it up gets no answer: nobody else is to wait for that
            return self._revision
        try:
            if not self._is_known_since(moment):  # nor has another looked it up while this one waited
                self._look_up()
            return self._revision
        finally:
            self._stuck = False
            self._lock.release()

    def _is_known_since(self, moment: float) -> bool:
        return moment < self._looked_at and self._database.writes == self._writes

    def _fresh(self) -> float:
        return _FRESH if self._database.is_sqlite else _FRESH_FROM_A_SERVER

    def _look_up(self) -> None:
        # Noted before anything is looked at: what is written in between shows as a change the next time.
        looked_at, writes = time.monotonic(), self._database.writes
        if not (self._database.is_sqlite and self._watch_sqlite()):
            with self._database.read() as connection:
                self._revision = site.load(connection).revision
            self._state = None
        self._looked_at, self._writes = looked_at, writes

    def close(self) -> None:
        """Gives the watching connection back."""
        with self._lock:
            if self._watch is not None:
                self._watch.close()
            self._watch = self._state = None
            self._looked_at = float("-inf")

    def _watch_sqlite(self) -> bool:
        """Brings the revision up to date, in microseconds; False where SQLite cannot tell without waiting."""
        try:
            if self._watch is None:
                self._watch = sqlite3.connect(
                    str(self._database.file), timeout=0, check_same_thread=False, isolation_level=None
                )
            state = self._watch.execute("PRAGMA data_version").fetchall()
            if state != self._state:
                ((self._revision,),) = self._watch.execute(_REVISION).fetchall()
                self._state = state
        except (sqlite3.Error, ValueError):  # no row yet
            return False
        return True
