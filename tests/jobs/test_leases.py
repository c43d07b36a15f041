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
from tests.jobs.conftest import Desk, RunnerWith
from tests.support.statements import record_statements
from tests.support.waiting import SECONDS, together, wait_until


def test_a_job_that_takes_longer_than_its_lease_keeps_it_as_long_as_it_is_renewed(
    desk: Desk, runner_with: RunnerWith
) -> None:
    def work(job: Job) -> None:
        for _ in range(20):
            desk.clock.move(seconds=RENEW_SECONDS)
            runner.leases.renew()
            assert desk.take() == []
        assert desk.held(job)
        desk.finish(job)

    runner = runner_with(work=work)
    desk.add("slow")

    assert runner.run_due() == 1
    assert desk.all() == []


def test_one_statement_renews_all_leases_of_a_process(desk: Desk, runner_with: RunnerWith) -> None:
    for number in range(5):
        desk.add(str(number))
    runner, jobs = runner_with(), desk.take(9)
    statements = record_statements(desk.database.engine)

    desk.clock.move(seconds=7)
    inside(runner, jobs, runner.leases.renew)
    runner.leases.renew()  # no job is under way

    assert [statement.split()[0] for statement in statements if not statement.startswith("BEGIN")] == ["UPDATE"]
    assert {job.leased_until for job in desk.all()} == {desk.clock() + LEASE}


def test_one_thread_renews_the_leases_of_all_jobs(desk: Desk, runner_with: RunnerWith) -> None:
    for number in range(3):
        desk.add(str(number))
    before = set(threading.enumerate())
    renewing: list[str] = []

    inside(runner_with(), desk.take(9), lambda: renewing.extend(one.name for one in {*threading.enumerate()} - before))

    assert renewing == ["leases"]


def inside(runner: Runner, jobs: list[Job], then: Callable[[], None]) -> None:
    """Does something while all the jobs are under way."""
    with ExitStack() as stack:
        for job in jobs:
            stack.enter_context(runner.leases.renewed(job))
        then()


def test_leases_are_renewed_by_themselves_and_a_database_that_is_away_does_not_end_that(
    desk: Desk,
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
    desk.add("a")
    (job,) = desk.take()
    leases = runner_with().leases

    for _ in range(2):  # the thread ends with the job, and another begins with the next
        desk.clock.move(seconds=LEASE.total_seconds() - 1)
        with leases.renewed(job):
            wait_until(lambda: desk.all()[0].leased_until == desk.clock() + LEASE)
        wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "leases"])

    assert not away
    assert caplog.text.count("leases were not renewed") == 2


