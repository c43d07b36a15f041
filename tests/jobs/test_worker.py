"""Workers: handlers that fail, starting and stopping, and several workers at once."""

import logging
import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DataError, OperationalError

from feedserver.jobs import queue, store
from feedserver.jobs import worker as worker_module
from feedserver.jobs.housekeeping import HOUSEKEEPING
from feedserver.jobs.model import LEASE, Job, Outcome
from feedserver.jobs.queue import FreeSlots
from feedserver.jobs.runner import Runner
from feedserver.jobs.worker import SLOTS, Worker
from feedserver.services import WebServices
from feedserver.storage import revision as site
from tests.jobs.conftest import Jobs, RunnerWith, StartWorker
from tests.support.statements import record_statements
from tests.support.waiting import SECONDS, wait_until

# --- one after the other ---


def test_a_handler_that_raises_costs_an_attempt_and_stops_no_other_job(
    jobs: Jobs, runner_with: RunnerWith, caplog: pytest.LogCaptureFixture
) -> None:
    def work(job: Job) -> None:
        if job.subject == "bad":
            raise ValueError("a secret detail")
        jobs.finish(job)

    jobs.add("bad")
    jobs.add("good")

    assert runner_with(work=work).run_due() == 2

    (bad,) = jobs.all()
    assert (bad.subject, bad.attempts, bad.leased_until) == ("bad", 1, None)
    assert timedelta(0) < bad.run_at - jobs.clock() <= timedelta(seconds=60)
    assert bad.last_error == "an internal error; see the log"
    assert "a secret detail" in caplog.text


def test_a_job_that_fails_for_days_is_still_there(jobs: Jobs, runner_with: RunnerWith) -> None:
    def work(_: Job) -> None:
        raise ValueError

    runner = runner_with(work=work)
    jobs.add("bad")
    for _ in range(12):
        jobs.clock.now = jobs.all()[0].run_at
        assert runner.run_due() == 1

    assert jobs.all()[0].attempts == 12


def test_a_job_that_loses_the_database_is_taken_again_when_its_lease_ends(jobs: Jobs, runner_with: RunnerWith) -> None:
    def work(_: Job) -> None:
        raise OperationalError("select", {}, Exception("the server went away"))

    runner = runner_with(work=work)
    jobs.add("a")

    assert runner.run_due() == 1
    assert jobs.all()[0].is_leased(jobs.clock())
    jobs.clock.move(seconds=LEASE.total_seconds())
    assert runner.run_due() == 0, "it comes after a short pause"
    jobs.clock.move(seconds=1)
    assert runner.run_due() == 1
    assert jobs.all()[0].attempts == 1


def test_a_job_that_the_database_refuses_waits_longer_each_time(jobs: Jobs, runner_with: RunnerWith) -> None:
    def work(_: Job) -> None:
        raise DataError("select", {}, Exception("no such character"))

    jobs.add("a")
    runner_with(work=work).run_due()

    assert (jobs.all()[0].attempts, jobs.all()[0].leased_until) == (1, None)


def test_what_is_not_due_or_not_known_is_not_run(jobs: Jobs, runner_with: RunnerWith) -> None:
    jobs.add("later", seconds=1)
    jobs.add("unknown", kind="from a later version")

    assert runner_with(work=jobs.finish).run_due() == 0
    assert len(jobs.all()) == 2


# --- workers ---


def test_a_worker_carries_out_what_is_due_and_beats(jobs: Jobs, runner_with: RunnerWith, started: StartWorker) -> None:
    for number in range(5):
        jobs.add(str(number))

    started(runner_with(work=jobs.finish))

    wait_until(lambda: not jobs.all())
    wait_until(lambda: jobs.last_beat() == jobs.clock())


