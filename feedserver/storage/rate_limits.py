"""Limits a minute, or a longer window, counted in the database, so that processes and machines share them.

A bucket never holds more than its limit in any window. Its row has the recent events, those of one second together
under the time of the last: an event may count for a second too long, and never too short.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from feedserver.clock import SKEW, is_within
from feedserver.storage.schema import rate_limits

WINDOW: Final = timedelta(seconds=60)
LONGEST_WINDOW: Final = timedelta(minutes=15)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SECOND: Final = 1_000_000  # microseconds
_DELETED_AT_ONCE: Final = 100  # expired rows: more than are inserted at once

_Events = dict[int, int]  # the amount by time, in microseconds since 1970


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` in `bucket` within any `window`, and the `amount` that is to be counted now.

    It counts for `lasting`: shorter than `window` for what is only reserved. A bucket has the same window always.
    """

    bucket: str
    most: int
    amount: int = 1
    lasting: timedelta = WINDOW
    window: timedelta = WINDOW

    @classmethod
    def within(cls, window: timedelta, bucket: str, most: int) -> "Limit":
        """A limit of another window than a minute, `LONGEST_WINDOW` at most."""
        assert window <= LONGEST_WINDOW
        return cls(bucket, most, lasting=window, window=window)

    def count(self, now: datetime) -> "Count":
        """What `take` counts `now`: as of an earlier time if it is not to last for the whole window."""
        return Count(self.bucket, self.amount, now - (self.window - self.lasting), self.window)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The bucket that is full for the longest time, the whole seconds until it has room, and what it holds."""

    bucket: str
    seconds: int
    held: int


@dataclass(frozen=True, slots=True)
class Count:
    """An amount to count in any case, as of a time; a negative one takes back what was counted at that time."""

    bucket: str
    amount: int
    at: datetime
    window: timedelta = WINDOW


def look(connection: Connection, limits: Sequence[Limit], now: datetime) -> Refusal | None:
    """What `take` would answer now. Counts and locks nothing."""
    rows = connection.execute(_LOOK, {"buckets": [limit.bucket for limit in limits]})
    found = {row.bucket: _events_of(row.events) for row in rows}
    return _refusal(_recent_of(found, limits, now), limits, now)


def take(connection: Connection, limits: Sequence[Limit], now: datetime, *, tidy: bool = True) -> Refusal | None:
    """Counts the amount of each limit and returns None; or, if a bucket has no room, counts none.

    Rows are locked in descending order of buckets: a bucket that many share should have the name that sorts first.
    `tidy` deletes some that have expired; not where the transaction locks more later, as others may wait for these.
    """
    found = _read(connection, [limit.bucket for limit in limits])
    recent = _recent_of(found, limits, now)
    if refusal := _refusal(recent, limits, now):
        return refusal
    counted = {limit.bucket: _with(recent[limit.bucket], limit.count(now)) for limit in limits}
    _write(connection, counted, {limit.bucket: limit.window for limit in limits}, found.keys())
    if tidy and counted.keys() - found.keys():  # as many rows as are added
        forget_expired(connection, now)
    return None


def add(connection: Connection, counts: Sequence[Count], now: datetime) -> None:
    """Counts all `counts`, whatever the limits."""
    found = _read(connection, [count.bucket for count in counts])
    windows = {count.bucket: count.window for count in counts}
    changed = {bucket: _recent(found.get(bucket, {}), window, now) for bucket, window in windows.items()}
    for count in counts:
        if is_within(count.at, count.window, now):
            changed[count.bucket] = _with(changed[count.bucket], count)
    _write(connection, changed, windows, found.keys())


def forget_expired(connection: Connection, now: datetime) -> int:
    """Deletes some buckets without an event within their window; returns how many."""
    return _forget(connection, connection.execute(_EXPIRED, {"now": now}).scalars().all())


def forget_future(connection: Connection, now: datetime) -> int:
    """Deletes some buckets of a clock that was wrong, whose events have not come yet; returns how many."""
    return _forget(connection, connection.execute(_FUTURE, {"latest": now + LONGEST_WINDOW + SKEW}).scalars().all())


def _forget(connection: Connection, buckets: Sequence[str]) -> int:
    if buckets:
        connection.execute(_DELETE, {"buckets": buckets})
    return len(buckets)


def forget_all(connection: Connection) -> None:
    """Deletes all buckets: their names hold addresses and hosts. Everybody's minute begins anew."""
    connection.execute(delete(rate_limits))


