"""Whether the database takes writes, for /readyz: a real write, tried seldom, whoever asks."""

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Final

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.storage import heartbeat
from feedserver.storage.engine import Database
from feedserver.storage.explaining import DATABASE_ERRORS, explain, failure_of

EVERY_SECONDS: Final = 10.0
_LOCK_TIMEOUT: Final = 1.0  # seconds: a monitor waits for the answer
_NAME: Final = "writes"


class WriteProbe:
    """Tries a write at most once in ten seconds. Safe to share between threads."""

    def __init__(self, database: Database, clock: Clock, seconds: Callable[[], float] = monotonic) -> None:
        """`seconds` tells the time that passes, whatever the clock is set to."""
        self._database = database
        self._clock = clock
        self._seconds = seconds
        self._tried_at = float("-inf")
        self._failure: str | None = None
        self._lock = Lock()

    def failure(self) -> str | None:
        """Why the database takes no writes, for anybody to read; None if it does, as of the last try."""
        is_first = self._tried_at == float("-inf")
        if self._lock.acquire(blocking=is_first):  # else another thread tries: the last result is good enough
            try:
                self._try_if_due()
            finally:
                self._lock.release()
        return self._failure

    def _try_if_due(self) -> None:
        now = self._seconds()
        if now - self._tried_at < EVERY_SECONDS:
            return
        self._tried_at = now
        try:
            self._database.transact(self._write, lock_timeout=_LOCK_TIMEOUT)
        except DATABASE_ERRORS as error:
            found = failure_of(error)
            self._failure = found.summary if found else explain(error)
        else:
            self._failure = None

    def _write(self, connection: Connection) -> None:
        heartbeat.beat(connection, _NAME, self._clock())