def test_a_job_that_can_be_neither_done_nor_postponed_is_renewed_no_longer(
    desk: Desk, runner_with: RunnerWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OperationalError("update", {}, Exception("away"))

    def work(_: Job) -> None:
        raise ValueError

    monkeypatch.setattr(store, "postpone", fails)
    runner = runner_with(work=work)
    desk.add("a")
    (job,) = desk.take()
    with pytest.raises(OperationalError):
        runner.run(job)

    desk.clock.move(seconds=1)
    runner.leases.renew()

    assert desk.all() == [job]


def test_the_jobs_of_a_crashed_process_are_free_when_their_leases_end_and_pay_for_it(
    desk: Desk, runner_with: RunnerWith, caplog: pytest.LogCaptureFixture
) -> None:
    desk.add("a")
    (lost,) = desk.take()
    runner = runner_with(work=desk.finish)

    desk.clock.move(seconds=LEASE.total_seconds() - 1)
    assert runner.run_due() == 0
    assert desk.held(lost)
    desk.clock.move(seconds=1)
    assert runner.run_due() == 0

    (freed,) = desk.all()
    assert not desk.held(lost)
    assert (freed.attempts, freed.last_error) == (1, "the process that ran it has ended")
    assert freed.run_at - desk.clock() == timedelta(seconds=1)
    assert "freed 1 jobs" in caplog.text
    desk.clock.move(seconds=1)
    assert runner.run_due() == 1
    assert timedelta(seconds=20) >= LEASE > timedelta(seconds=2 * RENEW_SECONDS)


def test_a_job_that_kills_every_process_waits_longer_each_time(desk: Desk) -> None:
    desk.add("poison")
    pauses = []
    for _ in range(7):
        desk.clock.now = desk.all()[0].run_at
        assert desk.take()
        desk.clock.move(seconds=LEASE.total_seconds())
        assert desk.take() == []
        pauses.append(desk.all()[0].run_at - desk.clock())

    assert pauses == sorted(pauses)
    assert timedelta(0) < pauses[0] <= timedelta(seconds=1)
    assert timedelta(minutes=1) < pauses[-1] <= timedelta(minutes=2)


def test_the_late_result_of_a_lost_lease_changes_nothing_and_renews_nothing(
    desk: Desk, runner_with: RunnerWith
) -> None:
    desk.add("a")
    (late,) = desk.take()
    desk.clock.move(seconds=LEASE.total_seconds())
    desk.take()
    desk.clock.move(seconds=1)
    (present,) = desk.take()

    inside(runner := runner_with(), [late], runner.leases.renew)
    desk.postpone(late, hours=9)
    desk.finish(late)

    assert not desk.held(late)
    assert desk.held(present)
    assert desk.all() == [present]
    desk.finish(present)
    assert desk.all() == []


def test_a_worker_that_cannot_wait_gives_its_leases_back_once(
    desk: Desk, runner_with: RunnerWith, caplog: pytest.LogCaptureFixture
) -> None:
    gate, begun = threading.Event(), threading.Event()

    def work(_: Job) -> None:
        begun.set()
        assert gate.wait(SECONDS)

    desk.add("a")
    runner = runner_with(work=work)
    worker = Worker(runner)
    worker.poll()
    assert begun.wait(SECONDS)

    worker.stop(seconds=0.01)

    (again,) = desk.take()
    assert (again.subject, again.attempts) == ("a", 0), "another process has it at once, and it costs no attempt"
    statements = record_statements(desk.database.engine)
    runner.leases.give_back()  # as the process does after its worker, for the pings in its slots
    assert statements == []
    assert caplog.text.count("gave back job work on a") == 1
    gate.set()


def test_leases_are_given_back_by_the_next_call_if_the_database_did_not_answer_the_first(
    desk: Desk, runner_with: RunnerWith, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise OperationalError("update", {}, Exception("away"))

    def stop_twice() -> None:
        with monkeypatch.context() as away:
            away.setattr(store, "give_back", fails)
            runner.leases.give_back()
        assert desk.held(job)
        assert "gave back" not in caplog.text
        runner.leases.give_back()

    runner = runner_with()
    desk.add("a")
    (job,) = desk.take()

    inside(runner, [job], stop_twice)

    assert not desk.held(job)
    assert caplog.text.count("leases were not given back") == 1
    assert caplog.text.count("gave back job work on a") == 1


def test_a_job_may_end_while_its_lease_is_given_back(
    desk: Desk, runner_with: RunnerWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends_first(*arguments: object) -> None:
        under_way.close()
        give_back(*arguments)  # type: ignore[arg-type]

    give_back = store.give_back
    monkeypatch.setattr(store, "give_back", ends_first)
    runner = runner_with()
    desk.add("a")
    (job,) = desk.take()

    with ExitStack() as under_way:
        under_way.enter_context(runner.leases.renewed(job))
        runner.leases.give_back()

    assert not desk.held(job)
    assert desk.subjects() == ["a"]


def test_what_comes_after_a_lease_was_given_back_changes_nothing(desk: Desk, runner_with: RunnerWith) -> None:
    def work(job: Job) -> None:
        runner.leases.give_back()
        (again,) = desk.take()
        runner.leases.renew()
        desk.finish(job)
        assert desk.held(again)

    runner = runner_with(work=work)
    desk.add("a")

    assert runner.run_due() == 1
    assert len(desk.all()) == 1


def test_a_poll_writes_nothing_while_all_leases_last(desk: Desk) -> None:
    desk.add("a")
    desk.take()
    statements = record_statements(desk.database.engine)

    desk.take()

    assert [statement.split()[0] for statement in statements if not statement.startswith("BEGIN")] == ["SELECT"]


def test_only_leases_that_have_ended_are_freed(desk: Desk) -> None:
    desk.add("ended")
    (ended,) = desk.take()
    desk.clock.move(seconds=1)
    desk.add("under way")
    (under_way,) = desk.take()
    desk.clock.move(seconds=LEASE.total_seconds() - 1)

    assert desk.take(9) == []

    assert not desk.held(ended)
    assert desk.held(under_way)


def test_many_ended_leases_are_freed_in_parts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_RELEASED_AT_ONCE", 2)
    for number in range(3):
        desk.add(str(number))
    desk.take(9)
    desk.clock.move(seconds=LEASE.total_seconds())

    freed = []
    for _ in range(3):
        with desk.database.write() as connection:
            freed.append(queue.release_ended(connection, desk.clock()))

    assert freed == [2, 1, 0]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_job_whose_late_owner_writes_its_result_is_not_freed(desk: Desk) -> None:
    desk.add("a")
    (late,) = desk.take()
    desk.clock.move(seconds=LEASE.total_seconds())

    with desk.database.write() as connection:
        assert store.held(connection, late)
        assert together(desk.take) == [[]], "no one waits for the owner"
        store.postpone(connection, late, desk.clock(), attempts=1, error="503")

    assert [(job.attempts, job.last_error) for job in desk.all()] == [(1, "503")]


def test_all_ended_leases_of_one_key_are_freed_together(desk: Desk) -> None:
    for number in range(MAX_PER_KEY):
        desk.add(str(number), concurrency_key="crowd.example")
    desk.take(9)

    desk.clock.move(seconds=LEASE.total_seconds())
    desk.take(9)

    assert [job.attempts for job in desk.all()] == [1] * MAX_PER_KEY
