"""The SQL of sources: their last fetch, what they said about our posts, and for which they were pinged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from feedserver.storage.batches import batches
from feedserver.storage.schema import slugs, sources, thoughts
from feedserver.thoughts.source.findings import Findings, from_json

# Some servers answer 304 to everything, so a source is read whole sometimes.
_BELIEVED: Final = timedelta(days=100)
_VALUES = ("fetched_at", "findings", "etag", "last_modified", "read_at")
_LAST = select(sources).where(sources.c.source_key == bindparam("key"))
_PINGED = and_(thoughts.c.post_id == slugs.c.post_id, thoughts.c.source_key == bindparam("key"))
_LINKED = (
    select(slugs.c.slug, slugs.c.post_id, thoughts.c.id.label("thought_id"))
    .outerjoin_from(slugs, thoughts, _PINGED)
    .where(slugs.c.slug.in_(bindparam("names", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """The record of a source: when it was last fetched, what it said, and its validators.

    `read_at` is when it was last read whole; None if the last fetch failed.
    """

    fetched_at: datetime
    findings: Findings
    etag: str | None = None
    last_modified: str | None = None
    read_at: datetime | None = None


def last(connection: Connection, source_key: str) -> SourceRecord | None:
    """The record of a source; None if it was never fetched."""
    row = connection.execute(_LAST, {"key": source_key}).one_or_none()
    if row is None:
        return None
    return SourceRecord(row.fetched_at, from_json(row.findings), row.etag, row.last_modified, row.read_at)


def believed(
    connection: Connection, source_key: str, record: SourceRecord | None, now: datetime
) -> SourceRecord | None:
    """`record` if a 304 (RFC 9110 section 15.4.5) would confirm it; None if the source must be read whole."""
    if record is None or record.read_at is None or not (record.etag or record.last_modified):
        return None
    # The findings lack posts that were pinged or published since.
    known = _posts_awaiting(connection, source_key) <= record.findings.mentions.keys()
    return record if known and now - record.read_at < _BELIEVED else None


def save(connection: Connection, source_key: str, record: SourceRecord) -> None:
    """Writes the record of a source, replacing any other."""
    values = {name: getattr(record, name) for name in _VALUES} | {"findings": record.findings.as_json()}
    connection.execute(_UPSERTS[connection.dialect.name], {"source_key": source_key, **values})


def posts_linked(connection: Connection, source_key: str, names: Sequence[str]) -> dict[str, tuple[int, bool]]:
    """For each of these slugs that a post has or had: the post's id, and whether the source was pinged for it."""
    found: dict[str, tuple[int, bool]] = {}
    for some in batches(names):
        rows = connection.execute(_LINKED, {"key": source_key, "names": some})
        found |= {row.slug: (row.post_id, row.thought_id is not None) for row in rows}
    return found


def _posts_awaiting(connection: Connection, source_key: str) -> set[int]:
    """The ids of the posts that this source has received, shown or held thoughts on."""
    awaited = thoughts.c.state.in_(("received", "shown", "held"))
    query = select(thoughts.c.post_id).where(thoughts.c.source_key == source_key, awaited)
    return set(connection.execute(query).scalars())


def _upsert(dialect: Any) -> Any:
    statement = dialect.insert(sources)
    return statement.on_conflict_do_update(
        index_elements=["source_key"], set_={name: statement.excluded[name] for name in _VALUES}
    )


_UPSERTS: Final = {"sqlite": _upsert(sqlite), "postgresql": _upsert(postgresql)}
