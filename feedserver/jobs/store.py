"""The SQL of jobs. A job is written in the transaction of the change that it follows from."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, update

from feedserver.jobs.model import AT_LEISURE, AT_ONCE, LEASE, MOST_OF_ONE, Job, Lane, pause_after_death
from feedserver.storage.schema import heartbeats, jobs

_ROOM = 0x726F6F6D  # “room”: the first half of the key of PostgreSQL's advisory locks for parties
_FREE: dict[str, Any] = {"leased_until": None, "lease_token": None, "holder": None}


def ensure(
    connection: Connection,
    kind: str,
    subject: str,
    run_at: datetime,
    now: datetime,
    *,
    concurrency_key: str | None = None,
    priority: int = AT_ONCE,
) -> Job:
    """The one job of this kind and subject, locked until the transaction ends; a new one is due at `run_at`."""
    job = find(connection, kind, subject)
    if job is not None:
        return job
    values = {
        "kind": kind,
        "subject": subject,
        "concurrency_key": concurrency_key,
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


def lease(connection: Connection, job: Job, now: datetime, *, holder: str | None = None) -> Job:
    """Takes a job that nobody holds, for a while. The caller holds its row lock, and has asked for room."""
    lease_token = secrets.token_hex(16)
    values = {"leased_until": now + LEASE, "lease_token": lease_token, "holder": holder}
    row = connection.execute(update(jobs).where(jobs.c.id == job.id).values(values).returning(jobs)).one()
    return _job(row)


def has_room(connection: Connection, concurrency_key: str | None, now: datetime, most: int = MOST_OF_ONE) -> bool:
    """Whether one more job of `party` may be under way. The answer holds until the transaction ends: on PostgreSQL
    whoever asks for the same party waits, on SQLite the writer's lock does the same."""
    if concurrency_key is None:
        return True
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_ROOM, func.hashtext(concurrency_key))))
    return _under_way(connection, concurrency_key, now) < most


def take_due(
    connection: Connection,
    now: datetime,
    kinds: Sequence[str],
    limit: int,
    *,
    lane: Lane = "any",
    newest: bool = False,
    holder: str | None = None,
) -> list[Job]:
    """Leases up to `limit` jobs that are due, that nobody holds and whose party has room.

    Those come first that somebody waits for, and of them the longest waiting, or the `newest`; only those of `lane`.
    May be done again from its start: takers of several parties can wait for each other.
    """
    taken: list[Job] = []
    full: set[str] = set()
    moments = (jobs.c.run_at.desc(), jobs.c.id.desc()) if newest else (jobs.c.run_at, jobs.c.id)
    while len(taken) < limit:
        query = (
            select(jobs)
            .where(_is_due(now, kinds, lane), _is_of_others(full))
            .order_by(jobs.c.priority, *moments)
            .limit(1)
        )
        # On SQLite the writer's lock does the same as SKIP LOCKED.
        row = connection.execute(query.with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            break
        job = _job(row)
        if has_room(connection, job.concurrency_key, now):
            taken.append(lease(connection, job, now, holder=holder))
        elif job.concurrency_key is not None:
            full.add(job.concurrency_key)
    return taken


def anything_due(connection: Connection, now: datetime, kinds: Sequence[str], lane: Lane = "any") -> bool:
    """Whether `take_due` would find something: asked in a read, so that idle workers never lock SQLite."""
    return connection.execute(select(jobs.c.id).where(_is_due(now, kinds, lane)).limit(1)).first() is not None


def held(connection: Connection, job: Job) -> bool:
    """Whether the lease is still ours; locks the job until the transaction ends."""
    query = select(jobs.c.id).where(jobs.c.id == job.id, jobs.c.lease_token == job.lease_token).with_for_update()
    return connection.execute(query).first() is not None


def finish(connection: Connection, job: Job) -> None:
    """The duty is done."""
    connection.execute(delete(jobs).where(jobs.c.id == job.id, jobs.c.lease_token == job.lease_token))


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


def give_back(connection: Connection, job: Job) -> None:
    """Gives the lease back as if it had never been taken: another process may take the job at once."""
    connection.execute(update(jobs).where(jobs.c.id == job.id, jobs.c.lease_token == job.lease_token).values(_FREE))


def holders(connection: Connection, now: datetime) -> set[str]:
    """The names of those who hold leases."""
    query = select(jobs.c.holder).where(jobs.c.leased_until > now, jobs.c.holder.is_not(None)).distinct()
    return set(connection.execute(query).scalars())


def take_from_dead(connection: Connection, holder: str, now: datetime) -> int:
    """Ends the leases of a process that has died; returns how many. Each costs a try and a short growing pause, as
    the job may be what killed it."""
    query = select(jobs).where(jobs.c.holder == holder, jobs.c.leased_until > now).with_for_update()
    dropped = [_job(row) for row in connection.execute(query)]
    for job in dropped:
        values = {"run_at": now + pause_after_death(job.attempts), "attempts": job.attempts + 1} | _FREE
        values["last_error"] = "the process that carried it out has ended"
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(values))
    return len(dropped)


