"""The SQL of feed versions: which states of each feed its readers know."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from feedserver.storage.schema import feed_versions

_KEPT: Final = 50  # versions of one document


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


def next_version(connection: Connection, key: str, etag: str, now: datetime) -> Version:
    """The version with `etag`: the newest one if that has it, else the next.

    A version is as old as itself, not as its newest post: a reader who brings the date of another site's feed, or of
    this one before it was renamed, has not seen it. In a burst it is dated a second after the one before, so that
    readers who send back a Last-Modified never miss a change, a back-dated post's neither.
    """
    known = newest(connection, key)
    if known is not None and known.etag == etag:
        return known
    moment = now.replace(microsecond=0)
    if known is None:
        version = Version(1, etag, moment)
    else:
        version = Version(known.number + 1, etag, max(moment, known.last_modified + timedelta(seconds=1)))
    values = {"number": version.number, "etag": version.etag, "last_modified": version.last_modified}
    connection.execute(insert(feed_versions).values(path=key, **values))
    connection.execute(
        delete(feed_versions).where(feed_versions.c.path == key, feed_versions.c.number <= version.number - _KEPT)
    )
    return version
