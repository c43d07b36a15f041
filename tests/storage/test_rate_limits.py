"""Counters a minute, shared by all processes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from feedserver.services import WebServices
from feedserver.storage import rate_limits
from feedserver.storage.engine import Database
from feedserver.storage.schema import rate_limits as table
from tests.support.outside import Clock


def allow(database: Database, bucket: str, most: int, clock: Clock) -> bool:
    now = clock()
    return database.transact(lambda connection: rate_limits.allow(connection, bucket, most, now))


def test_a_bucket_takes_so_many_a_minute(services: WebServices, clock: Clock) -> None:
    assert [allow(services.database, "a", 3, clock) for _ in range(5)] == [True, True, True, False, False]


def test_buckets_do_not_know_each_other(services: WebServices, clock: Clock) -> None:
    assert allow(services.database, "a", 1, clock)
    assert allow(services.database, "b", 1, clock)
    assert not allow(services.database, "a", 1, clock)


def test_the_minute_slides(services: WebServices, clock: Clock) -> None:
    clock.move(seconds=59)
    assert all(allow(services.database, "a", 6, clock) for _ in range(6))

    clock.move(seconds=2)
    assert not allow(services.database, "a", 6, clock), "the turn of a minute gives nothing back"
    clock.move(seconds=29)
    given_back = [allow(services.database, "a", 6, clock) for _ in range(4)]
    assert given_back == [True, True, True, False], "half a minute gives back the half"
    clock.move(seconds=90)
    assert all(allow(services.database, "a", 6, clock) for _ in range(6))


def test_what_was_refused_is_not_counted(services: WebServices, clock: Clock) -> None:
    for _ in range(10):
        allow(services.database, "a", 2, clock)

    clock.move(minutes=2)

    assert allow(services.database, "a", 2, clock)


@pytest.mark.parametrize("idle", [2, 5, 10_000])
def test_old_counters_are_taken_away(services: WebServices, clock: Clock, idle: int) -> None:
    for bucket in "abc":
        allow(services.database, bucket, 5, clock)
    clock.move(minutes=idle)
    allow(services.database, "d", 5, clock)

    with services.database.read() as connection:
        assert connection.execute(select(table.c.bucket)).scalars().all() == ["d"]


def test_processes_share_a_bucket(services: WebServices, database_url: str, clock: Clock) -> None:
    other = Database(database_url)

    assert [allow(database, "a", 3, clock) for database in (services.database, other, other)] == [True] * 3
    assert not allow(services.database, "a", 3, clock)
    assert not allow(other, "a", 3, clock)
    other.close()


def test_many_at_once_get_no_more_than_the_limit(services: WebServices, clock: Clock) -> None:
    with ThreadPoolExecutor(8) as threads:
        allowed = list(threads.map(lambda _: allow(services.database, "a", 10, clock), range(30)))

    assert allowed.count(True) == 10


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite serializes writers
def test_a_counter_that_another_process_makes_meanwhile_is_counted(
    services: WebServices, database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, judge = Database(database_url), rate_limits.seconds_to_wait

    def overtaken(*numbers: int) -> int:
        monkeypatch.setattr(rate_limits, "seconds_to_wait", judge)
        other.transact(lambda connection: rate_limits.take(connection, "a", 1, clock()))
        return judge(*numbers)

    monkeypatch.setattr(rate_limits, "seconds_to_wait", overtaken)

    assert services.database.transact(lambda connection: rate_limits.take(connection, "a", 1, clock())) > 0
    other.close()


def test_what_was_let_through_before_is_counted_even_beyond_the_limit(services: WebServices, clock: Clock) -> None:
    before = clock()
    clock.move(minutes=1)
    owed = [before, clock(), clock()]

    refused = services.database.transact(lambda connection: rate_limits.take(connection, "a", 2, clock(), owed))

    assert refused > 0
    with services.database.read() as connection:
        assert sorted(connection.execute(select(table.c.count)).scalars()) == [1, 2]
