"""Who gets a slot: no source site takes them all, no crowd delays others, and what failed before waits apart."""

import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from feedserver.jobs import queue
from feedserver.jobs.model import BACKGROUND, INTERACTIVE, LANES, LEASE, MAX_PER_KEY, Job
from feedserver.jobs.queue import FreeSlots
from feedserver.jobs.worker import BACKGROUND_SLOTS, SLOTS, Worker
from tests.jobs.conftest import Desk, RunnerWith, StartWorker
from tests.support.outside import Clock
from tests.support.statements import record_statements
from tests.support.waiting import SECONDS, together, wait_until


def test_one_key_never_has_more_than_its_share_and_others_are_served_behind_it(desk: Desk) -> None:
    for number in range(3 * MAX_PER_KEY):
        desk.add(f"crowd {number:02}", concurrency_key="crowd.example")
    desk.add("other", concurrency_key="other.example")
    desk.add("ours")

    taken = desk.take(99, lanes=("again", "first"))

    assert {job.subject for job in taken} == {"other", "ours"} | {
        job.subject for job in taken if job.concurrency_key == "crowd.example"
    }
    assert len(taken) == MAX_PER_KEY + 2
    assert desk.take(99) == []
    assert not desk.due("work"), "idle processes need not try"
    desk.finish(next(job for job in taken if job.concurrency_key == "crowd.example"))
    assert [job.concurrency_key for job in desk.take(99)] == ["crowd.example"]


def test_a_crowd_that_is_found_first_is_out_of_the_way_at_the_next_poll(desk: Desk) -> None:
    for number in range(2 * SLOTS):
        desk.add(str(number), concurrency_key="crowd.example")
    desk.add("other", concurrency_key="other.example", seconds=1)
    desk.clock.move(seconds=1)

    taken = [desk.take(2, lanes=("first",)) for _ in range(4)]

    assert [len(jobs) for jobs in taken] == [2, 2, 1, 0]
    assert "other" in {job.subject for jobs in taken for job in jobs}


@pytest.mark.parametrize(("crowd", "other"), [("crowd.example", None), (None, "other.example")])
def test_a_crowd_with_or_without_a_key_hides_no_other_job(desk: Desk, crowd: str | None, other: str | None) -> None:
    for number in range(MAX_PER_KEY):
        desk.add(str(number), concurrency_key=crowd)
    assert len(desk.take(99)) == MAX_PER_KEY

    desk.add("other", concurrency_key=other)

    assert [job.subject for job in desk.take()] == ["other"]


def test_a_lease_that_has_ended_takes_no_share(desk: Desk) -> None:
    for number in range(2 * MAX_PER_KEY):
        desk.add(str(number), concurrency_key="crowd.example")
    assert len(desk.take(99)) == MAX_PER_KEY

    desk.clock.move(seconds=LEASE.total_seconds())

    assert len(desk.take(99)) == MAX_PER_KEY


def test_a_lease_that_has_ended_leaves_room_for_a_sender_who_waits(desk: Desk) -> None:
    def has_room() -> bool:
        with desk.database.write() as connection:
            return queue.has_room(connection, "crowd.example", desk.clock(), 1)

    desk.add("a", concurrency_key="crowd.example")
    desk.take()
    assert not has_room()

    desk.clock.move(seconds=LEASE.total_seconds())

    assert has_room()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_transactions_that_ask_for_room_under_one_key_go_one_after_the_other(desk: Desk) -> None:
    def has_room(connection: Connection, concurrency_key: str | None) -> bool:
        return queue.has_room(connection, concurrency_key, desk.clock(), 1)

    with desk.database.write() as first:
        assert has_room(first, "crowd.example")

        with desk.database.write(lock_timeout=0.1) as another:
            assert has_room(another, "other.example")
        with pytest.raises(OperationalError), desk.database.write(lock_timeout=0.1) as another:
            has_room(another, "crowd.example")


def test_a_job_without_a_key_has_room_unasked(desk: Desk) -> None:
    with desk.database.write() as connection:
        statements = record_statements(desk.database.engine)

        assert queue.has_room(connection, None, desk.clock(), 0)

    assert statements == []


def test_the_share_holds_when_many_processes_take_at_once(desk: Desk) -> None:
    for number in range(40):
        desk.add(str(number), concurrency_key="crowd.example")
    taken: list[Job] = []

    def take() -> None:
        for _ in range(4):
            taken.extend(desk.take())

    together(*[take] * 6)

    taken += desk.take(99)  # two that want the same job get one between them

    assert len(taken) == MAX_PER_KEY


def test_each_key_is_locked_once_in_one_order(desk: Desk) -> None:
    for number, key in enumerate(("b.example", "a.example", "b.example", None)):
        desk.add(str(number), concurrency_key=key)
    statements = record_statements(desk.database.engine)
    locked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "pg_advisory_xact_lock" in statement:
            locked.extend(value for value in parameters.values() if isinstance(value, str))

    event.listen(desk.database.engine, "before_cursor_execute", note)

    assert len(desk.take(9)) == 4
    assert locked == ([] if desk.database.is_sqlite else ["a.example", "b.example"])
    counts = [statement for statement in statements if statement.startswith("SELECT count(")]
    assert len(counts) == 3, "a job without a key has no limit, so that nothing is counted for it"


def test_first_attempts_repeated_ones_and_background_jobs_are_taken_apart(desk: Desk) -> None:
    desk.add("failed")
    desk.postpone(desk.take()[0])
    desk.add("new")
    desk.add("recheck", priority=BACKGROUND)

    assert [job.subject for job in desk.take(9, lanes=("first",))] == ["new"]
    assert [job.subject for job in desk.take(9, lanes=("again",))] == ["failed"]
    assert [job.subject for job in desk.take(9, lanes=("background",))] == ["recheck"]


