"""The SQL of single jobs; `queue` polls and leases.

A job is written in the transaction of the change that causes it.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, insert, select, update

from feedserver.jobs.model import INTERACTIVE, LEASE, Job
from feedserver.storage.batches import rows_among
from feedserver.storage.schema import jobs

_FREE: Final[dict[str, Any]] = {"leased_until": None, "lease_token": None}
_FIND = select(jobs).where(jobs.c.kind == bindparam("kind"), jobs.c.subject == bindparam("subject")).with_for_update()
_INSERT = insert(jobs).returning(jobs.c.id)
_LEASED = (jobs.c.id == bindparam("job"), jobs.c.lease_token == bindparam("token"))
_IS_HELD = select(jobs.c.id).where(*_LEASED).with_for_update()
_FINISH = delete(jobs).where(*_LEASED)
_SET = update(jobs).where(jobs.c.id == bindparam("job"))  # the columns to set are those of the parameters
_SET_HELD = update(jobs).where(*_LEASED)


def ensure(
    connection: Connection,
    kind: str,
    subject: str,
    run_at: datetime,
    now: datetime,
    *,
    concurrency_key: str | None = None,
    priority: int = INTERACTIVE,
    is_fixed: bool = False,
) -> Job:
    """The job of this kind and subject, locked until the transaction ends; a new one is due at `run_at`."""
    job = find(connection, kind, subject)
    if job is not None:
        return job
    return add(
        connection,
        kind,
        subject,
        run_at,
        now,
        concurrency_key=concurrency_key,
        priority=priority,
        is_fixed=is_fixed,
    )


def add(
    connection: Connection,
    kind: str,
    subject: str,
    run_at: datetime,
    now: datetime,
    *,
    concurrency_key: str | None = None,
    priority: int = INTERACTIVE,
    is_fixed: bool = False,
) -> Job:
    """Writes a new job that `find` has not found. `is_fixed`: `run_at` is a date that an author has given."""
    values: dict[str, Any] = {
        "kind": kind,
        "subject": subject,
        "concurrency_key": concurrency_key,
        "run_at": run_at,
        "attempts": 0,
        "created_at": now,
        "planned_at": None if is_fixed else now,
        "priority": priority,
    }
    return Job(id=connection.execute(_INSERT, values).scalar_one(), **values)


def find(connection: Connection, kind: str, subject: str) -> Job | None:
    """The job of this kind and subject, locked until the transaction ends."""
    row = connection.execute(_FIND, {"kind": kind, "subject": subject}).one_or_none()
    return job_of(row) if row else None


def bring_forward(connection: Connection, job: Job, run_at: datetime, now: datetime) -> Job:
    """Makes a waiting job interactive, due earlier, and allows it one more attempt. The caller holds its row lock.

    A job that was tried stays in the lane of those, or strangers could put their retries among first attempts.
    """
    attempts = job.attempts - 1 if job.attempts > 1 else job.attempts
    values: dict[str, Any] = {"run_at": run_at, "planned_at": now, "attempts": attempts, "priority": INTERACTIVE}
    connection.execute(_SET, {"job": job.id, **values})
    return replace(job, **values)


def lease(connection: Connection, job: Job, now: datetime) -> Job:
    """Leases a free job to the caller, which holds its row lock and has checked the limit of its key."""
    leased_until, lease_token = now + LEASE, secrets.token_hex(16)
    connection.execute(_SET, {"job": job.id, "leased_until": leased_until, "lease_token": lease_token})
    return replace(job, leased_until=leased_until, lease_token=lease_token)


def renew(connection: Connection, leased: Sequence[Job], now: datetime) -> None:
    """Renews these leases for `LEASE` from now on; lost ones stay lost."""
    connection.execute(update(jobs).where(*_are_held(leased)).values(leased_until=now + LEASE))


def held(connection: Connection, job: Job) -> bool:
    """Whether the caller still has the lease; locks the job until the transaction ends."""
    return connection.execute(_IS_HELD, {"job": job.id, "token": job.lease_token}).first() is not None


def finish(connection: Connection, job: Job) -> None:
    """Deletes a job that is done."""
    connection.execute(_FINISH, {"job": job.id, "token": job.lease_token})


def postpone(
    connection: Connection,
    job: Job,
    run_at: datetime,
    now: datetime,
    *,
    attempts: int,
    error: str | None,
    priority: int | None = None,
    concurrency_key: str | None = None,
) -> None:
    """Gives the lease back; the job is due again at `run_at`, with its old priority and key unless given others."""
    values: dict[str, Any] = {"run_at": run_at, "planned_at": now, "attempts": attempts, "last_error": error} | _FREE
    if priority is not None:  # else it stays: a ping may have made the job interactive meanwhile
        values["priority"] = priority
    if concurrency_key is not None:
        values["concurrency_key"] = concurrency_key
    connection.execute(_SET_HELD, {"job": job.id, "token": job.lease_token, **values})


def give_back(connection: Connection, leased: Sequence[Job]) -> None:
    """Gives leases back without counting an attempt: another process may take the jobs at once."""
    connection.execute(update(jobs).where(*_are_held(leased)).values(_FREE))


def discard(connection: Connection, kind: str, subject: str) -> None:
    """Deletes a job that is no longer needed, leased or not; a later result is ignored."""
    connection.execute(delete(jobs).where(jobs.c.kind == kind, jobs.c.subject == subject))


def free_all(connection: Connection) -> None:
    """Ends all leases: whoever had them does not work on this copy of the database."""
    connection.execute(update(jobs).values(_FREE))


def everything(connection: Connection) -> list[Job]:
    """All jobs, the next one first."""
    return [job_of(row) for row in connection.execute(select(jobs).order_by(jobs.c.run_at, jobs.c.id))]


def among(connection: Connection, kind: str, subjects: Sequence[str]) -> list[Job]:
    """The jobs of a kind about some subjects."""
    query = select(jobs).where(jobs.c.kind == kind).order_by(jobs.c.id)
    return [job_of(row) for row in rows_among(connection, query, jobs.c.subject, subjects)]


def count_due(connection: Connection, now: datetime) -> int:
    """How many jobs are due and not under way."""
    query = select(func.count()).where(jobs.c.run_at <= now, jobs.c.leased_until.is_(None))
    return connection.execute(query).scalar_one()


def count_of(connection: Connection, concurrency_key: str, priority: int, until: datetime) -> int:
    """How many jobs of one key and priority are due before `until`."""
    query = select(func.count()).where(
        jobs.c.concurrency_key == concurrency_key, jobs.c.priority == priority, jobs.c.run_at <= until
    )
    return connection.execute(query).scalar_one()


def count_planned(connection: Connection, concurrency_key: str, after: datetime, until: datetime) -> int:
    """How many jobs of one key are due after one moment, and until another."""
    query = select(func.count()).where(
        jobs.c.concurrency_key == concurrency_key, jobs.c.run_at > after, jobs.c.run_at <= until
    )
    return connection.execute(query).scalar_one()


def job_of(row: Row[Any]) -> Job:
    return Job(**row._mapping)  # noqa: SLF001 - documented


def _are_held(leased: Sequence[Job]) -> list[ColumnElement[bool]]:
    """By id too: no index finds a token, and a renewal holds SQLite's writer lock."""
    return [jobs.c.id.in_([job.id for job in leased]), jobs.c.lease_token.in_([job.lease_token for job in leased])]
