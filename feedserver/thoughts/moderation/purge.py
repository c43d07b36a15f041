"""Deletes everything from a host: its thoughts with their timelines, findings about its pages, and its jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from feedserver.storage import revision
from feedserver.storage.batches import batches
from feedserver.storage.engine import Database
from feedserver.storage.schema import jobs, thoughts
from feedserver.thoughts import deletion, removed
from feedserver.thoughts.moderation import undo
from feedserver.thoughts.moderation.hosts import below
from feedserver.thoughts.source.identity import key_hash
from feedserver.thoughts.verification import sources
from feedserver.thoughts.verification.recheck import VERIFY


@dataclass(frozen=True, slots=True)
class StoredCounts:
    """How much is stored from a host and its subdomains."""

    thoughts: int
    shown: int
    source_keys: int
    jobs: int


def stored(connection: Connection, host: str) -> StoredCounts:
    """Counts everything that a purge would delete."""
    return _count(connection, _thoughts_of(connection, host))


def purge(database: Database, host: str, now: datetime) -> StoredCounts:
    """Deletes everything from a host and its subdomains. Returns how much it was. Cannot be undone.

    What a moderator had removed before is still known, by a keyed hash, when it is pinged again.
    """

    def operation(connection: Connection) -> StoredCounts:
        found = _thoughts_of(connection, host)
        if not found:
            return StoredCounts(0, 0, 0, 0)
        counts = _count(connection, found)
        # Jobs first, as inspections lock them first: a running one finds its job gone.
        for source_keys in batches(_source_keys(found)):
            connection.execute(delete(jobs).where(jobs.c.kind == VERIFY, jobs.c.subject.in_(source_keys)))
        sources.forget(connection, [key_hash(source_key) for source_key in _source_keys(found)])
        if counts.shown:
            revision.revise(connection)
        removed.remember(connection, found, now)
        deletion.delete_all(connection, [thought.id for thought in found])
        undo.remove_empty(connection)
        undo.add(connection, undo.PURGE, (), now, host=host)
        return counts

    return database.transact(operation)


def _thoughts_of(connection: Connection, host: str) -> Sequence[Any]:
    """Id and `removed.READ` of each thought. One query only, as no index finds subdomains."""
    query = select(thoughts.c.id, *(thoughts.c[name] for name in removed.READ)).where(below(thoughts.c.host, host))
    return connection.execute(query.order_by(thoughts.c.id)).all()


def _count(connection: Connection, found: Sequence[Any]) -> StoredCounts:
    source_keys = _source_keys(found)
    query = select(func.count()).select_from(jobs).where(jobs.c.kind == VERIFY)
    return StoredCounts(
        thoughts=len(found),
        shown=sum(thought.state == "shown" for thought in found),
        source_keys=len(source_keys),
        jobs=sum(
            connection.execute(query.where(jobs.c.subject.in_(batch))).scalar_one() for batch in batches(source_keys)
        ),
    )


def _source_keys(found: Sequence[Any]) -> list[str]:
    return sorted({thought.source_key for thought in found})
