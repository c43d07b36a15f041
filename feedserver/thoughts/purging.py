"""Removing a host for good: its thoughts with their texts and timelines, what its pages said, and its jobs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, delete, func, select

from feedserver.storage import site
from feedserver.storage.engine import Database
from feedserver.storage.schema import acts_before, jobs, sources, thought_events, thoughts
from feedserver.thoughts import acts
from feedserver.thoughts.hosts import below
from feedserver.thoughts.relooking import VERIFY


@dataclass(frozen=True, slots=True)
class Stored:
    """How much there is from a host, subdomains included."""

    thoughts: int
    shown: int
    pages: int
    jobs: int


def stored(connection: Connection, host: str) -> Stored:
    """What a purge would remove."""
    theirs = below(thoughts.c.host, host)
    total = select(func.count()).select_from(thoughts).where(theirs)
    pages = select(func.count(thoughts.c.page.distinct())).where(theirs)
    duties = select(func.count()).select_from(jobs).where(jobs.c.kind == VERIFY, jobs.c.subject.in_(_pages(host)))
    return Stored(
        thoughts=connection.execute(total).scalar_one(),
        shown=connection.execute(total.where(thoughts.c.state == "shown")).scalar_one(),
        pages=connection.execute(pages).scalar_one(),
        jobs=connection.execute(duties).scalar_one(),
    )


def purge(database: Database, host: str, now: datetime) -> Stored:
    """Removes all that there is from a host. Returns how much it was; this cannot be taken back."""

    def deed(connection: Connection) -> Stored:
        removed = stored(connection, host)
        if not removed.thoughts:
            return removed
        theirs = select(thoughts.c.id).where(below(thoughts.c.host, host))
        # Jobs first, as looks lock them: one that is under way finds its duty gone.
        connection.execute(delete(jobs).where(jobs.c.kind == VERIFY, jobs.c.subject.in_(_pages(host))))
        connection.execute(delete(sources).where(sources.c.page.in_(_pages(host))))
        connection.execute(delete(acts_before).where(acts_before.c.thought_id.in_(theirs)))
        connection.execute(delete(thought_events).where(thought_events.c.thought_id.in_(theirs)))
        connection.execute(delete(thoughts).where(below(thoughts.c.host, host)))
        acts.forget_empty(connection)
        acts.add(connection, acts.PURGE, (), now, host)
        if removed.shown:
            site.revise(connection)
        return removed

    return database.transact(deed)


def _pages(host: str) -> Select[tuple[str]]:
    return select(thoughts.c.page).where(below(thoughts.c.host, host))
