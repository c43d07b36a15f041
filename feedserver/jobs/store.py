"""The SQL of jobs. A job is written in the transaction of the change that it follows from."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, update

from feedserver.jobs.model import AT_ONCE, LEASE, Job
from feedserver.storage.schema import heartbeats, jobs


def ensure(
    connection: Connection, kind: str, subject: str, run_at: datetime, now: datetime, priority: int = AT_ONCE
) -> Job:
    """The one job of this kind and subject, locked until the transaction ends; a new one is due at `run_at`."""
    job = find(connection, kind, subject)
    if job is not None:
        return job
    values = {
        "kind": kind,
        "subject": subject,
        "run_at": run_at,
        "attempts": 0,
        "created_at": now,
        "priority": priority,
    }
    row = connection.execute(insert(jobs).values(values).returning(jobs)).one()
    return _job(row)


def find(connection: Connection, kind: str, subject: str) -> Job | None:
    """The job of this kind and subject, locked until the transaction ends."""
    query = select(jobs).where(jobs.c.kind == kind, jobs.c.subject == subject).with_for_update()
    row = connection.execute(query).one_or_none()
    return _job(row) if row else None


def bring_forward(connection: Connection, job: Job, run_at: datetime) -> Job:
    """Lets a job that waits for its time come earlier, with one try more: now somebody waits for it.

    The caller holds its row lock.
    """
    values = {"run_at": run_at, "attempts": max(0, job.attempts - 1), "priority": AT_ONCE}
    row = connection.execute(update(jobs).where(jobs.c.id == job.id).values(values).returning(jobs)).one()
    return _job(row)


def lease(connection: Connection, job: Job, now: datetime) -> Job:
    """Takes a job that nobody holds, for a while. The caller holds its row lock."""
    token = secrets.token_hex(16)
    values = {"leased_until": now + LEASE, "token": token}
    row = connection.execute(update(jobs).where(jobs.c.id == job.id).values(values).returning(jobs)).one()
    return _job(row)


def take_due(connection: Connection, now: datetime, kinds: Sequence[str], limit: int) -> list[Job]:
    """Leases up to `limit` jobs that are due and that nobody holds: those first that somebody waits for, and
    of them the longest waiting."""
    query = (
        select(jobs)
        .where(_is_due(now, kinds))
        .order_by(jobs.c.priority, jobs.c.run_at, jobs.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # on SQLite the writer's lock does the same
    )
    return [lease(connection, _job(row), now) for row in connection.execute(query).all()]


def anything_due(connection: Connection, now: datetime, kinds: Sequence[str]) -> bool:
    """Whether `take_due` would find something: asked in a read, so that idle workers never lock SQLite."""
    return connection.execute(select(jobs.c.id).where(_is_due(now, kinds)).limit(1)).first() is not None


def held(connection: Connection, job: Job) -> bool:
    """Whether the lease is still ours; locks the job until the transaction ends."""
    query = select(jobs.c.id).where(jobs.c.id == job.id, jobs.c.token == job.token).with_for_update()
    return connection.execute(query).first() is not None


def finish(connection: Connection, job: Job) -> None:
    """The duty is done."""
    connection.execute(delete(jobs).where(jobs.c.id == job.id, jobs.c.token == job.token))


def postpone(
    connection: Connection,
    job: Job,
    run_at: datetime,
    *,
    attempts: int,
    error: str | None,
    priority: int | None = None,
) -> None:
    """Gives the lease back; the job is due again at `run_at`, with its old priority unless given another."""
    values = {"run_at": run_at, "attempts": attempts, "last_error": error, "leased_until": None, "token": None}
    if priority is not None:
        values["priority"] = priority
    connection.execute(update(jobs).where(jobs.c.id == job.id, jobs.c.token == job.token).values(values))


def discard(connection: Connection, kind: str, subject: str) -> None:
    """Takes a duty back that has become needless, held or not: who holds it finds it gone."""
    connection.execute(delete(jobs).where(jobs.c.kind == kind, jobs.c.subject == subject))


def everything(connection: Connection) -> list[Job]:
    """All jobs, the next one first."""
    return [_job(row) for row in connection.execute(select(jobs).order_by(jobs.c.run_at, jobs.c.id))]


def count(connection: Connection, kind: str | None = None) -> int:
    query = select(func.count()).select_from(jobs)
    return connection.execute(query if kind is None else query.where(jobs.c.kind == kind)).scalar_one()


def beat(connection: Connection, now: datetime) -> None:
    """Says that jobs are being looked at."""
    if not connection.execute(update(heartbeats).where(heartbeats.c.name == "jobs").values(at=now)).rowcount:
        connection.execute(insert(heartbeats).values(name="jobs", at=now))


def last_beat(connection: Connection) -> datetime | None:
    return connection.execute(select(heartbeats.c.at).where(heartbeats.c.name == "jobs")).scalar_one_or_none()


def _is_due(now: datetime, kinds: Sequence[str]) -> ColumnElement[bool]:
    free = or_(jobs.c.leased_until.is_(None), jobs.c.leased_until <= now)
    return and_(jobs.c.run_at <= now, jobs.c.kind.in_(kinds), free)


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        run_at=row.run_at,
        attempts=row.attempts,
        leased_until=row.leased_until,
        token=row.token,
        last_error=row.last_error,
        priority=row.priority,
    )