def test_a_look_that_fails_is_no_heartbeat(
    jobs: Jobs, runner_with: RunnerWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no look")

    worker = Worker(runner_with(work=jobs.finish))
    with monkeypatch.context() as broken:
        broken.setattr(queue, "poll", fail)
        with pytest.raises(RuntimeError):
            worker.poll()

    assert jobs.last_beat() is None
    worker.poll()
    assert jobs.last_beat() == jobs.clock()


def test_a_worker_whose_clock_is_put_back_goes_on_beating(jobs: Jobs, runner_with: RunnerWith) -> None:
    passed = [0.0]
    worker = Worker(runner_with(work=jobs.finish), lambda: passed[0])
    jobs.clock.move(days=1)
    worker.poll()
    jobs.clock.move(days=-1)

    passed[0] += 10
    worker.poll()

    assert jobs.last_beat() == jobs.clock()


def test_a_worker_stops_without_waiting_for_its_next_poll_and_takes_nothing_afterwards(
    jobs: Jobs, runner_with: RunnerWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_POLL_SECONDS", 1000)
    worker = Worker(runner_with(work=jobs.finish))
    worker.start()
    wait_until(lambda: jobs.last_beat() is not None)

    worker.stop()

    jobs.add("a")
    worker.poll()
    assert jobs.subjects() == ["a"]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("job")]


def test_a_worker_that_stops_waits_for_what_is_under_way(jobs: Jobs, runner_with: RunnerWith) -> None:
    begun, gate, stopped = threading.Event(), threading.Event(), threading.Event()

    def work(job: Job) -> None:
        begun.set()
        assert gate.wait(SECONDS)
        assert not stopped.is_set()
        jobs.finish(job)

    def stop() -> None:
        worker.stop()
        stopped.set()

    jobs.add("a")
    worker = Worker(runner_with(work=work))
    worker.start()
    assert begun.wait(SECONDS)
    stopping = threading.Thread(target=stop)
    stopping.start()
    gate.set()
    stopping.join(SECONDS)

    assert stopped.is_set()
    assert jobs.all() == []


def test_an_idle_worker_sends_two_queries_a_poll_in_one_transaction_and_beats_every_ten_seconds(
    services: WebServices, jobs: Jobs, runner_with: RunnerWith
) -> None:
    with services.database.write() as connection:
        store.add(connection, HOUSEKEEPING, "site", jobs.clock() + timedelta(hours=1), jobs.clock())
    passed = [0.0]
    worker = Worker(services.runner, lambda: passed[0])
    worker.poll()
    statements, transactions = record_statements(jobs.database.engine), list[object]()
    event.listen(jobs.database.engine, "begin", transactions.append)

    for _ in range(20):
        passed[0] += 1
        worker.poll()

    assert len(services.runner.handlers) > 1
    asked = [statement.split()[0] for statement in statements if not statement.startswith("BEGIN")]
    assert asked.count("WITH") == 20, "each poll is one read"
    assert asked.count("SELECT") == 20 + 2, "each beat reads the one before"
    assert asked.count("UPDATE") == 2
    assert len(asked) == 44
    assert len(transactions) == 20 + 2


def test_a_worker_adds_the_housekeeping_job_once(services: WebServices, jobs: Jobs) -> None:
    for _ in range(2):
        worker = Worker(services.runner)
        worker.poll()
        worker.stop()

    (job,) = jobs.all()
    assert (job.kind, job.run_at, job.attempts) == ("housekeeping", jobs.clock() + timedelta(hours=1), 0)


def test_two_workers_never_carry_out_one_job_at_once(jobs: Jobs, runner_with: RunnerWith, started: StartWorker) -> None:
    done: list[str] = []

    def work(job: Job) -> None:
        done.append(job.subject)
        jobs.finish(job)

    for number in range(20):
        jobs.add(str(number))
    for _ in range(3):
        started(runner_with(work=work))

    wait_until(lambda: not jobs.all())
    assert sorted(done, key=int) == [str(number) for number in range(20)]


def test_jobs_that_hang_do_not_delay_jobs_of_another_kind(
    jobs: Jobs, runner_with: RunnerWith, started: StartWorker
) -> None:
    gate = threading.Event()
    hanging = threading.Semaphore(0)

    def hang(job: Job) -> None:
        hanging.release()
        assert gate.wait(SECONDS)
        jobs.finish(job)

    for number in range(SLOTS + 3):
        jobs.add(str(number), kind="slow")
    started(runner_with(slow=hang, quick=jobs.finish))
    for _ in range(SLOTS):
        assert hanging.acquire(timeout=SECONDS)

    jobs.add("now", kind="quick")

    wait_until(lambda: not [job for job in jobs.all() if job.kind == "quick"])
    assert not hanging.acquire(blocking=False), "no kind has more slots than there are"
    gate.set()
    wait_until(lambda: not jobs.all())


def test_once_a_minute_a_line_says_what_became_of_jobs_and_none_where_there_were_none(
    jobs: Jobs, runner_with: RunnerWith, caplog: pytest.LogCaptureFixture
) -> None:
    def work(job: Job) -> Outcome | None:
        if job.subject == "broken":
            raise ValueError("broken")
        jobs.finish(job)
        return "given up" if job.subject == "bad" else None

    caplog.set_level(logging.INFO, "feedserver.jobs.worker")
    for subject in ("good", "bad", "broken", "fine"):
        jobs.add(subject)
    jobs.add("of nobody", kind="other")
    passed = [0.0]
    worker = Worker(runner_with(work=work), lambda: passed[0])
    worker.poll()
    wait_until(lambda: {job.last_error for job in jobs.all() if job.subject != "of nobody"} - {None})
    worker.stop()

    said = []
    for _ in range(4):
        caplog.clear()
        worker.tell()
        said.append(list(caplog.messages))
        passed[0] += 59.9

    line = "jobs of the last minute: work: 2 done, 1 failed, 1 given up; 1 are due and wait"
    assert said == [[], [], [line], []]


def test_a_worker_outlives_a_database_that_is_away(
    jobs: Jobs,
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
    jobs.add("a")

    with caplog.at_level(logging.WARNING):
        started(runner_with(work=jobs.finish))
        wait_until(lambda: not jobs.all())

    assert "jobs are delayed" in caplog.text
    assert not away


# --- scheduled posts ---


def test_a_scheduled_post_is_made_known_when_it_is_due_without_a_visit(services: WebServices, jobs: Jobs) -> None:
    document = b"---\ntitle: Later\ndate: 2026-03-08T13:00:00Z\n---\nWords.\n"
    services.publisher.add(services.publisher.read(document), jobs.clock())

    def revision() -> int:
        with services.database.read() as connection:
            return site.load(connection).revision

    before = revision()
    assert services.runner.run_due() == 0
    jobs.clock.move(hours=1)
    assert services.runner.run_due() == 1

    assert revision() > before
    assert jobs.all() == []
