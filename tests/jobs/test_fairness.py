"""Which jobs get a slot: no source site takes all of them, and retries and background jobs have slots of their own."""

import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from feedserver.jobs import queue
from feedserver.jobs.model import BACKGROUND, INTERACTIVE, LANES, LEASE, MAX_PER_KEY, Job, Lane, one_at_a_time
from feedserver.jobs.queue import FreeSlots
from feedserver.jobs.worker import BACKGROUND_SLOTS, SLOTS, Worker
from tests.jobs.conftest import Jobs, RunnerWith, StartWorker
from tests.support.outside import Clock
from tests.support.statements import record_statements
from tests.support.waiting import SECONDS, together, wait_until


def test_one_key_never_has_more_than_its_share_and_others_are_served_behind_it(jobs: Jobs) -> None:
    for number in range(3 * MAX_PER_KEY):
        jobs.add(f"crowd {number:02}", concurrency_key="crowd.example")
    jobs.add("other", concurrency_key="other.example")
    jobs.add("ours")

    taken = jobs.take(99, lanes=("again", "first"))

    assert {job.subject for job in taken} == {"other", "ours"} | {
        job.subject for job in taken if job.concurrency_key == "crowd.example"
    }
    assert len(taken) == MAX_PER_KEY + 2
    assert jobs.take(99) == []
    assert not jobs.due("work"), "idle processes need not try"
    jobs.finish(next(job for job in taken if job.concurrency_key == "crowd.example"))
    assert [job.concurrency_key for job in jobs.take(99)] == ["crowd.example"]


def test_jobs_beyond_the_share_of_their_key_do_not_block_the_jobs_of_others(jobs: Jobs) -> None:
    for number in range(2 * SLOTS):
        jobs.add(str(number), concurrency_key="crowd.example")
    jobs.add("other", concurrency_key="other.example", seconds=1)
    jobs.clock.move(seconds=1)

    taken = [jobs.take(2, lanes=("first",)) for _ in range(4)]

    assert [len(batch) for batch in taken] == [2, 2, 1, 0]
    assert "other" in {job.subject for batch in taken for job in batch}


@pytest.mark.parametrize(("crowd", "other"), [("crowd.example", None), (None, "other.example")])
def test_a_crowd_with_or_without_a_key_hides_no_other_job(jobs: Jobs, crowd: str | None, other: str | None) -> None:
    for number in range(MAX_PER_KEY):
        jobs.add(str(number), concurrency_key=crowd)
    assert len(jobs.take(99)) == MAX_PER_KEY

    jobs.add("other", concurrency_key=other)

    assert [job.subject for job in jobs.take()] == ["other"]


def test_a_lease_that_has_ended_takes_no_share(jobs: Jobs) -> None:
    for number in range(2 * MAX_PER_KEY):
        jobs.add(str(number), concurrency_key="crowd.example")
    assert len(jobs.take(99)) == MAX_PER_KEY

    jobs.clock.move(seconds=LEASE.total_seconds())

    assert len(jobs.take(99)) == MAX_PER_KEY


def test_a_lease_that_has_ended_leaves_room_for_a_sender_who_waits(jobs: Jobs) -> None:
    def has_room() -> bool:
        with jobs.database.write() as connection:
            return queue.has_room(connection, "crowd.example", jobs.clock(), 1)

    jobs.add("a", concurrency_key="crowd.example")
    jobs.take()
    assert not has_room()

    jobs.clock.move(seconds=LEASE.total_seconds())

    assert has_room()


def test_jobs_that_run_one_at_a_time_do_so_in_all_lanes_and_keep_nobody_else_waiting(jobs: Jobs) -> None:
    alone = one_at_a_time("work", "host.example")
    jobs.add("failed", concurrency_key=alone)
    jobs.postpone(jobs.take()[0])
    for number in range(3 * SLOTS):
        jobs.add(str(number), concurrency_key=alone)
    jobs.add("in the background", concurrency_key=alone, priority=BACKGROUND)
    jobs.add("of another kind", concurrency_key=one_at_a_time("other", "host.example"), seconds=1)
    jobs.add("of another host", concurrency_key=one_at_a_time("work", "other.example"), seconds=1)
    jobs.clock.move(seconds=1)

    taken = jobs.take(SLOTS) + jobs.take(SLOTS)

    assert {"of another kind", "of another host"} <= {job.subject for job in taken}
    assert len([job for job in taken if job.concurrency_key == alone]) == 1
    assert not jobs.due("work"), "idle processes need not try"
    jobs.finish(next(job for job in taken if job.concurrency_key == alone))
    assert len(jobs.take(SLOTS)) == 1


