"""What waits, by kind of job, for an operator."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from feedserver.jobs.model import LONGEST_LEASE
from feedserver.storage.schema import jobs


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
