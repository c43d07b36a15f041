"""Counters a minute, in the database, so that several processes and machines share them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from feedserver.storage.schema import rate_limits

WINDOW = 60  # seconds


def allow(connection: Connection, bucket: str, most: int, now: datetime) -> bool:
    """Counts one more in `bucket`; False, and not counted, when there were `most` within the last minute."""
    return allow_all(connection, {bucket: most}, now)


def allow_all(connection: Connection, buckets: Mapping[str, int], now: datetime) -> bool:
    """Counts one more in each of `buckets`; False, and counted in none, when one had its most within the last minute.

    The last minute is the present window and the part of the one before that still lies within it. Rows are locked in
    descending order of their buckets: give the bucket that many share the name that sorts first.
    """
    window, into = _place(now)
    found = _counts(connection, list(buckets), window)
    for bucket, most in buckets.items():
        if found.get((bucket, window), 0) + 1 + _still_there(found.get((bucket, window - 1), 0), into) > most:
            return False
    _add(connection, [(bucket, window) for bucket in sorted(buckets, reverse=True)], found, window)
    return True


def take(connection: Connection, bucket: str, most: int, now: datetime, owed: Iterable[datetime] = ()) -> int:
    """Counts one more in `bucket` and returns 0; or, not counting it, the seconds after which it would be counted.

    `owed` are the moments of what was let through before without being counted; it is counted first, in any case.
    Unlike `allow`, what is left of the window before is rounded down, so that even where `most` is small nobody
    waits for more than a minute and a second.
    """
    window, into = _place(now)
    for then in sorted(_place(moment)[0] for moment in owed):
        _add(connection, [(bucket, then)], _counts(connection, [bucket], then), window)
    found = _counts(connection, [bucket], window)
    wait = seconds_to_wait(found.get((bucket, window), 0), found.get((bucket, window - 1), 0), into, most)
    if not wait:
        _add(connection, [(bucket, window)], found, window)
    return wait


def seconds_to_wait(present: int, before: int, into: int, most: int) -> int:
    """0 when one more fits now, `into` seconds into the present window; else the seconds until one does.

    `present` and `before` are the counts of this window and the last; `most`, above zero, is what fits into a minute.
    """
    for wait in range(2 * WINDOW):
        turns, then = divmod(into + wait, WINDOW)
        in_window, in_last = ((present, before), (0, present), (0, 0))[turns]
        if in_window + 1 + int(_still_there(in_last, then)) <= most:
            return wait
    return 2 * WINDOW


def _place(now: datetime) -> tuple[int, int]:
    """The window that `now` lies in, and how many seconds into it."""
    return divmod(int(now.timestamp()), WINDOW)


def _still_there(before: int, into: int) -> float:
    """How much of the last window's count lies within the last minute: it is taken as spread evenly."""
    return before * (WINDOW - into) / WINDOW


def _counts(connection: Connection, buckets: Sequence[str], window: int) -> dict[tuple[str, int], int]:
    """The counts of a window and the one before, by bucket and window; the rows are locked."""
    rows = connection.execute(_COUNTS, {"buckets": buckets, "windows": [window - 1, window]})
    return {(row.bucket, row.window): row.number for row in rows}


def _add(
    connection: Connection, places: Sequence[tuple[str, int]], found: Mapping[tuple[str, int], int], present: int
) -> None:
    """Counts one more for each bucket and window. A new row takes away those that are too old in the `present` window.

    Where another process has made the new row meanwhile, the insertion fails, and the transaction is repeated.
    """
    known = [{"at_bucket": bucket, "at_window": window} for bucket, window in places if (bucket, window) in found]
    new = [
        {"bucket": bucket, "window": window, "count": 1} for bucket, window in places if (bucket, window) not in found
    ]
    if known:
        connection.execute(_COUNT_ONE_MORE, known)
    if new:
        connection.execute(delete(rate_limits).where(rate_limits.c.window < present - 1))
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
