"""Who carries jobs out: handlers that fail, workers that start and stop, and several of them at once."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DataError, OperationalError

from feedserver.jobs import store
from feedserver.jobs import worker as worker_module
from feedserver.jobs.model import LEASE, Job
from feedserver.jobs.worker import PLACES, Runner, Worker
from feedserver.services import Services
from feedserver.storage import revision as site
from tests.jobs.conftest import Desk

SECONDS = 10


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Runner], Worker]]:
    """Starts workers that look often, and stops them."""
    monkeypatch.setattr(worker_module, "_LOOK_EVERY", 0.02)
    running: list[Worker] = []

    def start(runner: Runner) -> Worker:
        running.append(Worker(runner))
        running[-1].start()
        return running[-1]

    yield start
    for each in running:
        each.stop()


# --- one after the other ---


def test_a_handler_that_raises_costs_a_try_and_stops_nobody_else(
    desk: Desk, runner_with: Callable[..., Runner], caplog: pytest.LogCaptureFixture
) -> None:
    def work(job: Job) -> None:
        if job.subject == "bad":
            raise ValueError("a secret detail")
        desk.finish(job)

    desk.add("bad")
    desk.add("good")

    assert runner_with(work=work).run_due() == 2

    (bad,) = desk.all()
    assert (bad.subject, bad.attempts, bad.leased_until) == ("bad", 1, None)
    assert timedelta(0) < bad.run_at - desk.clock() <= timedelta(seconds=60)
    assert bad.last_error == "an error of ours; see the log"
    assert "a secret detail" in caplog.text


def test_a_job_that_fails_for_days_is_still_there(desk: Desk, runner_with: Callable[..., Runner]) -> None:
    def work(_: Job) -> None:
        raise ValueError

    runner = runner_with(work=work)
    desk.add("bad")
    for _ in range(12):
        desk.clock.now = desk.all()[0].run_at
        assert runner.run_due() == 1

    assert desk.all()[0].attempts == 12


def test_a_job_that_loses_the_database_is_taken_again_when_its_lease_ends(
    desk: Desk, runner_with: Callable[..., Runner]
) -> None:
    def work(_: Job) -> None:
        raise OperationalError("select", {}, Exception("the server went away"))

    runner = runner_with(work=work)
    desk.add("a")

    assert runner.run_due() == 1
    assert desk.all()[0].is_leased(desk.clock())
    desk.clock.move(seconds=LEASE.total_seconds())
    assert runner.run_due() == 1
    assert desk.all()[0].attempts == 0


def test_a_job_that_the_database_refuses_waits_longer_each_time(desk: Desk, runner_with: Callable[..., Runner]) -> None:
    def work(_: Job) -> None:
        raise DataError("select", {}, Exception("no such character"))

    desk.add("a")
    runner_with(work=work).run_due()

    assert (desk.all()[0].attempts, desk.all()[0].leased_until) == (1, None)


def test_what_is_not_due_or_not_known_is_not_run(desk: Desk, runner_with: Callable[..., Runner]) -> None:
    desk.add("later", seconds=1)
    desk.add("unknown", kind="from a later version")

    assert runner_with(work=desk.finish).run_due() == 0
    assert len(desk.all()) == 2


# --- workers ---


def test_a_worker_carries_out_what_is_due_and_beats(
    desk: Desk, runner_with: Callable[..., Runner], started: Callable[[Runner], Worker]
) -> None:
    for number in range(5):
        desk.add(str(number))

    started(runner_with(work=desk.finish))

    wait_for(lambda: not desk.all())
    with desk.database.read() as connection:
        assert store.last_beat(connection) == desk.clock()


def test_a_worker_starts_and_stops_quickly_and_takes_nothing_afterwards(
    desk: Desk, runner_with: Callable[..., Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_LOOK_EVERY", 2 * SECONDS)
    before = time.monotonic()
    worker = Worker(runner_with(work=desk.finish))
    worker.start()
    worker.stop()
    assert time.monotonic() - before < SECONDS / 2

    desk.add("a")
    time.sleep(0.05)
    assert len(desk.all()) == 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("job")]


def test_a_worker_that_stops_waits_for_what_is_under_way(
    desk: Desk, runner_with: Callable[..., Runner], started: Callable[[Runner], Worker]
) -> None:
    begun, gate = threading.Event(), threading.Event()

    def work(job: Job) -> None:
        begun.set()
        assert gate.wait(SECONDS)
        desk.finish(job)

    desk.add("a")
    running = Worker(runner_with(work=work))
    running.start()
    assert begun.wait(SECONDS)
    threading.Timer(0.1, gate.set).start()

    running.stop()

    assert desk.all() == []


def test_two_workers_never_carry_out_one_job_at_once(
    desk: Desk, runner_with: Callable[..., Runner], started: Callable[[Runner], Worker]
) -> None:
    done: list[str] = []

    def work(job: Job) -> None:
        done.append(job.subject)
        time.sleep(0.01)
        desk.finish(job)

    for number in range(20):
        desk.add(str(number))
    for _ in range(3):
        started(runner_with(work=work))

    wait_for(lambda: not desk.all())
    assert sorted(done, key=int) == [str(number) for number in range(20)]


def test_jobs_that_hang_keep_jobs_of_another_kind_from_nothing(
    desk: Desk, runner_with: Callable[..., Runner], started: Callable[[Runner], Worker]
) -> None:
    gate = threading.Event()
    hanging = threading.Semaphore(0)

    def hang(job: Job) -> None:
        hanging.release()
        assert gate.wait(SECONDS)
        desk.finish(job)

    for number in range(PLACES + 3):
        desk.add(str(number), kind="slow")
    started(runner_with(slow=hang, quick=desk.finish))
    for _ in range(PLACES):
        assert hanging.acquire(timeout=SECONDS)

    desk.add("now", kind="quick")

    wait_for(lambda: not [job for job in desk.all() if job.kind == "quick"])
    assert not hanging.acquire(blocking=False), "no kind has more places than there are"
    gate.set()
    wait_for(lambda: not desk.all())


def test_a_worker_outlives_a_database_that_is_away(
    desk: Desk,
    runner_with: Callable[..., Runner],
    started: Callable[[Runner], Worker],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    away = [RuntimeError("can't start new thread"), OperationalError("select", {}, Exception("away"))] * PLACES

    def take_due(*arguments: Any, **named: Any) -> list[Job]:
        if away:
            raise away.pop()
        return real(*arguments, **named)

    real = Runner.take_due
    monkeypatch.setattr(Runner, "take_due", take_due)
    desk.add("a")

    with caplog.at_level(logging.WARNING):
        started(runner_with(work=desk.finish))
        wait_for(lambda: not desk.all())

    assert "jobs wait" in caplog.text
    assert not away


# --- scheduled posts ---


def test_a_scheduled_post_is_made_known_when_it_is_due_without_a_visit(services: Services, desk: Desk) -> None:
    document = b"---\ntitle: Later\ndate: 2026-03-08T13:00:00Z\n---\nWords.\n"
    services.publisher.add(services.publisher.read(document), desk.clock())

    def revision() -> int:
        with services.database.read() as connection:
            return site.load(connection).revision

    before = revision()
    assert services.runner.run_due() == 0
    desk.clock.move(hours=1)
    assert services.runner.run_due() == 1

    assert revision() > before
    assert desk.all() == []
