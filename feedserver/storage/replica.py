"""A streaming replica of PostgreSQL for public reads, used while it has replayed every commit.

A new post must be visible with the next request, and a feed must not be rendered from old posts under a new revision.
So each read first compares the replica's position in the log; if it is behind or away, the primary is read.
"""

from contextlib import suppress
from time import monotonic
from typing import Final, Literal

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.condition import Condition
from feedserver.storage.explaining import DATABASE_ERRORS, explain

ReplicaState = Literal["ok", "behind", "away"]

_PAUSE: Final = 5.0  # seconds for which a replica that failed is not tried: each try may cost a timeout
# Commits are flushed (`synchronous_commit` is on), so a replica at this position has all of them.
_POSITION: Final = text("SELECT CAST(pg_current_wal_flush_lsn() AS text)")
_CAUGHT_UP: Final = text(
    "SELECT pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn)"
)  # null if the server is no replica


def position(primary: Connection) -> str:
    """The current position of the primary's log."""
    return str(primary.execute(_POSITION).scalar_one())


def has_failed(error: DBAPIError) -> bool:
    """Whether the server failed, not the statement: it stopped, the connection broke, or a recovery conflict
    cancelled the query, as the primary has removed rows that it reads."""
    return error.connection_invalidated or isinstance(error, OperationalError)


class Replica:
    """One replica. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.state: ReplicaState = "ok"  # as last seen
        self._condition = Condition("the replica")
        self._paused_until = 0.0  # by the monotonic clock

    def connect(self, reached: str) -> Connection | None:
        """A connection to the replica, which the caller closes.

        None if the replica has not replayed the primary's log up to `reached`, or has failed.
        """
        if monotonic() < self._paused_until:
            return None
        try:
            return self._connect(reached)
        except DATABASE_ERRORS as error:
            self.pause(error)
            return None

    def pause(self, error: DBAPIError | NoConnection) -> None:
        """Stops using the replica, which has failed, for a while."""
        self._condition.fails("away", f"the replica is away, the primary is read instead: {explain(error)}")
        self._paused_until = monotonic() + _PAUSE
        self.state = "away"

    def _connect(self, reached: str) -> Connection | None:
        connection = self.engine.connect()
        caught_up = False
        try:
            caught_up = bool(connection.execute(_CAUGHT_UP, {"position": reached}).scalar_one())
        finally:
            if not caught_up:
                with suppress(DBAPIError):  # the first error is the one to raise
                    connection.close()
        self.state = "ok" if caught_up else "behind"
        self._condition.works()
        return connection if caught_up else None
