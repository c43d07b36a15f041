"""Leases: renewed while a job is worked on, ended by a crash, given back by a clean stop."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from feedserver.jobs import leases as leases_module
from feedserver.jobs import queue, store
from feedserver.jobs.model import LEASE, MAX_PER_KEY, RENEW_SECONDS, Job
from feedserver.jobs.runner import Runner
from feedserver.jobs.worker import Worker
from tests.jobs.conftest import Jobs, RunnerWith
from tests.support.statements import record_statements
from tests.support.waiting import SECONDS, together, wait_until


def test_a_job_that_takes_longer_than_its_lease_keeps_it_as_long_as_it_is_renewed(
    jobs: Jobs, runner_with: RunnerWith
) -> None:
    def work(job: Job) -> None:
        for _ in range(20):
            jobs.clock.move(seconds=RENEW_SECONDS)
            runner.leases.renew()
            assert jobs.take() == []
        assert jobs.held(job)
        jobs.finish(job)

    runner = runner_with(work=work)
    jobs.add("slow")

    assert runner.run_due() == 1
    assert jobs.all() == []


def test_one_statement_renews_all_leases_of_a_process(jobs: Jobs, runner_with: RunnerWith) -> None:
    for number in range(5):
        jobs.add(str(number))
    runner, taken = runner_with(), jobs.take(9)
    statements = record_statements(jobs.database.engine)

    jobs.clock.move(seconds=7)
    inside(runner, taken, runner.leases.renew)
    runner.leases.renew()  # no job is under way

    assert [statement.split()[0] for statement in statements if not statement.startswith("BEGIN")] == ["UPDATE"]
    assert {job.leased_until for job in jobs.all()} == {jobs.clock() + LEASE}


def test_one_thread_renews_the_leases_of_all_jobs(jobs: Jobs, runner_with: RunnerWith) -> None:
    for number in range(3):
        jobs.add(str(number))
    before = set(threading.enumerate())
    renewing: list[str] = []

    inside(runner_with(), jobs.take(9), lambda: renewing.extend(one.name for one in {*threading.enumerate()} - before))

    assert renewing == ["leases"]


def inside(runner: Runner, jobs: list[Job], then: Callable[[], None]) -> None:
    """Calls `then` while all the jobs are under way."""
    with ExitStack() as stack:
        for job in jobs:
            stack.enter_context(runner.leases.renewed(job))
        then()


def test_leases_are_renewed_by_themselves_and_a_database_that_is_away_does_not_end_that(
    jobs: Jobs,
    runner_with: RunnerWith,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(leases_module, "RENEW_SECONDS", 0.01)
    away = [OperationalError("update", {}, Exception("away")), RuntimeError("pool")]
    renew = store.renew

    def fails_at_first(*arguments: object) -> None:
        if away:
            raise away.pop()
        renew(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "renew", fails_at_first)
    jobs.add("a")
    (job,) = jobs.take()
    leases = runner_with().leases

    for _ in range(2):  # the thread ends with the job, and another begins with the next
        jobs.clock.move(seconds=LEASE.total_seconds() - 1)
        with leases.renewed(job):
            wait_until(lambda: jobs.all()[0].leased_until == jobs.clock() + LEASE)
        wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "leases"])

    assert not away
    assert caplog.text.count("leases were not renewed") == 2


def test_a_job_that_can_be_neither_done_nor_postponed_is_renewed_no_longer(
    jobs: Jobs, runner_with: RunnerWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OperationalError("update", {}, Exception("away"))

    def work(_: Job) -> None:
        raise ValueError

    monkeypatch.setattr(store, "postpone", fails)
    runner = runner_with(work=work)
    jobs.add("a")
    (job,) = jobs.take()
    with pytest.raises(OperationalError):
        runner.run(job)

    jobs.clock.move(seconds=1)
    runner.leases.renew()

    assert jobs.all() == [job]


def test_the_jobs_of_a_crashed_process_are_free_when_their_leases_end_and_have_one_attempt_more(
    jobs: Jobs, runner_with: RunnerWith, caplog: pytest.LogCaptureFixture
) -> None:
    jobs.add("a")
    (lost,) = jobs.take()
    runner = runner_with(work=jobs.finish)

    jobs.clock.move(seconds=LEASE.total_seconds() - 1)
    assert runner.run_due() == 0
    assert jobs.held(lost)
    jobs.clock.move(seconds=1)
    assert runner.run_due() == 0

    (freed,) = jobs.all()
    assert not jobs.held(lost)
    assert (freed.attempts, freed.last_error) == (1, "the process that ran it has ended")
    assert freed.run_at - jobs.clock() == timedelta(seconds=1)
    assert "freed 1 jobs" in caplog.text
    jobs.clock.move(seconds=1)
    assert runner.run_due() == 1
    assert timedelta(seconds=20) >= LEASE > timedelta(seconds=2 * RENEW_SECONDS)


def test_a_job_that_kills_every_process_waits_longer_each_time(jobs: Jobs) -> None:
    jobs.add("poison")
    pauses = []
    for _ in range(7):
        jobs.clock.now = jobs.all()[0].run_at
        assert jobs.take()
        jobs.clock.move(seconds=LEASE.total_seconds())
        assert jobs.take() == []
        pauses.append(jobs.all()[0].run_at - jobs.clock())

    assert pauses == sorted(pauses)
    assert timedelta(0) < pauses[0] <= timedelta(seconds=1)
    assert timedelta(minutes=1) < pauses[-1] <= timedelta(minutes=2)


def test_the_late_result_of_a_lost_lease_changes_nothing_and_renews_nothing(
    jobs: Jobs, runner_with: RunnerWith
) -> None:
    jobs.add("a")
    (late,) = jobs.take()
    jobs.clock.move(seconds=LEASE.total_seconds())
    jobs.take()
    jobs.clock.move(seconds=1)
    (present,) = jobs.take()

    inside(runner := runner_with(), [late], runner.leases.renew)
    jobs.postpone(late, hours=9)
    jobs.finish(late)

    assert not jobs.held(late)
    assert jobs.held(present)
    assert jobs.all() == [present]
    jobs.finish(present)
    assert jobs.all() == []


def test_a_worker_that_cannot_wait_gives_its_leases_back_once(
    jobs: Jobs, runner_with: RunnerWith, caplog: pytest.LogCaptureFixture
) -> None:
    gate, begun = threading.Event(), threading.Event()

    def work(_: Job) -> None:
        begun.set()
        assert gate.wait(SECONDS)

    jobs.add("a")
    runner = runner_with(work=work)
    worker = Worker(runner)
    worker.poll()
    assert begun.wait(SECONDS)

    worker.stop(seconds=0.01)

    (again,) = jobs.take()
    assert (again.subject, again.attempts) == ("a", 0), "another process has it at once, and it costs no attempt"
    statements = record_statements(jobs.database.engine)
    runner.leases.give_back()  # as the process does after its worker, for the pings in its slots
    assert statements == []
    assert caplog.text.count("gave back job work on a") == 1
    gate.set()


def test_leases_are_given_back_by_the_next_call_if_the_database_did_not_answer_the_first(
    jobs: Jobs, runner_with: RunnerWith, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise OperationalError("update", {}, Exception("away"))

    def stop_twice() -> None:
        with monkeypatch.context() as away:
            away.setattr(store, "give_back", fails)
            runner.leases.give_back()
        assert jobs.held(job)
        assert "gave back" not in caplog.text
        runner.leases.give_back()

    runner = runner_with()
    jobs.add("a")
    (job,) = jobs.take()

    inside(runner, [job], stop_twice)

    assert not jobs.held(job)
    assert caplog.text.count("leases were not given back") == 1
    assert caplog.text.count("gave back job work on a") == 1


def test_a_job_may_end_while_its_lease_is_given_back(
    jobs: Jobs, runner_with: RunnerWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends_first(*arguments: object) -> None:
        under_way.close()
        give_back(*arguments)  # type: ignore[arg-type]

    give_back = store.give_back
    monkeypatch.setattr(store, "give_back", ends_first)
    runner = runner_with()
    jobs.add("a")
    (job,) = jobs.take()

    with ExitStack() as under_way:
        under_way.enter_context(runner.leases.renewed(job))
        runner.leases.give_back()

    assert not jobs.held(job)
    assert jobs.subjects() == ["a"]


def test_what_comes_after_a_lease_was_given_back_changes_nothing(jobs: Jobs, runner_with: RunnerWith) -> None:
    def work(job: Job) -> None:
        runner.leases.give_back()
        (again,) = jobs.take()
        runner.leases.renew()
        jobs.finish(job)
        assert jobs.held(again)

    runner = runner_with(work=work)
    jobs.add("a")

    assert runner.run_due() == 1
    assert len(jobs.all()) == 1


def test_a_poll_writes_nothing_while_all_leases_last(jobs: Jobs) -> None:
    jobs.add("a")
    jobs.take()
    statements = record_statements(jobs.database.engine)

    jobs.take()

    assert [statement.split()[0] for statement in statements if not statement.startswith("BEGIN")] == ["WITH"]


def test_only_leases_that_have_ended_are_freed(jobs: Jobs) -> None:
    jobs.add("ended")
    (ended,) = jobs.take()
    jobs.clock.move(seconds=1)
    jobs.add("under way")
    (under_way,) = jobs.take()
    jobs.clock.move(seconds=LEASE.total_seconds() - 1)

    assert jobs.take(9) == []

    assert not jobs.held(ended)
    assert jobs.held(under_way)


def test_many_ended_leases_are_freed_in_parts(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_RELEASED_AT_ONCE", 2)
    for number in range(3):
        jobs.add(str(number))
    jobs.take(9)
    jobs.clock.move(seconds=LEASE.total_seconds())

    freed = []
    for _ in range(3):
        with jobs.database.write() as connection:
            freed.append(queue.release_ended(connection, jobs.clock()))

    assert freed == [2, 1, 0]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_job_whose_late_owner_writes_its_result_is_not_freed(jobs: Jobs) -> None:
    jobs.add("a")
    (late,) = jobs.take()
    jobs.clock.move(seconds=LEASE.total_seconds())

    with jobs.database.write() as connection:
        assert store.held(connection, late)
        assert together(jobs.take) == [[]], "no one waits for the owner"
        store.postpone(connection, late, jobs.clock(), jobs.clock(), attempts=1, error="503")

    assert [(job.attempts, job.last_error) for job in jobs.all()] == [(1, "503")]


def test_all_ended_leases_of_one_key_are_freed_together(jobs: Jobs) -> None:
    for number in range(MAX_PER_KEY):
        jobs.add(str(number), concurrency_key="crowd.example")
    jobs.take(9)

    jobs.clock.move(seconds=LEASE.total_seconds())
    jobs.take(9)

    assert [job.attempts for job in jobs.all()] == [1] * MAX_PER_KEY
