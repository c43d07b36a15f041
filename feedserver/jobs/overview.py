"""What waits, by kind of job, for an operator."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal_column, select

from feedserver.jobs.model import LONGEST_LEASE
from feedserver.storage.schema import jobs

_TWICE: Final[ColumnElement[int]] = literal_column("2")


@dataclass(frozen=True, slots=True)
class Overview:
    """The jobs of one kind: all of them, those under way, those due that no process has taken, and those that failed
    before; since when the oldest of the due ones is due, when the next of the others is, and the latest error."""

    kind: str
    jobs: int
    under_way: int
    due: int
    failed: int
    due_since: datetime | None
    next_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class OwnJobs:
    """The jobs that depend on no other server: the kinds of those that failed at least twice, and since when the oldest
    due one waits."""

    failing: tuple[str, ...]
    due_since: datetime | None


def own_jobs(connection: Connection, now: datetime) -> OwnJobs:
    """What is wrong with the jobs that depend on no other server. Strangers can make the others fail."""
    fails = case((jobs.c.attempts >= _TWICE, jobs.c.kind))  # the same twice in one statement, so without parameters
    is_due = and_(jobs.c.run_at <= now, jobs.c.leased_until.is_(None))
    query = select(fails, func.min(case((is_due, jobs.c.run_at)))).where(jobs.c.concurrency_key.is_(None))
    rows = connection.execute(query.group_by(fails)).all()
    failing = sorted(kind for kind, _ in rows if kind is not None)
    return OwnJobs(tuple(failing), min((since for _, since in rows if since is not None), default=None))


def by_kind(connection: Connection, now: datetime) -> list[Overview]:
    """An overview of each kind that has jobs, in the order of their names."""
    is_leased = (jobs.c.leased_until > now) & (jobs.c.leased_until <= now + LONGEST_LEASE)
    is_due = jobs.c.run_at <= now
    waits = case((is_leased, None), else_=jobs.c.run_at)
    query = select(
        jobs.c.kind,
        func.count().label("jobs"),
        func.count(case((is_leased, 1))).label("under_way"),
        func.count(case((is_due & (jobs.c.leased_until.is_(None) | ~is_leased), 1))).label("due"),
        func.count(case((jobs.c.attempts > 0, 1))).label("failed"),
        func.min(case((is_due, waits))).label("due_since"),
        func.min(case((~is_due, waits))).label("next_at"),
    )
    rows = connection.execute(query.group_by(jobs.c.kind).order_by(jobs.c.kind)).all()
    return [Overview(**row._mapping, last_error=_last_error(connection, row.kind)) for row in rows]  # noqa: SLF001


def _last_error(connection: Connection, kind: str) -> str | None:
    """The error of the job that was planned last among those that failed."""
    query = select(jobs.c.last_error).where(jobs.c.kind == kind, jobs.c.last_error.is_not(None))
    latest = query.order_by(func.coalesce(jobs.c.planned_at, jobs.c.created_at).desc(), jobs.c.id.desc()).limit(1)
    return connection.execute(latest).scalar()
