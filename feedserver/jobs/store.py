"""The SQL of single jobs and of the heartbeat. A job is written in the transaction of the change that it follows from.

What is due, and who takes it: `queue`.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from feedserver.jobs.model import INTERACTIVE, LEASE, Job
from feedserver.storage.schema import heartbeats, jobs

_FREE: Final[dict[str, Any]] = {"leased_until": None, "lease_token": None}
_FIND = select(jobs).where(jobs.c.kind == bindparam("kind"), jobs.c.subject == bindparam("subject")).with_for_update()
_INSERT = insert(jobs).returning(jobs.c.id)
_LEASED = (jobs.c.id == bindparam("job"), jobs.c.lease_token == bindparam("token"))
_IS_HELD = select(jobs.c.id).where(*_LEASED).with_for_update()
_FINISH = delete(jobs).where(*_LEASED)


def ensure(
    connection: Connection,
    kind: str,
    subject: str,
    run_at: datetime,
    now: datetime,
    *,
    concurrency_key: str | None = None,
    priority: int = INTERACTIVE,
) -> Job:
    """The one job of this kind and subject, locked until the transaction ends; a new one is due at `run_at`."""
    job = find(connection, kind, subject)
    if job is not None:
        return job
    return add(connection, kind, subject, run_at, now, concurrency_key=concurrency_key, priority=priority)


def add(
    connection: Connection,
    kind: str,
    subject: str,
    run_at: datetime,
    now: datetime,
    *,
    concurrency_key: str | None = None,
    priority: int = INTERACTIVE,
    leased_until: datetime | None = None,
) -> Job:
    """Writes a new job that `find` has not found; leased to the caller where `leased_until` is given."""
    values: dict[str, Any] = {
        "kind": kind,
        "subject": subject,
        "concurrency_key": concurrency_key,
        "run_at": run_at,
        "attempts": 0,
        "created_at": now,
        "priority": priority,
        "leased_until": leased_until,
        "lease_token": _new_token() if leased_until else None,
    }
    return Job(id=connection.execute(_INSERT, values).scalar_one(), **values)


def find(connection: Connection, kind: str, subject: str) -> Job | None:
    """The job of this kind and subject, locked until the transaction ends."""
    row = connection.execute(_FIND, {"kind": kind, "subject": subject}).one_or_none()
    return job_of(row) if row else None


def bring_forward(connection: Connection, job: Job, run_at: datetime) -> Job:
    """Makes a waiting job interactive and due earlier, with one attempt more. The caller holds its row lock."""
    values = {"run_at": run_at, "attempts": max(0, job.attempts - 1), "priority": INTERACTIVE}
    row = connection.execute(update(jobs).where(jobs.c.id == job.id).values(values).returning(jobs)).one()
    return job_of(row)


def lease(connection: Connection, job: Job, now: datetime) -> Job:
    """Leases a free job to the caller, who holds its row lock and has counted its concurrency key."""
    values = {"leased_until": now + LEASE, "lease_token": _new_token()}
    row = connection.execute(update(jobs).where(jobs.c.id == job.id).values(values).returning(jobs)).one()
    return job_of(row)


def renew(connection: Connection, tokens: Sequence[str], now: datetime) -> None:
    """Lets the leases with these tokens last for `LEASE` from now on; lost ones stay lost."""
    connection.execute(update(jobs).where(jobs.c.lease_token.in_(tokens)).values(leased_until=now + LEASE))


def held(connection: Connection, job: Job) -> bool:
    """Whether the lease is still the caller's; locks the job until the transaction ends."""
    return connection.execute(_IS_HELD, {"job": job.id, "token": job.lease_token}).first() is not None


def finish(connection: Connection, job: Job) -> None:
    """Deletes a job that is done."""
    connection.execute(_FINISH, {"job": job.id, "token": job.lease_token})


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
    values = {"run_at": run_at, "attempts": attempts, "last_error": error} | _FREE
    if priority is not None:
        values["priority"] = priority
    connection.execute(update(jobs).where(jobs.c.id == job.id, jobs.c.lease_token == job.lease_token).values(values))


def give_back(connection: Connection, tokens: Sequence[str]) -> None:
    """Gives leases back as if they had never been taken: another process may take the jobs at once."""
    connection.execute(update(jobs).where(jobs.c.lease_token.in_(tokens)).values(_FREE))


def discard(connection: Connection, kind: str, subject: str) -> None:
    """Deletes a job that is not needed any more, leased or not; a result that comes later is void."""
    connection.execute(delete(jobs).where(jobs.c.kind == kind, jobs.c.subject == subject))


def everything(connection: Connection) -> list[Job]:
    """All jobs, the next one first."""
    return [job_of(row) for row in connection.execute(select(jobs).order_by(jobs.c.run_at, jobs.c.id))]


def count_of(connection: Connection, concurrency_key: str, priority: int, until: datetime) -> int:
    """How many jobs of one key and priority are due before `until`."""
    query = select(func.count()).where(
        jobs.c.concurrency_key == concurrency_key, jobs.c.priority == priority, jobs.c.run_at <= until
    )
    return connection.execute(query).scalar_one()


def waiting_of(connection: Connection, concurrency_key: str, most: int) -> int:
    """How many interactive jobs one key has, counted up to `most`."""
    waiting = select(jobs.c.id).where(jobs.c.concurrency_key == concurrency_key, jobs.c.priority == INTERACTIVE)
    return connection.execute(select(func.count()).select_from(waiting.limit(most).subquery())).scalar_one()


def beat(connection: Connection, now: datetime) -> None:
    """Notes that a worker polls for jobs."""
    if not connection.execute(update(heartbeats).where(heartbeats.c.name == "jobs").values(at=now)).rowcount:
        connection.execute(insert(heartbeats).values(name="jobs", at=now))


def last_beat(connection: Connection) -> datetime | None:
    return connection.execute(select(heartbeats.c.at).where(heartbeats.c.name == "jobs")).scalar_one_or_none()


def job_of(row: Row[Any]) -> Job:
    return Job(**row._mapping)  # noqa: SLF001 - documented


def _new_token() -> str:
    return secrets.token_hex(16)
