"""Counters a minute, in the database, so that several processes and machines share them."""

from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address, ip_network

from sqlalchemy import Connection, delete, insert, select, update

from feedserver.storage.schema import limits

WINDOW = 60  # seconds


def allow(connection: Connection, bucket: str, most: int, now: datetime) -> bool:
    """Counts one more in `bucket`; False, and not counted, when there were `most` within the last minute."""
    return allow_all(connection, {bucket: most}, now)


def allow_all(connection: Connection, buckets: Mapping[str, int], now: datetime) -> bool:
    """Counts one more in each of `buckets`; False, and counted in none, when one had its most within the last minute.

    The last minute is the present window and the part of the one before that still lies within it. The buckets are
    locked in the order in which they are given, the one that many share last.
    """
    window, into = divmod(int(now.timestamp()), WINDOW)
    counted: dict[str, int | None] = {}
    for bucket, most in buckets.items():
        present = _count(connection, bucket, window)
        before = _count(connection, bucket, window - 1) or 0
        if (present or 0) + 1 + before * (WINDOW - into) / WINDOW > most:
            return False
        counted[bucket] = present
    for bucket, present in counted.items():
        _count_one(connection, bucket, window, present)
    return True


def _count_one(connection: Connection, bucket: str, window: int, present: int | None) -> None:
    if present is not None:
        where = (limits.c.bucket == bucket, limits.c.window == window)
        connection.execute(update(limits).where(*where).values(count=limits.c.count + 1))
    else:
        connection.execute(delete(limits).where(limits.c.window < window - 1))
        connection.execute(insert(limits).values(bucket=bucket, window=window, count=1))


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


def _count(connection: Connection, bucket: str, window: int) -> int | None:
    query = select(limits.c.count).where(limits.c.bucket == bucket, limits.c.window == window).with_for_update()
    return connection.execute(query).scalar_one_or_none()