def test_processes_that_take_at_once_get_one_job_between_them_where_it_runs_alone(jobs: Jobs) -> None:
    for number in range(8):
        jobs.add(str(number), concurrency_key=one_at_a_time("work", "host.example"))
    taken: list[Job] = []

    together(*[lambda: taken.extend(jobs.take(2))] * 6)

    assert len(taken) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_transactions_that_ask_for_room_under_one_key_go_one_after_the_other(jobs: Jobs) -> None:
    def has_room(connection: Connection, concurrency_key: str | None) -> bool:
        return queue.has_room(connection, concurrency_key, jobs.clock(), 1)

    with jobs.database.write() as first:
        assert has_room(first, "crowd.example")

        with jobs.database.write(lock_timeout=0.1) as another:
            assert has_room(another, "other.example")
        with pytest.raises(OperationalError), jobs.database.write(lock_timeout=0.1) as another:
            has_room(another, "crowd.example")


def test_a_job_without_a_key_has_room_unasked(jobs: Jobs) -> None:
    with jobs.database.write() as connection:
        statements = record_statements(jobs.database.engine)

        assert queue.has_room(connection, None, jobs.clock(), 0)

    assert statements == []


def test_the_share_holds_when_many_processes_take_at_once(jobs: Jobs) -> None:
    for number in range(40):
        jobs.add(str(number), concurrency_key="crowd.example")
    taken: list[Job] = []

    def take() -> None:
        for _ in range(4):
            taken.extend(jobs.take())

    together(*[take] * 6)

    taken += jobs.take(99)  # two that want the same job get one between them

    assert len(taken) == MAX_PER_KEY


def test_each_key_is_locked_once_in_one_order(jobs: Jobs) -> None:
    for number, key in enumerate(("b.example", "a.example", "b.example", None)):
        jobs.add(str(number), concurrency_key=key)
    statements = record_statements(jobs.database.engine)
    locked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "pg_advisory_xact_lock" in statement:
            locked.extend(value for value in parameters.values() if isinstance(value, str))

    event.listen(jobs.database.engine, "before_cursor_execute", note)

    assert len(jobs.take(9)) == 4
    assert locked == ([] if jobs.database.is_sqlite else ["a.example", "b.example"])
    counts = [statement for statement in statements if statement.startswith("SELECT count(")]
    assert len(counts) == 3, "a job without a key has no limit, so that nothing is counted for it"


def test_first_attempts_retries_and_background_jobs_are_leased_separately(jobs: Jobs) -> None:
    jobs.add("failed")
    jobs.postpone(jobs.take()[0])
    jobs.add("new")
    jobs.add("recheck", priority=BACKGROUND)

    assert [job.subject for job in jobs.take(9, lanes=("first",))] == ["new"]
    assert [job.subject for job in jobs.take(9, lanes=("again",))] == ["failed"]
    assert [job.subject for job in jobs.take(9, lanes=("background",))] == ["recheck"]


def test_first_attempts_are_taken_oldest_and_newest_in_turns(jobs: Jobs) -> None:
    for number in range(6):
        jobs.add(str(number), seconds=number)
    jobs.clock.move(seconds=4)

    assert [job.subject for job in jobs.take_wanted(FreeSlots("work", "first", 3))] == ["0", "4", "1"]
    assert [job.subject for job in jobs.take_wanted(FreeSlots("work", "first", 9, newest_next=True))] == ["3", "2"]


def test_only_first_attempts_are_read_from_both_ends_and_no_branch_without_bound(jobs: Jobs) -> None:
    polls = record_statements(jobs.database.engine)

    for lane in LANES:
        jobs.take(lanes=(lane,))

    branches = [poll.count("UNION ALL") + 1 for poll in polls if poll.startswith("WITH")]
    assert branches == [3 if lane == "first" else 2 for lane in LANES], "one finds leases that have ended"
    assert [poll.count("LIMIT") for poll in polls if poll.startswith("WITH")] == branches


def test_a_poll_brings_the_rows_of_its_one_query_in_order() -> None:
    now = Clock()()
    later = now + timedelta(seconds=1)

    class Unordered:
        def execute(self, *_: object) -> list[Any]:
            return [
                SimpleNamespace(slots=0, newest=newest, id=number, run_at=run_at)
                for newest in (0, 1)
                for number, run_at in ((2, now), (3, later), (1, now))
            ]

    found = queue.poll(cast(Connection, Unordered()), later, [FreeSlots("work", "first", 3)])

    assert [candidate.id for candidate in found.candidates] == [1, 3, 2]


def test_jobs_that_failed_before_and_hang_keep_no_first_attempt_waiting(
    jobs: Jobs, runner_with: RunnerWith, started: StartWorker
) -> None:
    gate, hanging = threading.Event(), threading.Semaphore(0)

    def work(job: Job) -> None:
        if job.attempts:
            hanging.release()
            assert gate.wait(SECONDS)
        jobs.finish(job)

    for number in range(SLOTS + 3):
        jobs.add(str(number))
    for job in jobs.take(99):
        jobs.postpone(job)
    started(runner_with(work=work))
    for _ in range(SLOTS):
        assert hanging.acquire(timeout=SECONDS)

    jobs.add("new")
    try:
        wait_until(lambda: "new" not in jobs.subjects())
    finally:
        gate.set()


