"""The SQL of versions: an ETag and a Last-Modified for each state of each document."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from feedserver.feeds.conditional import Validators
from feedserver.storage.schema import feed_versions

_STORED: Final = 50  # versions of one document


@dataclass(frozen=True, slots=True)
class Version:
    """One state of one document. `last_modified` (UTC, whole seconds) is later than that of every earlier version."""

    number: int
    etag: str
    last_modified: datetime

    @property
    def validators(self) -> Validators:
        return Validators(self.etag, self.last_modified)


def newest(connection: Connection, key: str) -> Version | None:
    """The newest version of the document `key`, None before the first."""
    columns = (feed_versions.c.number, feed_versions.c.etag, feed_versions.c.last_modified)
    query = select(*columns).where(feed_versions.c.path == key).order_by(feed_versions.c.number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return Version(*row) if row else None


def next_version(
    connection: Connection, key: str, etag: str, now: datetime, *, after: Version | None
) -> Version | None:
    """The newest version if it has this `etag`, else a new one `after` the version that was the newest before.

    None if another version has been stored since `after`: these bytes may be older than its own. A version has the date
    when it was made, not that of its newest post, and is at least a second later than the one before. So a reader that
    sends back Last-Modified misses no change, not even a back-dated or renamed post.
    """
    known = newest(connection, key)
    if known is not None and known.etag == etag:
        return known
    if known != after:
        return None
    moment = now.replace(microsecond=0)
    if known is None:
        version = Version(1, etag, moment)
    else:
        version = Version(known.number + 1, etag, max(moment, known.last_modified + timedelta(seconds=1)))
    values = {"number": version.number, "etag": version.etag, "last_modified": version.last_modified}
    connection.execute(insert(feed_versions).values(path=key, **values))
    connection.execute(
        delete(feed_versions).where(feed_versions.c.path == key, feed_versions.c.number <= version.number - _STORED)
    )
    return version
