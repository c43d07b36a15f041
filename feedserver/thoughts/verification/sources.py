"""The SQL of sources: their last fetch, what they said about our posts, and for which they were pinged.

What is stored of a source is bounded by its thoughts: the words for posts on which they stand; the time of the fetch,
for a while, where none does. What it says on further posts is stored for the newest few sources.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from feedserver.clock import is_within
from feedserver.redirects import store as redirects
from feedserver.storage.batches import batches
from feedserver.storage.schema import read_ahead, slugs, sources, thoughts
from feedserver.thoughts import removed
from feedserver.thoughts.model import State
from feedserver.thoughts.source.findings import Findings, from_json
from feedserver.thoughts.source.identity import key_hash, names_of

# Some servers answer 304 to everything, so a source is read whole sometimes.
_BELIEVED: Final = timedelta(days=100)
_STANDING: Final[frozenset[State]] = frozenset(("received", "shown", "held"))
_MOST_AHEAD: Final = 50  # sources in `read_ahead`, with up to 100 kB each
_LONGEST_AHEAD: Final = timedelta(days=1)
_MOST_EXPIRING: Final = 20_000  # records of sources none of whose thoughts stands
_MOST_TARGETS: Final = 100  # enough to know the addresses that the site had
_BATCH: Final = 500  # records deleted in one transaction
_VALUES = ("fetched_at", "findings", "etag", "last_modified", "read_at", "expires_at")
_LAST = (
    select(sources, read_ahead.c.findings.label("ahead"))
    .outerjoin_from(sources, read_ahead, read_ahead.c.source == sources.c.source)
    .where(sources.c.source == bindparam("key"))
)
_PINGED = and_(thoughts.c.post_id == slugs.c.post_id, thoughts.c.source_key == bindparam("key"))
_LINKED = (
    select(slugs.c.slug, slugs.c.post_id, thoughts.c.id.label("thought_id"))
    .outerjoin_from(slugs, thoughts, _PINGED)
    .where(slugs.c.slug.in_(bindparam("names", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """The record of a source: when it was last fetched, what it said, and its validators.

    `read_at` is when it was last read whole; None if the last fetch failed, or if none of its thoughts stands.
    """

    fetched_at: datetime
    findings: Findings
    etag: str | None = None
    last_modified: str | None = None
    read_at: datetime | None = None


def last(connection: Connection, source_key: str, now: datetime, refetch: timedelta) -> SourceRecord | None:
    """The record of a source; None if it was not fetched within `refetch` and none of its thoughts stands.

    If it was fetched within `refetch`, the findings tell of posts too that it was not pinged for.
    """
    row = connection.execute(_LAST, {"key": key_hash(source_key)}).one_or_none()
    if row is None:
        return None
    findings = from_json(row.findings)
    if row.ahead is not None and is_within(row.fetched_at, refetch, now):
        more = from_json(row.ahead)
        findings = replace(more, mentions={**more.mentions, **findings.mentions})
    return SourceRecord(row.fetched_at, findings, row.etag, row.last_modified, row.read_at)


def believed(
    connection: Connection, source_key: str, record: SourceRecord | None, now: datetime
) -> SourceRecord | None:
    """`record` if a 304 (RFC 9110 section 15.4.5) would confirm it; None if the source must be read whole."""
    if record is None or record.read_at is None or not (record.etag or record.last_modified):
        return None
    if record.findings.is_of_before:  # it lacks what the source's h-entry says
        return None
    # The findings lack posts that were pinged or published since.
    awaiting = {post_id for post_id, state in _posts_of(connection, source_key).items() if state in _STANDING}
    known = awaiting <= record.findings.mentions.keys()
    return record if known and is_within(record.read_at, _BELIEVED, now) else None


def save(connection: Connection, source_key: str, record: SourceRecord, refetch: timedelta) -> None:
    """Writes the record of a source, replacing any other, after its thoughts were settled.

    If none of them stands, only the time of the fetch is stored, for `refetch`. What it says on posts that it was not
    pinged for is stored apart, so that a blog that pings every post it links to needs one fetch. Of posts on which its
    thought was removed nothing is stored.
    """
    source, known = key_hash(source_key), _posts_of(connection, source_key)
    standing = {post_id for post_id, state in known.items() if state in _STANDING}
    others = record.findings.about(record.findings.mentions.keys() - standing)
    gone = removed.posts_among(connection, _names(source_key, others))
    findings = record.findings.about(record.findings.mentions.keys() - gone)
    values = {
        "source": source,
        "fetched_at": record.fetched_at,
        "etag": record.etag if standing else None,
        "last_modified": record.last_modified if standing else None,
        "findings": findings.about(standing).as_json(),
        "read_at": record.read_at if standing else None,
        "expires_at": None if standing else record.fetched_at + refetch,
    }
    connection.execute(_upsert(connection.dialect.name), values)
    further = findings.about(findings.mentions.keys() - known.keys())
    _save_ahead(connection, source, further if refetch else Findings(), record.fetched_at)


def forget(connection: Connection, hashes: Sequence[str]) -> None:
    """Deletes all that is stored of the sources with these hashes (`source.identity.key_hash`), but their thoughts."""
    for some in batches(hashes):
        connection.execute(delete(sources).where(sources.c.source.in_(some)))
        connection.execute(delete(read_ahead).where(read_ahead.c.source.in_(some)))


def expire(connection: Connection, source_keys: Sequence[str], at: datetime) -> None:
    """Lets the records of those sources expire that have no thought any more that stands."""
    for some in batches(source_keys):
        of_some = select(thoughts.c.source_key).where(thoughts.c.source_key.in_(some), thoughts.c.state.in_(_STANDING))
        standing = set(connection.execute(of_some).scalars())
        hashes = [key_hash(source_key) for source_key in some if source_key not in standing]
        expiring = update(sources).where(sources.c.source.in_(hashes), sources.c.expires_at.is_(None))
        connection.execute(expiring.values(expires_at=at))


def forget_expired(connection: Connection, now: datetime) -> int:
    """Deletes a batch of expired records, and of the oldest ones beyond a bound; returns how many there were.

    Words on posts that were not pinged are deleted after a day, if they still lie there.
    """
    connection.execute(delete(read_ahead).where(read_ahead.c.fetched_at < now - _LONGEST_AHEAD))
    by_age = select(sources.c.source).where(sources.c.expires_at.is_not(None)).limit(_BATCH)
    expired = by_age.where(sources.c.expires_at <= now)
    beyond = by_age.order_by(sources.c.expires_at.desc()).offset(_MOST_EXPIRING)
    found = [connection.execute(query.with_for_update(skip_locked=True)).scalars().all() for query in (expired, beyond)]
    for hashes in found:
        connection.execute(delete(sources).where(sources.c.source.in_(hashes)))
    return sum(map(len, found))


def posts_linked(connection: Connection, source_key: str, names: Sequence[str]) -> dict[str, tuple[int, bool]]:
    """For each of these names that a post has or had: the post's id, and whether the source was pinged for it.

    A name is a slug, or the key of an old address (`redirects.model`), which begins with a slash.
    """
    found: dict[str, tuple[int, bool]] = {}
    old = redirects.slugs_at(connection, [name for name in names if name.startswith("/")])
    slugs_named = {name for name in names if not name.startswith("/")} | set(old.values())
    for some in batches(list(slugs_named)):
        rows = connection.execute(_LINKED, {"key": source_key, "names": some})
        found |= {row.slug: (row.post_id, row.thought_id is not None) for row in rows}
    return found | {key: found[slug] for key, slug in old.items()}


def targets(connection: Connection, source_key: str) -> list[str]:
    """The addresses that this source was pinged for, as senders wrote them; at most a hundred."""
    query = select(thoughts.c.target).where(thoughts.c.source_key == source_key).distinct()
    return [target for target in connection.execute(query.limit(_MOST_TARGETS)).scalars() if target]


def _posts_of(connection: Connection, source_key: str) -> dict[int, State]:
    """The ids of the posts that this source was pinged for, with the states of its thoughts."""
    query = select(thoughts.c.post_id, thoughts.c.state).where(thoughts.c.source_key == source_key)
    return {row.post_id: row.state for row in connection.execute(query)}


def _names(source_key: str, findings: Findings) -> dict[int, list[str]]:
    """For each post that a source mentions the names under which a moderator may have removed its thought."""
    page, own = findings.page_key, removed.names_of_source(source_key)
    return {
        post_id: own + [name for said in linked.contents for name in names_of(page, said.title, said.excerpt)]
        for post_id in findings.mentions
        if (linked := findings.on(post_id))
    }


def _save_ahead(connection: Connection, source: str, findings: Findings, fetched_at: datetime) -> None:
    """Replaces what a source says on posts that it was not pinged for, and drops the oldest beyond the bound."""
    connection.execute(delete(read_ahead).where(read_ahead.c.source == source))
    if not findings.mentions:
        return
    values = {"source": source, "fetched_at": fetched_at, "findings": findings.as_json()}
    connection.execute(insert(read_ahead), values)
    too_many = select(read_ahead.c.source).order_by(read_ahead.c.fetched_at.desc()).offset(_MOST_AHEAD)
    oldest = connection.execute(too_many.with_for_update(skip_locked=True)).scalars().all()
    connection.execute(delete(read_ahead).where(read_ahead.c.source.in_(oldest)))


@cache
def _upsert(dialect: str) -> Any:
    """The statement of one of the two databases, which say it alike: a site on SQLite never loads the other's."""
    statement = import_module(f"sqlalchemy.dialects.{dialect}").insert(sources)
    return statement.on_conflict_do_update(
        index_elements=["source"], set_={name: statement.excluded[name] for name in _VALUES}
    )
