"""The SQL of sources: when each was last fetched, what it said about our posts, and for which it was pinged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from feedserver.storage.batches import batches
from feedserver.storage.schema import slugs, sources, thoughts
from feedserver.thoughts.source.findings import Findings, from_json


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What is kept of a source: when it was last fetched, what it said then, and the validators of its text.

    `read_at` is when its text came last; None when the last fetch failed.
    """

    fetched_at: datetime
    findings: Findings
    etag: str | None = None
    last_modified: str | None = None
    read_at: datetime | None = None


def last(connection: Connection, source_key: str) -> SourceRecord | None:
    """What is kept of a source; None when it was never fetched."""
    row = connection.execute(select(sources).where(sources.c.source_key == source_key)).one_or_none()
    if row is None:
        return None
    return SourceRecord(row.fetched_at, from_json(row.findings), row.etag, row.last_modified, row.read_at)


def keep(connection: Connection, source_key: str, kept: SourceRecord) -> None:
    values = {
        "fetched_at": kept.fetched_at,
        "findings": kept.findings.as_json(),
        "etag": kept.etag,
        "last_modified": kept.last_modified,
        "read_at": kept.read_at,
    }
    if not connection.execute(update(sources).where(sources.c.source_key == source_key).values(values)).rowcount:
        connection.execute(insert(sources).values(source_key=source_key, **values))


def posts_pinged(connection: Connection, source_key: str) -> set[int]:
    """The ids of the posts for which this source was pinged."""
    return set(connection.execute(select(thoughts.c.post_id).where(thoughts.c.source_key == source_key)).scalars())


def posts_awaiting(connection: Connection, source_key: str) -> set[int]:
    """The ids of the posts about which this source is asked: those of pings that wait, and of thoughts that stand."""
    asked = thoughts.c.state.in_(("received", "shown", "held"))
    return set(
        connection.execute(select(thoughts.c.post_id).where(thoughts.c.source_key == source_key, asked)).scalars()
    )


def posts_with(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """The id of the post for each of the slugs, present or former, that there are."""
    found: dict[str, int] = {}
    for some in batches(names):
        query = select(slugs.c.slug, slugs.c.post_id).where(slugs.c.slug.in_(some))
        found |= {row.slug: row.post_id for row in connection.execute(query)}
    return found
