"""The SQL of the queue: due jobs, leases, concurrency limits, and leases that ended.

A poll is one read for all kinds and lanes, so that idle processes cost little and never lock SQLite.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnClause,
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
    update,
)

from feedserver.clock import SKEW
from feedserver.jobs import store
from feedserver.jobs.model import BACKGROUND, INTERACTIVE, LONGEST_LEASE, MOST_PER_KEY, ONE_AT_A_TIME, Job, Lane
from feedserver.jobs.retry import pause_after_death
from feedserver.storage.locks import lock_names
from feedserver.storage.schema import jobs

_DIED: Final = "the process that ran it has ended"
_LOCK_KIND: Final = 0x726F6F6D
_RELEASED_AT_ONCE: Final = 100
_ENDED: Final = -1  # instead of an index of `free_slots`: the row is a lease that has ended
_UNDER_WAY = select(func.count()).where(
    jobs.c.concurrency_key == bindparam("key"),
    jobs.c.leased_until > bindparam("now"),
    jobs.c.leased_until <= bindparam("latest"),
)


@dataclass(frozen=True, slots=True)
class FreeSlots:
    """Free slots for one kind and lane. In the lane “first” the oldest and newest jobs alternate: `newest_next`."""

    kind: str
    lane: Lane
    number: int
    newest_next: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A job that was due and free when the queue was polled."""

    id: int
    lane: Lane
    run_at: datetime


@dataclass(frozen=True, slots=True)
class Poll:
    """The result of a poll: jobs to take, and whether leases have ended without a result."""

    candidates: tuple[Candidate, ...]
    any_ended: bool


def poll(connection: Connection, now: datetime, free_slots: Sequence[FreeSlots]) -> Poll:
    """Finds jobs for `free_slots`: due, free, and below the limit of their concurrency key."""
    shape = tuple((slots.kind, slots.lane) for slots in free_slots)
    limits = {f"limit_{index}": slots.number for index, slots in enumerate(free_slots)}
    found: dict[tuple[int, bool], list[Candidate]] = {}
    any_ended = False
    for row in connection.execute(_query(shape), {"now": now, "latest": now + LONGEST_LEASE, **limits}):
        if row.slots == _ENDED:
            any_ended = True
            continue
        candidate = Candidate(row.id, free_slots[row.slots].lane, row.run_at)
        found.setdefault((row.slots, bool(row.newest)), []).append(candidate)
    candidates: list[Candidate] = []
    for index, slots in enumerate(free_slots):
        oldest = sorted(found.get((index, False), []), key=lambda one: (one.run_at, one.id))
        newest = sorted(found.get((index, True), []), key=lambda one: (one.run_at, one.id), reverse=True)
        candidates += _alternate(oldest, newest, slots) if slots.lane == "first" else oldest
    return Poll(tuple(candidates), any_ended)


def lease(connection: Connection, ids: Sequence[int], now: datetime) -> list[Job]:
    """Leases the jobs with these ids, in this order, that are still due, free, and below the limit of their key.

    May be repeated after a deadlock.
    """
    # SQLite has no SKIP LOCKED and needs none: it lets one writer in at a time.
    query = select(jobs).where(jobs.c.id.in_(ids), jobs.c.run_at <= now, jobs.c.leased_until.is_(None))
    free = {row.id: store.job_of(row) for row in connection.execute(query.with_for_update(skip_locked=True))}
    keys = {job.concurrency_key for job in free.values() if job.concurrency_key is not None}
    lock_names(connection, _LOCK_KIND, keys)  # one transaction at a time counts the jobs of a key
    leased: list[Job] = []
    for job_id in ids:
        job = free.get(job_id)
        if job is not None and _is_below_limit(connection, job.concurrency_key, now, job.most_at_once):
            leased.append(store.lease(connection, job, now))
    return leased


def has_room(connection: Connection, concurrency_key: str | None, now: datetime, most: int) -> bool:
    """Whether one more job with this key may run, at most `most` at once. Holds until the transaction ends: a lock
    (PostgreSQL: one per key) makes others wait."""
    if concurrency_key is not None:
        lock_names(connection, _LOCK_KIND, [concurrency_key])
    return _is_below_limit(connection, concurrency_key, now, most)


def _is_below_limit(connection: Connection, concurrency_key: str | None, now: datetime, most: int) -> bool:
    """Whether fewer than `most` jobs with this key are under way. The caller has locked the key."""
    if concurrency_key is None:
        return True
    values = {"key": concurrency_key, "now": now, "latest": now + LONGEST_LEASE}
    return connection.execute(_UNDER_WAY, values).scalar_one() < most


