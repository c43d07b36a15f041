"""Has anything changed? The site's revision, asked for with every request for a feed, at next to no cost.

SQLite tells by `PRAGMA data_version`, on a connection that never writes, whether any other connection has written
since, in a few microseconds; PostgreSQL has nothing of the kind, there the revision is read. A write of this process is
seen at once, one of another process after five thousandths of a second, from PostgreSQL after a twentieth.
"""

import sqlite3
import time
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

from feedserver.storage import site
from feedserver.storage.engine import Database

_PATIENCE: Final = 0.5  # seconds that others wait for who is looking it up
# Seconds for which a revision is taken for the present one. Asking SQLite costs microseconds alone, but many threads
# that ask at once hand Python's lock to and fro for it.
_FRESH: Final = 0.005
_FRESH_FROM_A_SERVER: Final = 0.05


@dataclass(frozen=True, slots=True)
class State:
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
        self._fresh_until = float("-inf")
        self._writes = 0  # of this process, when the revision was looked up

    def revision(self) -> int:
        """The site's revision; the last one known while a database takes long to answer.

        Raises SQLAlchemy's DBAPIError or TimeoutError when it does not answer at all.
        """
        if time.monotonic() < self._fresh_until and self._database.writes == self._writes:
            return self._revision
        if not self._lock.acquire(timeout=0 if self._stuck else _PATIENCE):
            self._stuck = True  # who looks it up gets no answer: nobody else is to wait for that
            return self._revision
        try:
            # Noted before anything is looked at: what is written in between shows as a change the next time.
            looked_at, writes = time.monotonic(), self._database.writes
            state = self._data_version() if self._database.is_sqlite else None
            if state is None or state != self._state:
                with self._database.read() as connection:
                    self._revision = site.load(connection).revision
                self._state = state
            self._fresh_until = looked_at + (_FRESH if self._database.is_sqlite else _FRESH_FROM_A_SERVER)
            self._writes = writes
            return self._revision
        finally:
            self._stuck = False
            self._lock.release()

    def close(self) -> None:
        """Gives the watching connection back."""
        with self._lock:
            if self._watch is not None:
                self._watch.close()
            self._watch = self._state = None
            self._fresh_until = float("-inf")

    def _data_version(self) -> object:
        """What changes with each write of anybody else's; None where SQLite cannot tell."""
        try:
            if self._watch is None:
                self._watch = sqlite3.connect(str(self._database.file), check_same_thread=False, isolation_level=None)
            return self._watch.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return None
