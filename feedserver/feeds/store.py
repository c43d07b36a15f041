"""The SQL of feed versions: which states of each feed its readers know."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from feedserver.storage.schema import feed_versions

_KEPT: Final = 50  # versions of one document: a reader who has seen none of them gets the whole


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


def next_version(connection: Connection, key: str, etag: str, entries: Mapping[str, str], now: datetime) -> Version:
    """The version with `etag`: the newest one if that has it, else the next; `entries` are kept for deltas from it.

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
    kept = json.dumps(entries, separators=(",", ":")) if entries else None
    connection.execute(insert(feed_versions).values(path=key, entries=kept, **values))
    connection.execute(
        delete(feed_versions).where(feed_versions.c.path == key, feed_versions.c.number <= version.number - _KEPT)
    )
    return version


def entries_at(connection: Connection, key: str, opaque_tags: Collection[str]) -> dict[str, str] | None:
    """What the entries looked like in the newest version with one of these ETags (without quotes), by their ids.

    None when no such version is kept.
    """
    query = (
        select(feed_versions.c.entries)
        .where(feed_versions.c.path == key, feed_versions.c.etag.in_([f'W/"{tag}"' for tag in opaque_tags]))
        .order_by(feed_versions.c.number.desc())
        .limit(1)
    )
    entries = connection.execute(query).scalar_one_or_none()
    return json.loads(entries) if entries else None
