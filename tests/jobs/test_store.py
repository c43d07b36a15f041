"""Stored jobs: one for each subject, taken by one at a time, never lost."""

from datetime import timedelta

import pytest

from feedserver.jobs import queue, store
from feedserver.jobs.model import BACKGROUND, INTERACTIVE, LEASE, Job
from tests.jobs.conftest import Desk
from tests.support.waiting import together


def test_there_is_one_job_for_each_kind_and_subject(desk: Desk) -> None:
    first = desk.add("a", minutes=5)

    assert desk.add("a", minutes=1) == first
    assert desk.add("a", kind="other").id != first.id
    assert len(desk.all()) == 2


def test_repeated_jobs_are_taken_the_longest_waiting_first(desk: Desk) -> None:
    for subject in ("third", "first", "later", "second"):
        desk.add(subject)
    pauses = {"third": 3, "first": 1, "later": 99, "second": 2}
    for job in desk.take(9):
        desk.postpone(job, seconds=pauses[job.subject])
    desk.clock.move(seconds=10)

    assert [job.subject for job in desk.take(2)] == ["first", "second"]
    assert [job.subject for job in desk.take(9)] == ["third"]
    assert desk.take(9) == []


def test_jobs_of_unknown_kinds_are_left_alone(desk: Desk) -> None:
    unknown = desk.add("a", kind="from a later version")

    assert desk.take(9) == []
    assert not desk.due("work")
    assert desk.due("work", unknown.kind)
    assert desk.all() == [unknown]


def test_a_leased_job_is_not_taken_by_another_until_its_lease_has_ended(desk: Desk) -> None:
    desk.add("a")
    (taken,) = desk.take()

    desk.clock.move(seconds=LEASE.total_seconds() - 1)
    assert taken.is_leased(desk.clock())
    assert desk.take() == []
    desk.clock.move(seconds=1)
    assert not taken.is_leased(desk.clock())
    desk.take()
    desk.clock.move(seconds=1)
    (again,) = desk.take()

    assert again.id == taken.id
    assert again.lease_token != taken.lease_token


def test_a_postponed_job_is_free_and_due_later_and_says_why(desk: Desk) -> None:
    desk.add("a")
    (taken,) = desk.take()
    desk.postpone(taken, seconds=40)

    (waiting,) = desk.all()
    assert (waiting.attempts, waiting.last_error, waiting.leased_until, waiting.lease_token) == (
        1,
        "it failed",
        None,
        None,
    )
    assert desk.take() == []
    desk.clock.move(seconds=40)
    assert [job.id for job in desk.take()] == [taken.id]


def test_a_job_that_is_brought_forward_costs_no_attempt(desk: Desk) -> None:
    desk.add("a")
    desk.postpone(desk.take()[0], hours=5)
    with desk.database.write() as connection:
        job = store.find(connection, "work", "a")
        assert job is not None
        forward = store.bring_forward(connection, job, desk.clock())

    assert (forward.run_at, forward.attempts) == (desk.clock(), 0)
    assert [job.id for job in desk.take()] == [forward.id]


def test_a_discarded_job_is_gone_for_its_worker_too(desk: Desk) -> None:
    desk.add("a")
    (taken,) = desk.take()
    with desk.database.write() as connection:
        store.discard(connection, "work", "a")

    assert not desk.held(taken)
    desk.postpone(taken, seconds=1)
    assert desk.all() == []


def test_a_job_that_has_changed_since_the_poll_is_not_leased(desk: Desk) -> None:
    def lease(found: list[Job]) -> list[Job]:
        with desk.database.write() as connection:
            return queue.lease(connection, [job.id for job in found], desk.clock())

    *found, free = [desk.add(subject) for subject in ("done", "postponed", "taken", "free")]
    done, postponed, _ = lease(found)
    desk.finish(done)
    desk.postpone(postponed, seconds=1)

    assert [job.id for job in lease([*found, free])] == [free.id]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_job_that_another_transaction_has_locked_keeps_no_one_waiting(desk: Desk) -> None:
    for subject in ("locked", "free"):
        desk.add(subject)

    with desk.database.write() as connection:
        assert store.find(connection, "work", "locked")
        (taken,) = together(lambda: [job.subject for job in desk.take(9)])

    assert taken == ["free"]


def test_workers_that_take_at_once_never_take_the_same_job(desk: Desk) -> None:
    for number in range(24):
        desk.add(str(number))
    taken: list[str] = []

    def take() -> None:
        while found := desk.take(2):
            taken.extend(job.subject for job in found)

    together(*[take] * 4)

    assert sorted(taken, key=int) == [str(number) for number in range(24)]


def test_the_heartbeat_is_the_last_one(desk: Desk) -> None:
    assert desk.last_beat() is None
    for _ in range(2):
        desk.clock.move(seconds=10)
        with desk.database.write() as connection:
            store.beat(connection, desk.clock())
        assert desk.last_beat() == desk.clock()


def test_why_a_job_waits_is_told(desk: Desk) -> None:
    desk.add("due")
    desk.add("later", seconds=60)
    desk.add("recheck", priority=BACKGROUND, seconds=60)
    for subject in ("failed", "held"):
        job = desk.add(subject)
        with desk.database.write() as connection:
            job = store.lease(connection, job, desk.clock())
            if subject == "failed":
                store.postpone(connection, job, desk.clock(), attempts=1, error="503")

    assert {job.subject: job.why(desk.clock()) for job in desk.all()} == {
        "due": "due, waits for a free slot",
        "later": "not due yet",
        "recheck": "not due yet, in the background",
        "failed": "503",
        "held": "under way",
    }
    assert all(job.created_at == desk.clock() for job in desk.all())


def test_a_job_that_is_brought_forward_is_interactive_and_a_postponed_one_keeps_its_priority(desk: Desk) -> None:
    now = desk.clock()
    with desk.database.write() as connection:
        job = store.ensure(connection, "verify", "x", now + timedelta(days=7), now, priority=BACKGROUND)
        assert store.bring_forward(connection, job, now).priority == INTERACTIVE

        for given, kept in ((None, INTERACTIVE), (BACKGROUND, BACKGROUND), (None, BACKGROUND)):
            leased = store.lease(connection, job, now)
            store.postpone(connection, leased, now, attempts=0, error=None, priority=given)
            found = store.find(connection, "verify", "x")
            assert found is not None
            assert found.priority == kept