def test_background_jobs_have_few_slots_full_deadlines_and_keep_no_first_attempt_waiting(
    jobs: Jobs, runner_with: RunnerWith, started: StartWorker
) -> None:
    gate, begun = threading.Event(), []

    def work(job: Job) -> None:
        if job.priority == BACKGROUND:
            begun.append(job.short_deadline)
            assert gate.wait(SECONDS)
        jobs.finish(job)

    for number in range(SLOTS + 3):
        jobs.add(str(number), priority=BACKGROUND)
    started(runner_with(work=work))
    try:
        wait_until(lambda: len(begun) == BACKGROUND_SLOTS)
        for number in range(SLOTS):
            jobs.add(f"new {number}")
        wait_until(lambda: len(jobs.all()) == SLOTS + 3)
        assert begun == [False] * BACKGROUND_SLOTS
    finally:
        gate.set()


def test_when_half_of_the_slots_are_taken_the_next_deadlines_are_short_and_every_second_job_is_the_newest(
    jobs: Jobs, runner_with: RunnerWith, started: StartWorker
) -> None:
    gate, begun = threading.Event(), []

    def work(job: Job) -> None:
        begun.append((int(job.subject), job.short_deadline))
        assert gate.wait(SECONDS)
        jobs.finish(job)

    for number in range(2 * SLOTS):
        jobs.add(str(number), seconds=number)
    jobs.clock.move(seconds=60)
    started(runner_with(work=work))
    wait_until(lambda: len(begun) == SLOTS)
    gate.set()

    first = sorted(begun[:SLOTS])
    assert [number for number, _ in first] == [*range(SLOTS // 2), *range(SLOTS + SLOTS // 2, 2 * SLOTS)]
    assert sum(short for _, short in first) == SLOTS // 2


def test_the_turns_of_oldest_and_newest_go_on_from_one_poll_to_the_next(jobs: Jobs, runner_with: RunnerWith) -> None:
    gate, begun = threading.Semaphore(0), []

    def work(job: Job) -> None:
        begun.append(job.subject)
        assert gate.acquire(timeout=SECONDS)
        jobs.finish(job)

    for number in range(SLOTS - 1):
        jobs.add(f"hangs {number}")
    worker = Worker(runner_with(work=work))
    worker.poll()
    wait_until(lambda: len(begun) == SLOTS - 1)
    jobs.clock.move(seconds=1)
    for subject in ("old", "new"):
        jobs.add(subject)
        jobs.clock.move(seconds=1)

    worker.poll()  # one slot is free, and it is the newest's turn after seven jobs

    wait_until(lambda: len(begun) == SLOTS)
    assert begun[-1] == "new"
    for _ in range(SLOTS):
        gate.release()
    worker.stop()


def test_interactive_jobs_go_before_what_is_due_for_longer(jobs: Jobs, runner_with: RunnerWith) -> None:
    done: list[str] = []
    for subject, age, priority in (("old", 900, BACKGROUND), ("new", 1, INTERACTIVE), ("older", 990, BACKGROUND)):
        jobs.add(subject, priority=priority, seconds=-age)

    def work(job: Job) -> None:
        done.append(job.subject)
        jobs.finish(job)

    runner_with(work=work).run_due()

    assert done == ["new", "older", "old"]


def test_first_attempts_go_before_retries_that_are_due_for_longer(jobs: Jobs, runner_with: RunnerWith) -> None:
    done: list[str] = []
    for number in range(3):
        jobs.add(f"failing {number}")
    for job in jobs.take(9):
        jobs.postpone(job)
    jobs.clock.move(hours=1)
    jobs.add("new")

    def work(job: Job) -> None:
        done.append(job.subject)
        jobs.finish(job)

    runner_with(work=work).run_due()

    assert done == ["new", "failing 0", "failing 1", "failing 2"]


@pytest.mark.parametrize("lane", ["again", "background"])
def test_retries_and_rechecks_of_one_key_leave_room_for_its_first_attempt(jobs: Jobs, lane: Lane) -> None:
    for number in range(2 * MAX_PER_KEY):
        jobs.add(str(number), concurrency_key="crowd.example", priority=BACKGROUND if lane == "background" else 0)
    if lane == "again":
        for _ in range(2):
            for job in jobs.take(9, lanes=("first",)):
                jobs.postpone(job)
    assert len(jobs.take(99, lanes=(lane,))) == MAX_PER_KEY - 1
    assert not jobs.due("work")

    jobs.add("new", concurrency_key="crowd.example")

    assert [job.subject for job in jobs.take(9)] == ["new"]