def release_ended(connection: Connection, now: datetime) -> int:
    """Frees jobs whose lease ended without a result; returns how many. Counts a failed attempt for each, as the job may
    have killed its process."""
    is_ended = _has_ended(now, now + LONGEST_LEASE)
    query = select(jobs).where(is_ended).limit(_RELEASED_AT_ONCE).with_for_update(skip_locked=True)
    ended = [store.job_of(row) for row in connection.execute(query)]
    for job in ended:
        connection.execute(
            update(jobs)
            .where(jobs.c.id == job.id)
            .values(
                run_at=now + pause_after_death(job.attempts),
                planned_at=now,
                attempts=job.attempts + 1,
                last_error=_DIED,
                leased_until=None,
                lease_token=None,
            )
        )
    return len(ended)


def bring_back(connection: Connection, now: datetime) -> None:
    """Plans those jobs anew, with the same pauses, that a clock ahead of this one has planned. Reads all jobs."""
    ahead = select(jobs).where(jobs.c.planned_at > now + SKEW).with_for_update(skip_locked=True)
    for job in [store.job_of(row) for row in connection.execute(ahead)]:
        assert job.planned_at is not None, "the query asks for it"
        values = {"run_at": now + (job.run_at - job.planned_at), "planned_at": now}
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(values))


def _has_ended(now: Any, latest: Any) -> ColumnElement[bool]:
    """Whether a lease has ended; one that ends later than any can was given by a clock that was wrong."""
    return or_(jobs.c.leased_until <= now, jobs.c.leased_until > latest)


def _full_keys(most: int) -> CTE:
    """The concurrency keys with `most` jobs under way, or with one that runs alone; read without locks, and checked
    again by `lease`. The branches of a poll share it: there are four for each kind of job."""
    other = jobs.alias("other")
    return (
        select(other.c.concurrency_key)
        .where(
            other.c.leased_until > bindparam("now"),
            other.c.leased_until <= bindparam("latest"),
            other.c.concurrency_key.is_not(null()),
        )
        .group_by(other.c.concurrency_key)
        .having(or_(func.count() >= most, other.c.concurrency_key.startswith(ONE_AT_A_TIME, autoescape=True)))
        .cte(f"full_keys_{most}")
    )


_FULL_KEYS: Final = {most: _full_keys(most) for most in set(MOST_PER_KEY.values())}


@lru_cache(maxsize=16)
def _query(shape: tuple[tuple[str, Lane], ...]) -> Any:
    """One statement with a branch for each kind and lane; each reads an index up to its limit."""
    ended = select(*_columns(_ENDED, newest=False)).where(_has_ended(bindparam("now"), bindparam("latest"))).limit(1)
    branches = [ended]
    for index, (kind, lane) in enumerate(shape):
        branches.append(_branch(index, kind, lane, newest=False))
        if lane == "first":
            branches.append(_branch(index, kind, lane, newest=True))
    return union_all(*(select(branch.subquery()) for branch in branches))


def _branch(index: int, kind: str, lane: Lane, *, newest: bool) -> Select[Any]:
    query = select(*_columns(index, newest=newest)).where(
        jobs.c.kind == _literal(kind),
        jobs.c.priority == _literal(BACKGROUND if lane == "background" else INTERACTIVE),
        jobs.c.run_at <= bindparam("now"),
        jobs.c.leased_until.is_(None),
        or_(jobs.c.concurrency_key.is_(None), jobs.c.concurrency_key.not_in(select(_FULL_KEYS[MOST_PER_KEY[lane]]))),
    )
    if lane != "background":
        query = query.where(jobs.c.attempts == _literal(0) if lane == "first" else jobs.c.attempts > _literal(0))
    order = (jobs.c.run_at.desc(), jobs.c.id.desc()) if newest else (jobs.c.run_at, jobs.c.id)
    return query.order_by(*order).limit(bindparam(f"limit_{index}", type_=Integer))


def _columns(slots: int, *, newest: bool) -> list[Any]:
    return [_literal(slots).label("slots"), _literal(int(newest)).label("newest"), jobs.c.id, jobs.c.run_at]


def _literal(value: int | str) -> ColumnClause[Any]:
    """A number or kind in the SQL itself: as parameters of so many branches they took a fifth of a poll."""
    return literal_column(repr(value))


def _alternate(oldest: Sequence[Candidate], newest: Sequence[Candidate], slots: FreeSlots) -> list[Candidate]:
    """The oldest and the newest alternately, so that a long queue does not delay every later job."""
    chosen: dict[int, Candidate] = {}
    waiting = {False: list(reversed(oldest)), True: list(reversed(newest))}
    turn = slots.newest_next
    while len(chosen) < slots.number and waiting[turn]:
        candidate = waiting[turn].pop()
        chosen[candidate.id] = candidate  # once all are chosen, the same ones come again
        turn = not turn
    return list(chosen.values())