def discard(connection: Connection, kind: str, subject: str) -> None:
    """Takes a duty back that has become needless, held or not: who holds it finds it gone."""
    connection.execute(delete(jobs).where(jobs.c.kind == kind, jobs.c.subject == subject))


def everything(connection: Connection) -> list[Job]:
    """All jobs, the next one first."""
    return [_job(row) for row in connection.execute(select(jobs).order_by(jobs.c.run_at, jobs.c.id))]


def count_of(connection: Connection, concurrency_key: str, priority: int, until: datetime) -> int:
    """How many jobs of a priority burden a party until then."""
    query = select(func.count()).where(
        jobs.c.concurrency_key == concurrency_key, jobs.c.priority == priority, jobs.c.run_at <= until
    )
    return connection.execute(query).scalar_one()


def waiting_of(connection: Connection, concurrency_key: str, most: int) -> int:
    """How many jobs somebody waits for burden a party, counted up to `most`."""
    query = select(jobs.c.id).where(jobs.c.concurrency_key == concurrency_key, jobs.c.priority == AT_ONCE).limit(most)
    return len(connection.execute(query).all())


def count(connection: Connection, kind: str | None = None) -> int:
    query = select(func.count()).select_from(jobs)
    return connection.execute(query if kind is None else query.where(jobs.c.kind == kind)).scalar_one()


def beat(connection: Connection, now: datetime) -> None:
    """Says that jobs are being looked at."""
    if not connection.execute(update(heartbeats).where(heartbeats.c.name == "jobs").values(at=now)).rowcount:
        connection.execute(insert(heartbeats).values(name="jobs", at=now))


def last_beat(connection: Connection) -> datetime | None:
    return connection.execute(select(heartbeats.c.at).where(heartbeats.c.name == "jobs")).scalar_one_or_none()


def _under_way(connection: Connection, concurrency_key: str, now: datetime) -> int:
    query = select(func.count()).where(jobs.c.concurrency_key == concurrency_key, jobs.c.leased_until > now)
    return connection.execute(query).scalar_one()


def _is_due(now: datetime, kinds: Sequence[str], lane: Lane) -> ColumnElement[bool]:
    """Due, free, and of a party that has room, as far as can be seen without waiting for those who take."""
    free = or_(jobs.c.leased_until.is_(None), jobs.c.leased_until <= now)
    other = jobs.alias("other")
    full = (
        select(other.c.concurrency_key)
        .where(other.c.leased_until > now, other.c.concurrency_key.is_not(None))
        .group_by(other.c.concurrency_key)
        .having(func.count() >= MOST_OF_ONE)
    )
    room = or_(jobs.c.concurrency_key.is_(None), jobs.c.concurrency_key.not_in(full))
    return and_(jobs.c.run_at <= now, jobs.c.kind.in_(kinds), *_in_lane(lane), free, room)


def _in_lane(lane: Lane) -> list[ColumnElement[bool]]:
    """Written with `=` where it can be, so that an index yields the jobs of one kind and lane in their order."""
    match lane:
        case "first":
            return [jobs.c.priority == AT_ONCE, jobs.c.attempts == 0]
        case "again":
            return [jobs.c.priority == AT_ONCE, jobs.c.attempts > 0]
        case "leisure":
            return [jobs.c.priority == AT_LEISURE]
        case "any":
            return []


def _is_of_others(parties: set[str]) -> ColumnElement[bool]:
    return or_(jobs.c.concurrency_key.is_(None), jobs.c.concurrency_key.not_in(parties))


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        run_at=row.run_at,
        attempts=row.attempts,
        created_at=row.created_at,
        leased_until=row.leased_until,
        lease_token=row.lease_token,
        last_error=row.last_error,
        priority=row.priority,
        concurrency_key=row.concurrency_key,
    )