def test_first_attempts_are_taken_oldest_and_newest_in_turns(desk: Desk) -> None:
    for number in range(6):
        desk.add(str(number), seconds=number)
    desk.clock.move(seconds=4)

    assert [job.subject for job in desk.take_wanted(FreeSlots("work", "first", 3))] == ["0", "4", "1"]
    assert [job.subject for job in desk.take_wanted(FreeSlots("work", "first", 9, newest_next=True))] == ["3", "2"]


def test_only_first_attempts_are_read_from_both_ends_and_no_branch_without_bound(desk: Desk) -> None:
    polls = record_statements(desk.database.engine)

    for lane in LANES:
        desk.take(lanes=(lane,))

    branches = [poll.count("UNION ALL") + 1 for poll in polls if poll.startswith("SELECT")]
    assert branches == [3 if lane == "first" else 2 for lane in LANES], "one finds leases that have ended"
    assert [poll.count("LIMIT") for poll in polls if poll.startswith("SELECT")] == branches


def test_a_poll_brings_the_rows_of_its_one_query_in_order() -> None:
    now = Clock()()
    later = now + timedelta(seconds=1)

    class Unordered:
        def execute(self, *_: object) -> list[Any]:
            return [
                SimpleNamespace(slots=0, newest=newest, id=number, priority=INTERACTIVE, run_at=run_at)
                for newest in (0, 1)
                for number, run_at in ((2, now), (3, later), (1, now))
            ]

    found = queue.poll(cast(Connection, Unordered()), later, [FreeSlots("work", "first", 3)])

    assert [candidate.id for candidate in found.candidates] == [1, 3, 2]


def test_jobs_that_failed_before_and_hang_keep_no_first_attempt_waiting(
    desk: Desk, runner_with: RunnerWith, started: StartWorker
) -> None:
    gate, hanging = threading.Event(), threading.Semaphore(0)

    def work(job: Job) -> None:
        if job.attempts:
            hanging.release()
            assert gate.wait(SECONDS)
        desk.finish(job)

    for number in range(SLOTS + 3):
        desk.add(str(number))
    for job in desk.take(99):
        desk.postpone(job)
    started(runner_with(work=work))
    for _ in range(SLOTS):
        assert hanging.acquire(timeout=SECONDS)

    desk.add("new")
    try:
        wait_until(lambda: "new" not in desk.subjects())
    finally:
        gate.set()


def test_background_jobs_have_few_slots_full_deadlines_and_keep_no_first_attempt_waiting(
    desk: Desk, runner_with: RunnerWith, started: StartWorker
) -> None:
    gate, begun = threading.Event(), []

    def work(job: Job) -> None:
        if job.priority == BACKGROUND:
            begun.append(job.short_deadline)
            assert gate.wait(SECONDS)
        desk.finish(job)

    for number in range(SLOTS + 3):
        desk.add(str(number), priority=BACKGROUND)
    started(runner_with(work=work))
    try:
        wait_until(lambda: len(begun) == BACKGROUND_SLOTS)
        for number in range(SLOTS):
            desk.add(f"new {number}")
        wait_until(lambda: len(desk.all()) == SLOTS + 3)
        assert begun == [False] * BACKGROUND_SLOTS
    finally:
        gate.set()


def test_when_half_of_the_slots_are_taken_the_next_deadlines_are_short_and_every_second_job_is_the_newest(
    desk: Desk, runner_with: RunnerWith, started: StartWorker
) -> None:
    gate, begun = threading.Event(), []

    def work(job: Job) -> None:
        begun.append((int(job.subject), job.short_deadline))
        assert gate.wait(SECONDS)
        desk.finish(job)

    for number in range(2 * SLOTS):
        desk.add(str(number), seconds=number)
    desk.clock.move(seconds=60)
    started(runner_with(work=work))
    wait_until(lambda: len(begun) == SLOTS)
    gate.set()

    first = sorted(begun[:SLOTS])
    assert [number for number, _ in first] == [*range(SLOTS // 2), *range(SLOTS + SLOTS // 2, 2 * SLOTS)]
    assert sum(short for _, short in first) == SLOTS // 2


def test_the_turns_of_oldest_and_newest_go_on_from_one_poll_to_the_next(desk: Desk, runner_with: RunnerWith) -> None:
    gate, begun = threading.Semaphore(0), []

    def work(job: Job) -> None:
        begun.append(job.subject)
        assert gate.acquire(timeout=SECONDS)
        desk.finish(job)

    for number in range(SLOTS - 1):
        desk.add(f"hangs {number}")
    worker = Worker(runner_with(work=work))
    worker.poll()
    desk.clock.move(seconds=1)
    for subject in ("old", "new"):
        desk.add(subject)
        desk.clock.move(seconds=1)

    worker.poll()  # one slot is free, and it is the newest's turn after seven jobs

    wait_until(lambda: len(begun) == SLOTS)
    assert begun[-1] == "new"
    for _ in range(SLOTS):
        gate.release()
    worker.stop()


def test_interactive_jobs_go_before_what_is_due_for_longer(desk: Desk, runner_with: RunnerWith) -> None:
    done: list[str] = []
    for subject, age, priority in (("old", 900, BACKGROUND), ("new", 1, INTERACTIVE), ("older", 990, BACKGROUND)):
        desk.add(subject, priority=priority, seconds=-age)

    def work(job: Job) -> None:
        done.append(job.subject)
        desk.finish(job)

    runner_with(work=work).run_due()

    assert done == ["new", "older", "old"]
