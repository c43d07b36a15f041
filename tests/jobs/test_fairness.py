"""Who gets a place: no party holds them all, no crowd keeps others waiting, and what failed before waits apart."""

import threading
import time
from collections.abc import Callable

import pytest

from feedserver.jobs import store
from feedserver.jobs import worker as worker_module
from feedserver.jobs.model import AT_LEISURE, LEASE, MOST_OF_ONE, Job
from feedserver.jobs.worker import PLACES, PLACES_AT_LEISURE, Runner, Worker
from tests.jobs.conftest import Desk

SECONDS = 10


def add(desk: Desk, subject: str, concurrency_key: str | None) -> None:
    with desk.database.write() as connection:
        now = desk.clock()
        store.ensure(connection, "work", subject, now, now, concurrency_key=concurrency_key)


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_party_never_has_more_than_its_share_and_others_are_served_behind_it(desk: Desk) -> None:
    for number in range(3 * MOST_OF_ONE):
        add(desk, f"crowd {number}", "crowd.example")
    add(desk, "other", "other.example")
    add(desk, "ours", None)

    taken = desk.take(99)

    assert [job.subject for job in taken] == [f"crowd {number}" for number in range(MOST_OF_ONE)] + ["other", "ours"]
    assert desk.take(99) == []
    with desk.database.read() as connection:
        assert not store.anything_due(connection, desk.clock(), ["work"])
    desk.finish(taken[0])
    assert [job.subject for job in desk.take(99)] == [f"crowd {MOST_OF_ONE}"]


def test_a_lease_that_has_ended_takes_no_share(desk: Desk) -> None:
    for number in range(2 * MOST_OF_ONE):
        add(desk, str(number), "crowd.example")
    desk.take(99)

    desk.clock.move(seconds=LEASE.total_seconds())

    assert len(desk.take(99)) == MOST_OF_ONE


def test_the_share_holds_when_many_processes_take_at_once(desk: Desk) -> None:
    for number in range(40):
        add(desk, str(number), "crowd.example")
    start, taken = threading.Barrier(6), []

    def take() -> None:
        start.wait(SECONDS)
        for _ in range(4):
            taken.extend(
                desk.database.transact(lambda connection: store.take_due(connection, desk.clock(), ["work"], 1))
            )

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)

    assert len(taken) == MOST_OF_ONE


def test_first_tries_repeated_ones_and_what_nobody_waits_for_are_taken_apart(desk: Desk) -> None:
    desk.add("failed")
    desk.postpone(desk.take()[0])
    desk.add("new")

    def take(lane: str) -> list[str]:
        with desk.database.write() as connection:
            found = store.take_due(connection, desk.clock(), ["work"], 9, lane=lane)  # type: ignore[arg-type]
        return [job.subject for job in found]

    desk.add("look again", priority=AT_LEISURE)
    assert take("first") == ["new"]
    assert take("again") == ["failed"]
    assert take("leisure") == ["look again"]


def test_the_newest_can_be_taken_first(desk: Desk) -> None:
    for subject, seconds in (("old", 1), ("new", 2), ("later", 99)):
        desk.add(subject, seconds=seconds)
    desk.clock.move(seconds=10)

    with desk.database.write() as connection:
        (job,) = store.take_due(connection, desk.clock(), ["work"], 1, newest=True)

    assert job.subject == "new"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_LOOK_EVERY", 0.02)


@pytest.mark.usefixtures("quick")
def test_jobs_that_failed_before_and_hang_keep_no_first_try_waiting(
    desk: Desk, runner_with: Callable[..., Runner]
) -> None:
    gate, hanging = threading.Event(), threading.Semaphore(0)

    def work(job: Job) -> None:
        if job.attempts:
            hanging.release()
            assert gate.wait(3 * SECONDS)
        desk.finish(job)

    for number in range(PLACES + 3):
        desk.add(str(number))
    for job in desk.take(99):
        desk.postpone(job)
    worker = Worker(runner_with(work=work))
    worker.start()
    for _ in range(PLACES):
        assert hanging.acquire(timeout=SECONDS)

    desk.add("new")
    try:
        wait_for(lambda: "new" not in [job.subject for job in desk.all()])
    finally:
        gate.set()
        worker.stop()


@pytest.mark.usefixtures("quick")
def test_what_nobody_waits_for_has_few_places_full_patience_and_keeps_no_first_try_waiting(
    desk: Desk, runner_with: Callable[..., Runner]
) -> None:
    gate, begun = threading.Event(), []

    def work(job: Job) -> None:
        if job.priority == AT_LEISURE:
            begun.append(job.hurried)
            assert gate.wait(3 * SECONDS)
        desk.finish(job)

    for number in range(PLACES + 3):
        desk.add(str(number), priority=AT_LEISURE)
    worker = Worker(runner_with(work=work))
    worker.start()
    try:
        wait_for(lambda: len(begun) == PLACES_AT_LEISURE)
        for number in range(PLACES):
            desk.add(f"new {number}")
        wait_for(lambda: len(desk.all()) == PLACES + 3)
        assert begun == [False] * PLACES_AT_LEISURE
    finally:
        gate.set()
        worker.stop()


@pytest.mark.usefixtures("quick")
def test_when_half_of_the_places_are_taken_the_next_are_hurried_and_every_second_one_is_the_newest(
    desk: Desk, runner_with: Callable[..., Runner]
) -> None:
    gate, begun = threading.Event(), []

    def work(job: Job) -> None:
        begun.append((int(job.subject), job.hurried))
        assert gate.wait(SECONDS)
        desk.finish(job)

    for number in range(2 * PLACES):
        desk.add(str(number), seconds=number)
    desk.clock.move(seconds=60)
    worker = Worker(runner_with(work=work))
    worker.start()
    wait_for(lambda: len(begun) == PLACES)
    gate.set()
    worker.stop()

    first = sorted(begun[:PLACES])
    assert [number for number, _ in first] == [*range(PLACES // 2), *range(PLACES + PLACES // 2, 2 * PLACES)]
    assert sum(hurried for _, hurried in first) == PLACES // 2


@pytest.mark.usefixtures("quick")
def test_a_worker_that_cannot_wait_gives_its_leases_back(desk: Desk, runner_with: Callable[..., Runner]) -> None:
    gate, begun = threading.Event(), threading.Event()

    def work(_: Job) -> None:
        begun.set()
        assert gate.wait(SECONDS)

    desk.add("a")
    worker = Worker(runner_with(work=work))
    worker.start()
    assert begun.wait(SECONDS)

    worker.stop(seconds=0.1)

    assert [job.subject for job in desk.take()] == ["a"], "another process has it at once"
    gate.set()


def test_why_a_job_waits_is_told(desk: Desk) -> None:
    for subject, after in (("due", 0), ("later", 60)):
        desk.add(subject, seconds=after)
    desk.add("look again", priority=AT_LEISURE, seconds=60)
    desk.add("failed")
    with desk.database.write() as connection:
        failed = store.find(connection, "work", "failed")
        assert failed is not None
        store.postpone(connection, store.lease(connection, failed, desk.clock()), desk.clock(), attempts=1, error="503")
        held = store.ensure(connection, "work", "held", desk.clock(), desk.clock())
        store.lease(connection, held, desk.clock())

    assert {job.subject: job.why(desk.clock()) for job in desk.all()} == {
        "due": "due, waits for a free place",
        "later": "not due yet",
        "look again": "not due yet, nobody waits for it",
        "failed": "503",
        "held": "under way",
    }
    assert all(job.created_at == desk.clock() for job in desk.all())
