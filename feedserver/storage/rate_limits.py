"""Counters per minute, in the database, so that processes and machines share them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from feedserver.storage.schema import rate_limits

WINDOW = 60  # seconds


def allow(connection: Connection, bucket: str, most: int, now: datetime) -> bool:
    """Counts one more in `bucket` and returns True; False if there were `most` within the last minute."""
    return allow_all(connection, {bucket: most}, now)


def allow_all(connection: Connection, buckets: Mapping[str, int], now: datetime) -> bool:
    """Counts one more in each of `buckets` and returns True; False, counting none, if one has reached its limit.

    The last minute is the current window and the rest of the one before. Rows are locked in descending order of
    buckets: a bucket that many share should have the name that sorts first.
    """
    window, into = _window_at(now)
    found = _counts(connection, list(buckets), window)
    for bucket, most in buckets.items():
        if found.get((bucket, window), 0) + 1 + _still_there(found.get((bucket, window - 1), 0), into) > most:
            return False
    _add(connection, [(bucket, window) for bucket in sorted(buckets, reverse=True)], found, window)
    return True


def take(connection: Connection, bucket: str, most: int, now: datetime, owed: Iterable[datetime] = ()) -> int:
    """Counts one more in `bucket` and returns 0; or, not counting it, the seconds to wait.

    `owed` are the times of earlier uncounted events, which are counted first, in any case. Unlike `allow`, it rounds
    the rest of the window before down, so that the wait is at most a minute and a second even if `most` is small.
    """
    window, into = _window_at(now)
    for then in sorted(_window_at(moment)[0] for moment in owed):
        _add(connection, [(bucket, then)], _counts(connection, [bucket], then), window)
    found = _counts(connection, [bucket], window)
    wait = seconds_to_wait(found.get((bucket, window), 0), found.get((bucket, window - 1), 0), into, most)
    if not wait:
        _add(connection, [(bucket, window)], found, window)
    return wait


def seconds_to_wait(present: int, before: int, into: int, most: int) -> int:
    """0 if one more is allowed now, `into` seconds into the current window; else the seconds to wait.

    `present` and `before` are the counts of the current window and the last; `most`, above zero, is the limit a minute.
    """
    for wait in range(2 * WINDOW):
        turns, then = divmod(into + wait, WINDOW)
        in_window, in_last = ((present, before), (0, present), (0, 0))[turns]
        if in_window + 1 + int(_still_there(in_last, then)) <= most:
            return wait
    return 2 * WINDOW


def forget_old(connection: Connection, now: datetime) -> None:
    """Deletes the counters that no limit needs any more, of buckets in which nothing is counted now."""
    _forget_before(connection, _window_at(now)[0] - 1)


def _forget_before(connection: Connection, window: int) -> None:
    connection.execute(delete(rate_limits).where(rate_limits.c.window < window))


def _window_at(now: datetime) -> tuple[int, int]:
    """The window that contains `now`, and the seconds since its start."""
    return divmod(int(now.timestamp()), WINDOW)


def _still_there(before: int, into: int) -> float:
    """The part of the last window's count within the last minute, as if it were spread evenly."""
    return before * (WINDOW - into) / WINDOW


def _counts(connection: Connection, buckets: Sequence[str], window: int) -> dict[tuple[str, int], int]:
    """The counts of a window and the one before, by bucket and window; the rows are locked."""
    rows = connection.execute(_COUNTS, {"buckets": buckets, "windows": [window - 1, window]})
    return {(row.bucket, row.window): row.number for row in rows}


def _add(
    connection: Connection, counters: Sequence[tuple[str, int]], found: Mapping[tuple[str, int], int], present: int
) -> None:
    """Counts one more for each bucket and window. With a new row, deletes those older than the `present` window needs.

    If another process has inserted the row meanwhile, the insertion fails, and the transaction is repeated.
    """
    known = [{"at_bucket": bucket, "at_window": window} for bucket, window in counters if (bucket, window) in found]
    new = [
        {"bucket": bucket, "window": window, "count": 1} for bucket, window in counters if (bucket, window) not in found
    ]
    if known:
        connection.execute(_COUNT_ONE_MORE, known)
    if new:
        _forget_before(connection, present - 1)
        connection.execute(_INSERT, new)


_INSERT: Final = insert(rate_limits)
_COUNT_ONE_MORE: Final = (
    update(rate_limits)
    .where(rate_limits.c.bucket == bindparam("at_bucket"), rate_limits.c.window == bindparam("at_window"))
    .values(count=rate_limits.c.count + 1)
)
_COUNTS: Final = (
    select(rate_limits.c.bucket, rate_limits.c.window, rate_limits.c.count.label("number"))
    .where(
        rate_limits.c.bucket.in_(bindparam("buckets", expanding=True)),
        rate_limits.c.window.in_(bindparam("windows", expanding=True)),
    )
    .order_by(rate_limits.c.bucket.desc(), rate_limits.c.window)
    .with_for_update()
)
