"""Has anything changed? The site's revision, asked for with every request for a feed, at next to no cost.

SQLite tells by `PRAGMA data_version`, on a connection that never writes, whether any other connection has written
since: exact across processes, in a few microseconds. PostgreSQL has nothing of the kind: there the revision is read
again after a twentieth of a second, and at once after a write of this process.
"""

import sqlite3
import time
from threading import Lock
from typing import Final

from feedserver.storage import site
from feedserver.storage.engine import Database

_PATIENCE: Final = 0.5  # seconds that others wait for who is looking it up
_FRESH: Final = 0.05  # seconds for which a revision read from PostgreSQL is taken for the present one


class Changes:
    """Knows the revision of one database. Safe to share between threads, not between forked processes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watch: sqlite3.Connection | None = None
        self._lock = Lock()
        self._state: object = None  # what the database looked like when the revision was read
        self._revision = 0
        self._stuck = False

    def revision(self) -> int:
        """The site's revision; the last one known while a database takes long to answer.

        Raises SQLAlchemy's DBAPIError or TimeoutError when it does not answer at all.
        """
        if not self._lock.acquire(timeout=0 if self._stuck else _PATIENCE):
            self._stuck = True  # who looks it up gets no answer: nobody else is to wait for that
            return self._revision
        try:
            state = self._data_version() if self._database.is_sqlite else self._writes()
            if state is None or state != self._state:
                with self._database.read() as connection:
                    self._revision = site.load(connection).revision
                self._state = state  # looked at before the revision: a write in between shows as another state
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

    def _data_version(self) -> object:
        """What changes with each write of anybody else's; None where SQLite cannot tell."""
        try:
            if self._watch is None:
                self._watch = sqlite3.connect(str(self._database.file), check_same_thread=False, isolation_level=None)
            return self._watch.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return None

    def _writes(self) -> object:
        """What changes with each write of this process, and a few times a second."""
        return self._database.writes, time.monotonic() // _FRESH
