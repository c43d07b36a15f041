"""Who carries jobs out: handlers that fail, workers that start and stop, and several of them at once."""

import logging
import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy.exc import DataError, OperationalError

from feedserver.jobs import worker as worker_module
from feedserver.jobs.model import LEASE, Job
from feedserver.jobs.queue import FreeSlots
from feedserver.jobs.runner import Runner
from feedserver.jobs.worker import SLOTS, Worker
from feedserver.services import WebServices
from feedserver.storage import revision as site
from tests.jobs.conftest import Desk, RunnerWith, StartWorker
from tests.support.statements import record_statements
from tests.support.waiting import SECONDS, wait_until

# --- one after the other ---


def test_a_handler_that_raises_costs_an_attempt_and_stops_no_other_job(
    desk: Desk, runner_with: RunnerWith, caplog: pytest.LogCaptureFixture
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
    assert bad.last_error == "an internal error; see the log"
    assert "a secret detail" in caplog.text


def test_a_job_that_fails_for_days_is_still_there(desk: Desk, runner_with: RunnerWith) -> None:
    def work(_: Job) -> None:
        raise ValueError

    runner = runner_with(work=work)
    desk.add("bad")
    for _ in range(12):
        desk.clock.now = desk.all()[0].run_at
        assert runner.run_due() == 1

    assert desk.all()[0].attempts == 12


def test_a_job_that_loses_the_database_is_taken_again_when_its_lease_ends(desk: Desk, runner_with: RunnerWith) -> None:
    def work(_: Job) -> None:
        raise OperationalError("select", {}, Exception("the server went away"))

    runner = runner_with(work=work)
    desk.add("a")

    assert runner.run_due() == 1
    assert desk.all()[0].is_leased(desk.clock())
    desk.clock.move(seconds=LEASE.total_seconds())
    assert runner.run_due() == 0, "it comes after a short pause"
    desk.clock.move(seconds=1)
    assert runner.run_due() == 1
    assert desk.all()[0].attempts == 1


def test_a_job_that_the_database_refuses_waits_longer_each_time(desk: Desk, runner_with: RunnerWith) -> None:
    def work(_: Job) -> None:
        raise DataError("select", {}, Exception("no such character"))

    desk.add("a")
    runner_with(work=work).run_due()

    assert (desk.all()[0].attempts, desk.all()[0].leased_until) == (1, None)


def test_what_is_not_due_or_not_known_is_not_run(desk: Desk, runner_with: RunnerWith) -> None:
    desk.add("later", seconds=1)
    desk.add("unknown", kind="from a later version")

    assert runner_with(work=desk.finish).run_due() == 0
    assert len(desk.all()) == 2


# --- workers ---


def test_a_worker_carries_out_what_is_due_and_beats(desk: Desk, runner_with: RunnerWith, started: StartWorker) -> None:
    for number in range(5):
        desk.add(str(number))

    started(runner_with(work=desk.finish))

    wait_until(lambda: not desk.all())
    assert desk.last_beat() == desk.clock()


def test_a_worker_stops_without_waiting_for_its_next_poll_and_takes_nothing_afterwards(
    desk: Desk, runner_with: RunnerWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_POLL_SECONDS", 1000)
    worker = Worker(runner_with(work=desk.finish))
    worker.start()
    wait_until(lambda: desk.last_beat() is not None)

    worker.stop()

    desk.add("a")
    worker.poll()
    assert desk.subjects() == ["a"]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("job")]


def test_a_worker_that_stops_waits_for_what_is_under_way(desk: Desk, runner_with: RunnerWith) -> None:
    begun, gate, stopped = threading.Event(), threading.Event(), threading.Event()

    def work(job: Job) -> None:
        begun.set()
        assert gate.wait(SECONDS)
        assert not stopped.is_set()
        desk.finish(job)

    def stop() -> None:
        worker.stop()
        stopped.set()

    desk.add("a")
    worker = Worker(runner_with(work=work))
    worker.start()
    assert begun.wait(SECONDS)
    stopping = threading.Thread(target=stop)
    stopping.start()
    gate.set()
    stopping.join(SECONDS)

    assert stopped.is_set()
    assert desk.all() == []


def test_an_idle_worker_asks_one_question_a_poll_and_beats_every_ten_seconds(
    services: WebServices, desk: Desk, runner_with: RunnerWith
) -> None:
    worker = Worker(services.runner)
    worker.poll()
    statements = record_statements(desk.database.engine)

    for _ in range(20):
        desk.clock.move(seconds=1)
        worker.poll()

    assert len(services.runner.handlers) > 1
    asked = [statement.split()[0] for statement in statements if not statement.startswith("BEGIN")]
    assert asked.count("SELECT") == 20
    assert asked.count("UPDATE") == 2
    assert len(asked) == 22


def test_two_workers_never_carry_out_one_job_at_once(desk: Desk, runner_with: RunnerWith, started: StartWorker) -> None:
    done: list[str] = []

    def work(job: Job) -> None:
        done.append(job.subject)
        desk.finish(job)

    for number in range(20):
        desk.add(str(number))
    for _ in range(3):
        started(runner_with(work=work))

    wait_until(lambda: not desk.all())
    assert sorted(done, key=int) == [str(number) for number in range(20)]


def test_jobs_that_hang_do_not_delay_jobs_of_another_kind(
    desk: Desk, runner_with: RunnerWith, started: StartWorker
) -> None:
    gate = threading.Event()
    hanging = threading.Semaphore(0)

    def hang(job: Job) -> None:
        hanging.release()
        assert gate.wait(SECONDS)
        desk.finish(job)

    for number in range(SLOTS + 3):
        desk.add(str(number), kind="slow")
    started(runner_with(slow=hang, quick=desk.finish))
    for _ in range(SLOTS):
        assert hanging.acquire(timeout=SECONDS)

    desk.add("now", kind="quick")

    wait_until(lambda: not [job for job in desk.all() if job.kind == "quick"])
    assert not hanging.acquire(blocking=False), "no kind has more slots than there are"
    gate.set()
    wait_until(lambda: not desk.all())


def test_a_worker_outlives_a_database_that_is_away(
    desk: Desk,
    runner_with: RunnerWith,
    started: StartWorker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    away = [RuntimeError("can't start new thread"), OperationalError("select", {}, Exception("away"))] * SLOTS

    def take(runner: Runner, free_slots: Sequence[FreeSlots]) -> list[Job]:
        if away:
            raise away.pop()
        return real(runner, free_slots)

    real = Runner.take
    monkeypatch.setattr(Runner, "take", take)
    desk.add("a")

    with caplog.at_level(logging.WARNING):
        started(runner_with(work=desk.finish))
        wait_until(lambda: not desk.all())

    assert "jobs are delayed" in caplog.text
    assert not away


# --- scheduled posts ---


def test_a_scheduled_post_is_made_known_when_it_is_due_without_a_visit(services: WebServices, desk: Desk) -> None:
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