# --- the events of one bucket ---


def _recent(events: _Events, window: timedelta, now: datetime) -> _Events:
    """The events that are not older than `window`; those of the future were counted by a clock that was wrong."""
    start, end = _microseconds(now - window - _EPOCH), _microseconds(now + SKEW - _EPOCH)
    return {at: amount for at, amount in events.items() if start < at <= end}


def _with(events: _Events, count: Count) -> _Events:
    """The events with another one, those of the same second under the time of its last."""
    moment = _microseconds(count.at - _EPOCH)
    same = next((other for other in events if other // _SECOND == moment // _SECOND), moment)
    total = events.get(same, 0) + count.amount
    others = {other: amount for other, amount in events.items() if other != same}
    return others | {max(same, moment): total} if total > 0 else others


def _recent_of(found: Mapping[str, _Events], limits: Sequence[Limit], now: datetime) -> dict[str, _Events]:
    return {limit.bucket: _recent(found.get(limit.bucket, {}), limit.window, now) for limit in limits}


def _refusal(recent: Mapping[str, _Events], limits: Sequence[Limit], now: datetime) -> Refusal | None:
    """The bucket without room for its amount that is full for the longest time; None if all have room."""
    refusals = [
        Refusal(limit.bucket, wait, sum(recent[limit.bucket].values()))
        for limit in limits
        if (wait := _wait(recent[limit.bucket], limit, now))
    ]
    return max(refusals, key=lambda refusal: refusal.seconds, default=None)


def _wait(events: _Events, limit: Limit, now: datetime) -> int:
    """0 if the limit has room for its amount; else the whole seconds until it has."""
    excess = sum(events.values()) + limit.amount - limit.most
    if excess <= 0:
        return 0
    end = now  # if the amount is above the limit: there is never room, but it may be tried again
    for at, amount in sorted(events.items()):
        end = _EPOCH + at * _MICROSECOND
        excess -= amount
        if excess <= 0:
            break
    return ceil((end + limit.window - now).total_seconds())


def _microseconds(span: timedelta) -> int:
    return span // _MICROSECOND


# --- their rows ---


def _read(connection: Connection, buckets: Iterable[str]) -> dict[str, _Events]:
    """The stored events by bucket; the rows are locked."""
    rows = connection.execute(_FIND, {"buckets": list(set(buckets))})
    return {row.bucket: _events_of(row.events) for row in rows}


def _events_of(stored: str) -> _Events:
    return dict(json.loads(stored))


def _write(
    connection: Connection, counted: Mapping[str, _Events], windows: Mapping[str, timedelta], known: Iterable[str]
) -> None:
    """Writes the events of each bucket, whose window is in `windows`.

    If another process has inserted the row meanwhile, the insertion fails, and the transaction is repeated.
    """
    rows = [
        {
            "of": bucket,
            "events": json.dumps(sorted(counted[bucket].items())),
            "expires_at": _EPOCH + max(counted[bucket], default=0) * _MICROSECOND + windows[bucket],
        }
        for bucket in sorted(counted, reverse=True)
    ]
    known = set(known)
    if old := [row for row in rows if row["of"] in known]:
        connection.execute(_UPDATE, old)
    if new := [row for row in rows if row["of"] not in known]:
        connection.execute(_INSERT, new)


_LOOK: Final = (
    select(rate_limits.c.bucket, rate_limits.c.events)
    .where(rate_limits.c.bucket.in_(bindparam("buckets", expanding=True)))
    .order_by(rate_limits.c.bucket.desc())
)
_FIND: Final = _LOOK.with_for_update()
_UPDATE: Final = update(rate_limits).where(rate_limits.c.bucket == bindparam("of"))
_INSERT: Final = insert(rate_limits).values(bucket=bindparam("of"))
_SOME: Final = select(rate_limits.c.bucket).limit(_DELETED_AT_ONCE).with_for_update(skip_locked=True)
_EXPIRED: Final = _SOME.where(rate_limits.c.expires_at <= bindparam("now")).order_by(rate_limits.c.expires_at)
_FUTURE: Final = _SOME.where(rate_limits.c.expires_at > bindparam("latest"))
_DELETE: Final = delete(rate_limits).where(rate_limits.c.bucket.in_(bindparam("buckets", expanding=True)))
