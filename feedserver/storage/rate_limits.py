"""Counters a minute, in the database, so that several processes and machines share them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network

from sqlalchemy import Connection, delete, insert, select, update

from feedserver.storage.schema import rate_limits

WINDOW = 60  # seconds


def allow(connection: Connection, bucket: str, most: int, now: datetime) -> bool:
    """Counts one more in `bucket`; False, and not counted, when there were `most` within the last minute."""
    return allow_all(connection, {bucket: most}, now)


def allow_all(connection: Connection, buckets: Mapping[str, int], now: datetime) -> bool:
    """Counts one more in each of `buckets`; False, and counted in none, when one had its most within the last minute.

    The last minute is the present window and the part of the one before that still lies within it. The buckets are
    locked in the order in which they are given, the one that many share last.
    """
    window, into = _place(now)
    found = {bucket: _counts(connection, bucket, window) for bucket in buckets}
    for bucket, most in buckets.items():
        present, before = found[bucket]
        if (present or 0) + 1 + _still_there(before, into) > most:
            return False
    for bucket, (present, _) in found.items():
        _add(connection, bucket, window, window, is_new=present is None)
    return True


def take(connection: Connection, bucket: str, most: int, now: datetime, owed: Iterable[datetime] = ()) -> int:
    """Counts one more in `bucket` and returns 0; or, not counting it, the seconds after which it would be counted.

    `owed` are the moments of what was let through before without being counted; it is counted first, in any case.
    Unlike `allow`, what is left of the window before is rounded down, so that even where `most` is small nobody
    waits for more than a minute and a second.
    """
    window, into = _place(now)
    for moment in owed:
        then = _place(moment)[0]
        _add(connection, bucket, then, window, is_new=_count(connection, bucket, then) is None)
    present, before = _counts(connection, bucket, window)
    wait = seconds_to_wait(present or 0, before, into, most)
    if not wait:
        _add(connection, bucket, window, window, is_new=present is None)
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


@lru_cache(maxsize=4096)  # feeds ask this of each request, and an IPv6 network takes fifty microseconds to work out
def network(address: str) -> str:
    """Who is counted together: an IPv4 address, or an IPv6 /64, which is what one subscriber has.

    What is no address, such as the far end of a local socket, stands for itself.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((found, 64), strict=False))


def _place(now: datetime) -> tuple[int, int]:
    """The window that `now` lies in, and how many seconds into it."""
    return divmod(int(now.timestamp()), WINDOW)


def _still_there(before: int, into: int) -> float:
    """How much of the last window's count lies within the last minute: it is taken as spread evenly."""
    return before * (WINDOW - into) / WINDOW


def _counts(connection: Connection, bucket: str, window: int) -> tuple[int | None, int]:
    """The counts of a window and the one before. Rows are locked from the older to the newer, as `take` writes them."""
    before = _count(connection, bucket, window - 1) or 0
    return _count(connection, bucket, window), before


def _count(connection: Connection, bucket: str, window: int) -> int | None:
    query = (
        select(rate_limits.c.count)
        .where(rate_limits.c.bucket == bucket, rate_limits.c.window == window)
        .with_for_update()
    )
    return connection.execute(query).scalar_one_or_none()


def _add(connection: Connection, bucket: str, window: int, present: int, *, is_new: bool) -> None:
    """Counts one more in a window. The first of its kind takes away what is too old to matter in the `present` one.

    Where another process has made the new row meanwhile, the insertion fails, and the deed begins anew with its count.
    """
    if is_new:
        connection.execute(delete(rate_limits).where(rate_limits.c.window < present - 1))
        connection.execute(insert(rate_limits).values(bucket=bucket, window=window, count=1))
        return
    where = (rate_limits.c.bucket == bucket, rate_limits.c.window == window)
    connection.execute(update(rate_limits).where(*where).values(count=rate_limits.c.count + 1))
