"""A streaming replica of PostgreSQL, asked for what any reader may see while it knows all that was committed.

Whoever publishes has to find the post with the next request, and a feed must not be rendered from old posts under a
new revision. So the replica is asked how far it has come, each time; where it is behind or away, the primary answers.
"""

import logging
from contextlib import suppress
from time import monotonic
from typing import Final, Literal

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

ReplicaState = Literal["ok", "behind", "away"]

_REST: Final = 5.0  # seconds for which a replica that failed is not asked: each try may cost a time-out
# What is committed has been flushed (`synchronous_commit` is on), so whoever replayed up to here has seen it all.
_POSITION: Final = text("SELECT CAST(pg_current_wal_flush_lsn() AS text)")
_CAUGHT_UP: Final = text("SELECT pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn)")  # null on what is no replica

_log = logging.getLogger(__name__)


def position(primary: Connection) -> str:
    """How far the primary's log goes now."""
    return str(primary.execute(_POSITION).scalar_one())


def has_failed(error: DBAPIError) -> bool:
    """Whether an error is the server's and not the statement's: it ended, the connection broke, or it took the query
    back, as a replica does where the rows that it reads were cleared away on the primary (a “recovery conflict”)."""
    return error.connection_invalidated or isinstance(error, OperationalError)


class Replica:
    """One replica. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.state: ReplicaState = "ok"  # as it was found last
        self._rests_until = 0.0  # by the monotonic clock

    def connect(self, reached: str) -> Connection | None:
        """A connection to the replica when it has `reached` that position of the primary's; the caller closes it."""
        if monotonic() < self._rests_until:
            return None
        try:
            return self._connect(reached)
        except (DBAPIError, NoConnection) as error:
            self.leave_alone(error)
            return None

    def leave_alone(self, error: Exception) -> None:
        """Sees to it that the replica, which has failed, is not asked for a while."""
        _log.warning("the replica is away (%s); the primary is read instead", type(error).__name__)
        self._rests_until = monotonic() + _REST
        self.state = "away"

    def _connect(self, reached: str) -> Connection | None:
        connection = self.engine.connect()
        caught_up = False
        try:
            caught_up = bool(connection.execute(_CAUGHT_UP, {"position": reached}).scalar_one())
        finally:
            if not caught_up:
                with suppress(DBAPIError):  # what failed before is what is told
                    connection.close()
        self.state = "ok" if caught_up else "behind"
        return connection if caught_up else None
