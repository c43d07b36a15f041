"""Erases what strangers have left: refused pings beyond the bounds, expired spam, old timelines, and what was read.

Refused are rejected pings, spam, and pings that were held until their link went: nobody saw them. Each step is a small
transaction, so that no writer waits long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, tuple_

from feedserver.jobs import housekeeping
from feedserver.settings import KeepSettings
from feedserver.storage.engine import Database
from feedserver.storage.schema import thoughts
from feedserver.thoughts import deletion, joining, removed, timeline
from feedserver.thoughts.lifecycle import Decision
from feedserver.thoughts.moderation import undo
from feedserver.thoughts.verification import sources

_BATCH: Final = 50  # thoughts in one transaction: other writers wait at most a tenth of a second
_NEVER_SEEN: Final = and_(thoughts.c.state == "gone", thoughts.c.restore == "held")
_REFUSED: Final[tuple[ColumnElement[bool], ...]] = (
    thoughts.c.state == "rejected",
    thoughts.c.state == "spam",
    _NEVER_SEEN,
)
_TOTALS = select(func.count().label("rows"), func.coalesce(func.sum(thoughts.c.size), 0).label("size"))
_READ = ("id", "received_at", "size", *removed.READ)
_BY_AGE = select(*(thoughts.c[name] for name in _READ)).order_by(thoughts.c.received_at, thoughts.c.id).limit(_BATCH)


def is_refused(decision: Decision) -> bool:
    """Whether a thought counts with the refused."""
    return decision.state in ("rejected", "spam") or (decision.state == "gone" and decision.restore == "held")


class RefusalCounter:
    """Makes the housekeeping job due when this process has stored a thousandth of what is kept. Thread-safe."""

    def __init__(self, keep: KeepSettings) -> None:
        self._most_rows = keep.most_refused / 1_000
        self._most_bytes = keep.most_refused_bytes / 1_000
        self._rows = self._bytes = 0
        self._lock = Lock()

    def count(self, connection: Connection, size: int, now: datetime) -> None:
        """Counts one refusal of `size` bytes."""
        with self._lock:
            self._rows, self._bytes = self._rows + 1, self._bytes + size
            if self._rows < self._most_rows and self._bytes < self._most_bytes:
                return
            self._rows = self._bytes = 0
        housekeeping.bring_forward(connection, now)


@dataclass(frozen=True, slots=True)
class _Excess:
    """The refused thoughts beyond the bounds: rows and bytes, negative below them."""

    rows: int
    size: int

    @property
    def is_there(self) -> bool:
        return self.rows > 0 or self.size > 0


@dataclass(frozen=True, slots=True)
class Retention:
    """Erases and folds thoughts and what was read at their sources. `refetch` is `limits.refetch`."""

    database: Database
    keep: KeepSettings
    refetch: timedelta

    def clean(self, now: datetime) -> None:
        """Does all that is due `now`."""
        while self.database.transact(partial(sources.forget_expired, now=now)):
            pass
        self._expire_spam(now)
        self._fold_refused(now - timedelta(days=self.keep.refused))
        self._keep_bounds(now)
        self.database.transact(joining.forget_oldest)

    def _expire_spam(self, now: datetime) -> None:
        before = now - timedelta(days=self.keep.spam)
        expired = _BY_AGE.where(thoughts.c.state == "spam", thoughts.c.decided_at < before)
        while self.database.transact(lambda connection: self._erase(connection, _locked(connection, expired), now)):
            pass

    def _fold_refused(self, before: datetime) -> None:
        """Folds the timelines of pings that were refused before that time to their last lines."""
        order = tuple_(thoughts.c.received_at, thoughts.c.id)
        query = select(thoughts.c.received_at, thoughts.c.id).where(
            thoughts.c.state == "rejected", thoughts.c.received_at < before, thoughts.c.decided_at < before
        )
        query = query.order_by(thoughts.c.received_at, thoughts.c.id).limit(_BATCH)
        rows: Sequence[Any] = ()
        while True:
            after = query.where(order > tuple_(*rows[-1])) if rows else query
            with self.database.read() as connection:
                rows = connection.execute(after).all()
                superseded = timeline.superseded_lines(connection, [row.id for row in rows])
            if superseded:
                self.database.transact(partial(timeline.delete_lines, ids=superseded))
            if len(rows) < _BATCH:
                return

    def _keep_bounds(self, now: datetime) -> None:
        """Erases the oldest refused thoughts beyond the bounds. Hashes of removed pairs count in the bytes."""
        with self.database.read() as connection:
            hashes = removed.count(connection)
            totals = [(condition, connection.execute(_TOTALS.where(condition)).one()) for condition in _REFUSED]
        most_hashes = self.keep.most_refused_bytes // 2 // removed.ROW_SIZE
        if hashes > most_hashes:
            self.database.transact(partial(removed.forget_oldest, number=hashes - most_hashes))
        rows = sum(total.rows for _, total in totals) - self.keep.most_refused
        size = sum(total.size for _, total in totals) - self.keep.most_refused_bytes
        excess = _Excess(rows, size + removed.ROW_SIZE * min(hashes, most_hashes))
        queries = [_BY_AGE.where(condition) for condition, total in totals if total.rows]
        while excess.is_there:
            left = self.database.transact(partial(self._erase_oldest, queries=queries, excess=excess, now=now))
            if left == excess:  # the rest is locked: the next run erases it
                return
            excess = left

    def _erase_oldest(
        self, connection: Connection, queries: Sequence[Select[Any]], excess: _Excess, now: datetime
    ) -> _Excess:
        """Erases a batch of the oldest thoughts that `queries` find; returns the excess that is left."""
        oldest = [row for query in queries for row in _locked(connection, query)]
        chosen = []
        for row in sorted(oldest, key=lambda one: (one.received_at, one.id))[:_BATCH]:
            if not excess.is_there:
                break
            chosen.append(row)
            excess = _Excess(excess.rows - 1, excess.size - row.size)
        self._erase(connection, chosen, now)
        return excess

    def _erase(self, connection: Connection, rows: Sequence[Any], now: datetime) -> int:
        """Erases thoughts, and remembers those that a moderator removed; returns how many there were."""
        if not rows:
            return 0
        deletion.delete_all(connection, [row.id for row in rows])
        undo.remove_empty(connection)
        removed.remember(connection, rows, now)
        keys = {row.source_key for row in rows if row.source_key is not None}
        sources.expire(connection, sorted(keys), now + self.refetch)
        return len(rows)


def _locked(connection: Connection, query: Select[Any]) -> Sequence[Any]:
    return connection.execute(query.with_for_update(skip_locked=True)).all()
