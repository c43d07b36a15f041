"""The SQL of feed versions: which state of each feed its readers know."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select

from feedserver.storage.schema import feed_versions


@dataclass(frozen=True, slots=True)
class Version:
    """One state of one feed. `last_modified` has whole seconds and is later than that of every version before."""

    number: int
    etag: str
    last_modified: datetime


def newest(connection: Connection, key: str) -> Version | None:
    """The version that readers know now."""
    columns = (feed_versions.c.number, feed_versions.c.etag, feed_versions.c.last_modified)
    query = select(*columns).where(feed_versions.c.path == key).order_by(feed_versions.c.number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return Version(*row) if row else None


def next_version(connection: Connection, key: str, etag: str, changed_at: datetime, now: datetime) -> Version:
    """The version with `etag`: the newest one if that has it, else the next.

    The first version of a feed is as old as what it says (`changed_at`). Every later one is of now, or in a burst a
    second after the one before: readers that send back a Last-Modified never miss a change, a back-dated post's
    neither.
    """
    known = newest(connection, key)
    if known is not None and known.etag == etag:
        return known
    if known is None:
        version = Version(1, etag, min(changed_at, now).replace(microsecond=0))
    else:
        later = max(now.replace(microsecond=0), known.last_modified + timedelta(seconds=1))
        version = Version(known.number + 1, etag, later)
    values = {"number": version.number, "etag": version.etag, "last_modified": version.last_modified}
    connection.execute(insert(feed_versions).values(path=key, **values))
    return version
