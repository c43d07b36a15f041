"""Stored jobs: one for each subject, taken by one at a time, never lost."""

from datetime import timedelta

import pytest

from feedserver.jobs import queue, store
from feedserver.jobs.model import BACKGROUND, INTERACTIVE, LEASE, Job
from feedserver.storage import heartbeat
from tests.jobs.conftest import Jobs
from tests.support.waiting import together


def test_there_is_one_job_for_each_kind_and_subject(jobs: Jobs) -> None:
    first = jobs.add("a", minutes=5)

    assert jobs.add("a", minutes=1) == first
    assert jobs.add("a", kind="other").id != first.id
    assert len(jobs.all()) == 2


def test_repeated_jobs_are_taken_the_longest_waiting_first(jobs: Jobs) -> None:
    for subject in ("third", "first", "later", "second"):
        jobs.add(subject)
    pauses = {"third": 3, "first": 1, "later": 99, "second": 2}
    for job in jobs.take(9):
        jobs.postpone(job, seconds=pauses[job.subject])
    jobs.clock.move(seconds=10)

    assert [job.subject for job in jobs.take(2)] == ["first", "second"]
    assert [job.subject for job in jobs.take(9)] == ["third"]
    assert jobs.take(9) == []


def test_jobs_of_unknown_kinds_are_left_alone(jobs: Jobs) -> None:
    unknown = jobs.add("a", kind="from a later version")

    assert jobs.take(9) == []
    assert not jobs.due("work")
    assert jobs.due("work", unknown.kind)
    assert jobs.all() == [unknown]


def test_a_leased_job_is_not_taken_by_another_until_its_lease_has_ended(jobs: Jobs) -> None:
    jobs.add("a")
    (taken,) = jobs.take()

    jobs.clock.move(seconds=LEASE.total_seconds() - 1)
    assert taken.is_leased(jobs.clock())
    assert jobs.take() == []
    jobs.clock.move(seconds=1)
    assert not taken.is_leased(jobs.clock())
    jobs.take()
    jobs.clock.move(seconds=1)
    (again,) = jobs.take()

    assert again.id == taken.id
    assert again.lease_token != taken.lease_token


def test_a_postponed_job_is_free_and_due_later_and_says_why(jobs: Jobs) -> None:
    jobs.add("a")
    (taken,) = jobs.take()
    jobs.postpone(taken, seconds=40)

    (waiting,) = jobs.all()
    assert (waiting.attempts, waiting.last_error, waiting.leased_until, waiting.lease_token) == (
        1,
        "it failed",
        None,
        None,
    )
    assert jobs.take() == []
    jobs.clock.move(seconds=40)
    assert [job.id for job in jobs.take()] == [taken.id]


def test_a_job_that_is_brought_forward_costs_no_attempt(jobs: Jobs) -> None:
    jobs.add("a")
    jobs.postpone(jobs.take()[0])
    jobs.postpone(jobs.take()[0], hours=5)
    with jobs.database.write() as connection:
        job = store.find(connection, "work", "a")
        assert job is not None
        forward = store.bring_forward(connection, job, jobs.clock(), jobs.clock())

    assert (forward.run_at, forward.attempts) == (jobs.clock(), 1)
    assert [job.id for job in jobs.take()] == [forward.id]


def test_a_failed_job_that_is_brought_forward_is_still_no_first_attempt(jobs: Jobs) -> None:
    jobs.add("a")
    jobs.postpone(jobs.take()[0], hours=5)
    with jobs.database.write() as connection:
        job = store.find(connection, "work", "a")
        assert job is not None
        store.bring_forward(connection, job, jobs.clock(), jobs.clock())

    assert jobs.take(lanes=("first",)) == []
    assert [job.subject for job in jobs.take(lanes=("again",))] == ["a"]


def test_a_discarded_job_is_gone_for_its_worker_too(jobs: Jobs) -> None:
    jobs.add("a")
    (taken,) = jobs.take()
    with jobs.database.write() as connection:
        store.discard(connection, "work", "a")

    assert not jobs.held(taken)
    jobs.postpone(taken, seconds=1)
    assert jobs.all() == []


def test_a_job_that_has_changed_since_the_poll_is_not_leased(jobs: Jobs) -> None:
    def lease(found: list[Job]) -> list[Job]:
        with jobs.database.write() as connection:
            return queue.lease(connection, [job.id for job in found], jobs.clock())

    *found, free = [jobs.add(subject) for subject in ("done", "postponed", "taken", "free")]
    done, postponed, _ = lease(found)
    jobs.finish(done)
    jobs.postpone(postponed, seconds=1)

    assert [job.id for job in lease([*found, free])] == [free.id]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_job_that_another_transaction_has_locked_keeps_no_one_waiting(jobs: Jobs) -> None:
    for subject in ("locked", "free"):
        jobs.add(subject)

    with jobs.database.write() as connection:
        assert store.find(connection, "work", "locked")
        (taken,) = together(lambda: [job.subject for job in jobs.take(9)])

    assert taken == ["free"]


def test_workers_that_take_at_once_never_take_the_same_job(jobs: Jobs) -> None:
    for number in range(24):
        jobs.add(str(number))
    taken: list[str] = []

    def take() -> None:
        while found := jobs.take(2):
            taken.extend(job.subject for job in found)

    together(*[take] * 4)

    assert sorted(taken, key=int) == [str(number) for number in range(24)]


def test_the_heartbeat_is_the_last_one(jobs: Jobs) -> None:
    assert jobs.last_beat() is None
    for _ in range(2):
        jobs.clock.move(seconds=10)
        with jobs.database.write() as connection:
            heartbeat.beat(connection, "jobs", jobs.clock())
        assert jobs.last_beat() == jobs.clock()


def test_why_a_job_waits_is_told(jobs: Jobs) -> None:
    jobs.add("due")
    jobs.add("later", seconds=60)
    jobs.add("recheck", priority=BACKGROUND, seconds=60)
    for subject in ("failed", "held"):
        job = jobs.add(subject)
        with jobs.database.write() as connection:
            job = store.lease(connection, job, jobs.clock())
            if subject == "failed":
                store.postpone(connection, job, jobs.clock(), jobs.clock(), attempts=1, error="503")

    assert {job.subject: job.why(jobs.clock()) for job in jobs.all()} == {
        "due": "due, waits for a free slot",
        "later": "not due yet",
        "recheck": "not due yet, in the background",
        "failed": "503",
        "held": "under way",
    }
    assert all(job.created_at == jobs.clock() for job in jobs.all())


def test_a_job_that_is_brought_forward_is_interactive_and_a_postponed_one_keeps_its_priority(jobs: Jobs) -> None:
    now = jobs.clock()
    with jobs.database.write() as connection:
        job = store.ensure(connection, "verify", "x", now + timedelta(days=7), now, priority=BACKGROUND)
        assert store.bring_forward(connection, job, now, now).priority == INTERACTIVE

        for given, kept in ((None, INTERACTIVE), (BACKGROUND, BACKGROUND), (None, BACKGROUND)):
            leased = store.lease(connection, job, now)
            store.postpone(connection, leased, now, now, attempts=0, error=None, priority=given)
            found = store.find(connection, "verify", "x")
            assert found is not None
            assert found.priority == kept
