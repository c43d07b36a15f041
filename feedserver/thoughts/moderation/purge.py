"""Removing a host for good: its thoughts with their texts and timelines, what its pages said, and its jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from feedserver.storage import revision
from feedserver.storage.batches import batches
from feedserver.storage.engine import Database
from feedserver.storage.schema import jobs, moderation_undo, sources, thought_events, thoughts
from feedserver.thoughts.moderation import undo
from feedserver.thoughts.moderation.hosts import below
from feedserver.thoughts.verification.recheck import VERIFY


@dataclass(frozen=True, slots=True)
class Stored:
    """How much there is from a host, subdomains included."""

    thoughts: int
    shown: int
    source_keys: int
    jobs: int


def stored(connection: Connection, host: str) -> Stored:
    """What a purge would remove."""
    return _count(connection, _theirs(connection, host))


def purge(database: Database, host: str, now: datetime) -> Stored:
    """Removes all that there is from a host. Returns how much it was; this cannot be taken back."""

    def deed(connection: Connection) -> Stored:
        theirs = _theirs(connection, host)
        if not theirs:
            return Stored(0, 0, 0, 0)
        removed = _count(connection, theirs)
        # Jobs first, as looks lock them: one that is under way finds its duty gone.
        for source_keys in batches(_pages(theirs)):
            connection.execute(delete(jobs).where(jobs.c.kind == VERIFY, jobs.c.subject.in_(source_keys)))
            connection.execute(delete(sources).where(sources.c.source_key.in_(source_keys)))
        if removed.shown:
            revision.revise(connection)
        for ids in batches([thought.id for thought in theirs]):
            connection.execute(delete(moderation_undo).where(moderation_undo.c.thought_id.in_(ids)))
            connection.execute(delete(thought_events).where(thought_events.c.thought_id.in_(ids)))
            connection.execute(delete(thoughts).where(thoughts.c.id.in_(ids)))
        undo.forget_empty(connection)
        undo.add(connection, undo.PURGE, (), now, host)
        return removed

    return database.transact(deed)


def _theirs(connection: Connection, host: str) -> Sequence[Any]:
    """Id, page and state of each thought of a host: looked for once, as hosts below it are found in no index."""
    query = select(thoughts.c.id, thoughts.c.source_key, thoughts.c.state).where(below(thoughts.c.host, host))
    return connection.execute(query.order_by(thoughts.c.id)).all()


def _count(connection: Connection, theirs: Sequence[Any]) -> Stored:
    source_keys = _pages(theirs)
    duties = select(func.count()).select_from(jobs).where(jobs.c.kind == VERIFY)
    return Stored(
        thoughts=len(theirs),
        shown=sum(thought.state == "shown" for thought in theirs),
        source_keys=len(source_keys),
        jobs=sum(
            connection.execute(duties.where(jobs.c.subject.in_(some))).scalar_one() for some in batches(source_keys)
        ),
    )


def _pages(theirs: Sequence[Any]) -> list[str]:
    return sorted({thought.source_key for thought in theirs})
