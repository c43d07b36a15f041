"""Stored duties: one for each subject, taken by one at a time, never lost."""

import threading
from datetime import timedelta

from feedserver.jobs import store
from feedserver.jobs.model import AT_LEISURE, AT_ONCE, LEASE
from tests.jobs.conftest import Desk


def test_there_is_one_job_for_each_kind_and_subject(desk: Desk) -> None:
    first = desk.add("a", minutes=5)

    assert desk.add("a", minutes=1) == first
    assert desk.add("a", kind="other").id != first.id
    assert len(desk.all()) == 2


def test_due_jobs_are_taken_the_longest_waiting_first(desk: Desk) -> None:
    for subject, seconds in (("third", 3), ("first", 1), ("later", 99), ("second", 2)):
        desk.add(subject, seconds=seconds)
    desk.clock.move(seconds=10)

    assert [job.subject for job in desk.take(2)] == ["first", "second"]
    assert [job.subject for job in desk.take(9)] == ["third"]
    assert desk.take(9) == []


def test_jobs_of_unknown_kinds_are_left_alone(desk: Desk) -> None:
    unknown = desk.add("a", kind="from a later version")

    assert desk.take(9) == []
    with desk.database.read() as connection:
        assert not store.anything_due(connection, desk.clock(), ["work"])
        assert store.anything_due(connection, desk.clock(), ["work", unknown.kind])
    assert desk.all() == [unknown]


def test_a_leased_job_is_nobody_elses_until_its_lease_ends(desk: Desk) -> None:
    desk.add("a")
    (taken,) = desk.take()

    desk.clock.move(seconds=LEASE.total_seconds() - 1)
    assert taken.is_leased(desk.clock())
    assert desk.take() == []
    desk.clock.move(seconds=1)
    assert not taken.is_leased(desk.clock())
    (again,) = desk.take()

    assert again.id == taken.id
    assert again.lease_token != taken.lease_token


def test_the_late_result_of_a_holder_whose_lease_has_ended_changes_nothing(desk: Desk) -> None:
    desk.add("a")
    (late,) = desk.take()
    desk.clock.move(seconds=LEASE.total_seconds())
    (present,) = desk.take()

    assert not desk.held(late)
    desk.postpone(late, hours=9)
    desk.finish(late)
    assert desk.held(present)
    assert desk.all() == [present]

    desk.finish(present)
    assert desk.all() == []


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


def test_a_job_that_is_brought_forward_costs_no_try(desk: Desk) -> None:
    desk.add("a")
    desk.postpone(desk.take()[0], hours=5)
    with desk.database.write() as connection:
        job = store.find(connection, "work", "a")
        assert job is not None
        forward = store.bring_forward(connection, job, desk.clock())

    assert (forward.run_at, forward.attempts) == (desk.clock(), 0)
    assert [job.id for job in desk.take()] == [forward.id]


def test_a_discarded_job_is_gone_for_its_holder_too(desk: Desk) -> None:
    desk.add("a")
    (taken,) = desk.take()
    with desk.database.write() as connection:
        store.discard(connection, "work", "a")

    assert not desk.held(taken)
    desk.postpone(taken, seconds=1)
    assert desk.all() == []


def test_two_who_take_at_once_never_take_the_same_job(desk: Desk) -> None:
    for number in range(24):
        desk.add(str(number))
    start = threading.Barrier(4)
    taken: list[str] = []

    def take() -> None:
        start.wait(10)
        while found := desk.take(2):
            taken.extend(job.subject for job in found)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(taken, key=int) == [str(number) for number in range(24)]


def test_the_heartbeat_is_the_last_one(desk: Desk) -> None:
    def last() -> object:
        with desk.database.read() as connection:
            return store.last_beat(connection)

    assert last() is None
    for _ in range(2):
        desk.clock.move(seconds=10)
        with desk.database.write() as connection:
            store.beat(connection, desk.clock())
        assert last() == desk.clock()


def test_what_somebody_waits_for_goes_before_what_is_due_for_longer(desk: Desk) -> None:
    now = desk.clock()
    with desk.database.write() as connection:
        for subject, age, priority in (("old", 900, AT_LEISURE), ("new", 1, AT_ONCE), ("older", 990, AT_LEISURE)):
            store.ensure(connection, "verify", subject, now - timedelta(seconds=age), now, priority=priority)

        taken = [store.take_due(connection, now, ["verify"], 1)[0] for _ in range(3)]

    assert [job.subject for job in taken] == ["new", "older", "old"]
    assert [job.priority for job in taken] == [AT_ONCE, AT_LEISURE, AT_LEISURE]


def test_a_job_that_is_brought_forward_is_waited_for_and_a_postponed_one_keeps_its_place(desk: Desk) -> None:
    now = desk.clock()
    with desk.database.write() as connection:
        job = store.ensure(connection, "verify", "x", now + timedelta(days=7), now, priority=AT_LEISURE)
        assert store.bring_forward(connection, job, now).priority == AT_ONCE

        for given, kept in ((None, AT_ONCE), (AT_LEISURE, AT_LEISURE), (None, AT_LEISURE)):
            (leased,) = store.take_due(connection, now, ["verify"], 1)
            store.postpone(connection, leased, now, attempts=0, error=None, priority=given)
            found = store.find(connection, "verify", "x")
            assert found is not None
            assert found.priority == kept
