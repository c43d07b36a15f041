"""The SQL of sources: when each was last fetched, what it said about our posts, and for which it was pinged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from feedserver.storage.schema import slugs, sources, thoughts
from feedserver.thoughts.source.findings import Findings, from_json

_NAMES_AT_ONCE: Final = 500  # in one query: databases bound them
# Some servers answer 304 to everything: now and then a source is read whole.
_BELIEVED: Final = timedelta(days=100)
_VALUES = ("fetched_at", "findings", "etag", "last_modified", "read_at")
_LAST = select(sources).where(sources.c.source_key == bindparam("key"))


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What is stored of a source: when it was last fetched, what it said then, and the validators of its text.

    `read_at` is when its text came last; None when the last fetch failed.
    """

    fetched_at: datetime
    findings: Findings
    etag: str | None = None
    last_modified: str | None = None
    read_at: datetime | None = None


def last(connection: Connection, source_key: str) -> SourceRecord | None:
    """The record of a source; None when it was never fetched."""
    row = connection.execute(_LAST, {"key": source_key}).one_or_none()
    if row is None:
        return None
    return SourceRecord(row.fetched_at, from_json(row.findings), row.etag, row.last_modified, row.read_at)


def believed(
    connection: Connection, source_key: str, record: SourceRecord | None, now: datetime
) -> SourceRecord | None:
    """`record`, where a 304 (RFC 9110 section 15.4.5) would confirm it; None where the source must be read whole."""
    if record is None or record.read_at is None or not (record.etag or record.last_modified):
        return None
    # The findings say nothing of posts that were pinged or published since.
    known = _posts_awaiting(connection, source_key) <= record.findings.mentions.keys()
    return record if known and now - record.read_at < _BELIEVED else None


def save(connection: Connection, source_key: str, record: SourceRecord) -> None:
    """Writes the record of a source over the one that is there."""
    values = {name: getattr(record, name) for name in _VALUES} | {"findings": record.findings.as_json()}
    connection.execute(_UPSERTS[connection.dialect.name], {"source_key": source_key, **values})


def posts_linked(connection: Connection, source_key: str, names: Sequence[str]) -> dict[str, tuple[int, bool]]:
    """For each of these slugs, present or former, that a post has: its id, and whether the source pinged it."""
    pinged = and_(thoughts.c.post_id == slugs.c.post_id, thoughts.c.source_key == source_key)
    query = select(slugs.c.slug, slugs.c.post_id, thoughts.c.id.label("thought_id")).outerjoin_from(
        slugs, thoughts, pinged
    )
    found: dict[str, tuple[int, bool]] = {}
    for start in range(0, len(names), _NAMES_AT_ONCE):
        rows = connection.execute(query.where(slugs.c.slug.in_(names[start : start + _NAMES_AT_ONCE])))
        found |= {row.slug: (row.post_id, row.thought_id is not None) for row in rows}
    return found


def _posts_awaiting(connection: Connection, source_key: str) -> set[int]:
    """The ids of the posts about which this source is asked: those of waiting pings, and of thoughts that stand."""
    asked = thoughts.c.state.in_(("received", "shown", "held"))
    query = select(thoughts.c.post_id).where(thoughts.c.source_key == source_key, asked)
    return set(connection.execute(query).scalars())


def _upsert(dialect: Any) -> Any:
    statement = dialect.insert(sources)
    return statement.on_conflict_do_update(
        index_elements=["source_key"], set_={name: statement.excluded[name] for name in _VALUES}
    )


_UPSERTS: Final = {"sqlite": _upsert(sqlite), "postgresql": _upsert(postgresql)}
