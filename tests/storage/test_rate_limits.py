"""Limits a minute, shared by all processes: exact in every minute, whatever the times."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from feedserver.services import WebServices
from feedserver.storage import migrate, rate_limits
from feedserver.storage.engine import Database
from feedserver.storage.rate_limits import WINDOW, Count, Limit, Refusal
from feedserver.storage.schema import rate_limits as table
from tests.support.outside import Clock
from tests.support.statements import record_statements


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A SQLite database for properties, which are tried hundreds of times."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('limits') / 'site.sqlite3'}")
    with migrate.exclusive(database):
        migrate.upgrade(database)
    yield database
    database.close()


def take(database: Database, now: datetime, *limits: Limit) -> Refusal | None:
    return database.transact(lambda connection: rate_limits.take(connection, limits, now))


def allow(database: Database, bucket: str, most: int, clock: Clock) -> bool:
    return take(database, clock(), Limit(bucket, most)) is None


def add(database: Database, now: datetime, *counts: Count) -> None:
    database.transact(lambda connection: rate_limits.add(connection, counts, now))


def rows(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(table.c.bucket).order_by(table.c.bucket)).scalars())


def test_a_bucket_takes_so_many_a_minute(services: WebServices, clock: Clock) -> None:
    assert [allow(services.database, "a", 3, clock) for _ in range(5)] == [True, True, True, False, False]


def test_buckets_do_not_know_each_other(services: WebServices, clock: Clock) -> None:
    assert allow(services.database, "a", 1, clock)
    assert allow(services.database, "b", 1, clock)
    assert not allow(services.database, "a", 1, clock)


def test_a_minute_later_there_is_room_again_and_not_before(services: WebServices, clock: Clock) -> None:
    clock.move(seconds=59, microseconds=1)
    assert all(allow(services.database, "a", 6, clock) for _ in range(6))

    clock.move(seconds=2)
    assert not allow(services.database, "a", 6, clock), "the turn of a minute gives nothing back"
    clock.move(seconds=58, microseconds=-1)
    assert not allow(services.database, "a", 6, clock)
    clock.move(microseconds=1)
    assert [allow(services.database, "a", 6, clock) for _ in range(7)] == [True] * 6 + [False]


def test_each_event_is_given_back_when_it_is_a_minute_old(services: WebServices, clock: Clock) -> None:
    for _ in range(3):
        assert allow(services.database, "a", 3, clock)
        clock.move(seconds=20)

    for _ in range(6):
        assert [allow(services.database, "a", 3, clock) for _ in range(2)] == [True, False]
        clock.move(seconds=20)


# Times of events as pauses in microseconds: bursts, seconds, and minutes.
PAUSES = st.lists(st.integers(0, 2_000_000) | st.integers(0, 90_000_000) | st.just(0), max_size=150)


@given(pauses=PAUSES, most=st.integers(1, 9))
def test_no_minute_ever_holds_more_than_the_limit_and_a_refusal_ends_when_it_says(
    memory: Database, pauses: Sequence[int], most: int
) -> None:
    now, taken, ends = Clock()(), [], None
    with memory.write() as connection:
        connection.execute(table.delete())
        for pause in pauses:
            now += timedelta(microseconds=pause)
            refusal = rate_limits.take(connection, [Limit("a", most)], now)
            if refusal is None:
                taken.append(now)
                ends = None
            else:
                assert ends is None or now < ends, "it had to have room by then"
                assert 1 <= refusal.seconds <= 61
                ends = now + timedelta(seconds=refusal.seconds)

    assert all(last - first >= WINDOW for first, last in zip(taken, taken[most:], strict=False))


@given(pauses=PAUSES, most=st.integers(2, 9))
def test_a_client_that_never_sends_more_than_half_the_limit_is_never_refused(
    memory: Database, pauses: Sequence[int], most: int
) -> None:
    now, sent = Clock()(), list[datetime]()
    with memory.write() as connection:
        connection.execute(table.delete())
        for pause in pauses:
            now += timedelta(microseconds=pause)
            if len(sent) >= most // 2 and now - sent[-(most // 2)] < WINDOW:
                continue
            sent.append(now)

            assert rate_limits.take(connection, [Limit("a", most)], now) is None


def test_a_refusal_names_the_bucket_that_is_full_for_longest_and_counts_in_none(
    services: WebServices, clock: Clock
) -> None:
    database = services.database
    assert take(database, clock(), Limit("a", 1)) is None
    clock.move(seconds=10.5)
    assert take(database, clock(), Limit("b", 1), Limit("c", 2)) is None
    clock.move(seconds=1)

    assert take(database, clock(), Limit("a", 1), Limit("b", 1), Limit("c", 2)) == Refusal("b", 59, held=1)

    assert take(database, clock(), Limit("c", 2)) is None
    assert take(database, clock(), Limit("c", 2)) is not None


def test_amounts_are_counted_and_given_back(services: WebServices, clock: Clock) -> None:
    database, reserved_at = services.database, clock()
    assert take(database, reserved_at, Limit("a", 100, 60)) is None
    clock.move(seconds=30)
    assert take(database, clock(), Limit("a", 100, 41)) == Refusal("a", 30, held=60)

    add(database, clock(), Count("a", -60, reserved_at), Count("a", 5, clock()))

    assert take(database, clock(), Limit("a", 100, 96)) == Refusal("a", 60, held=5)
    assert take(database, clock(), Limit("a", 100, 95)) is None


def test_what_is_given_back_too_late_is_no_credit(services: WebServices, clock: Clock) -> None:
    database, reserved_at = services.database, clock()
    assert take(database, reserved_at, Limit("a", 2, 2)) is None
    clock.move(seconds=60)

    add(database, clock(), Count("a", -2, reserved_at))

    assert take(database, clock(), Limit("a", 2, 3)) is not None
    assert take(database, clock(), Limit("a", 2, 2)) is None


def test_a_busy_bucket_is_one_row_of_bounded_length_and_a_count_costs_two_statements(
    services: WebServices, clock: Clock
) -> None:
    limit = Limit("a", 100_000)
    for _ in range(700):
        take(services.database, clock(), limit)
        clock.move(seconds=0.1)
    statements = record_statements(services.database.engine)

    take(services.database, clock(), limit)

    assert [statement.split()[0] for statement in statements if "rate_limits" in statement] == ["SELECT", "UPDATE"]
    with services.database.read() as connection:
        (events,) = connection.execute(select(table.c.events)).scalars()
    assert len(events) < 2_000


def test_what_was_refused_is_not_counted(services: WebServices, clock: Clock) -> None:
    for _ in range(10):
        allow(services.database, "a", 2, clock)

    clock.move(minutes=2)

    assert allow(services.database, "a", 2, clock)


@pytest.mark.parametrize("idle", [1, 5, 10_000])
def test_old_buckets_are_taken_away(services: WebServices, clock: Clock, idle: int) -> None:
    for bucket in "abc":
        allow(services.database, bucket, 5, clock)
    clock.move(minutes=idle)
    allow(services.database, "d", 5, clock)

    assert rows(services.database) == ["d"]


def test_a_flood_of_new_buckets_is_taken_away_bit_by_bit_and_bounds_the_table(
    services: WebServices, clock: Clock
) -> None:
    with services.database.write() as connection:
        values = [{"bucket": f"old{n}", "events": "[]", "expires_at": clock()} for n in range(1_000)]
        connection.execute(table.insert(), values)

    for number in range(9):
        allow(services.database, f"new{number}", 5, clock)

    assert len(rows(services.database)) == 1_000 - 9 * 100 + 9


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
def test_a_bucket_that_another_process_makes_meanwhile_is_counted(
    services: WebServices, database_url: str, clock: Clock
) -> None:
    other, late = Database(database_url), list[bool]()

    def overtake(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO rate_limits") and not late:
            late.append(True)
            assert allow(other, "a", 1, clock)

    event.listen(services.database.engine, "before_cursor_execute", overtake)

    assert not allow(services.database, "a", 1, clock)
    other.close()


def test_what_was_let_through_before_is_counted_even_beyond_the_limit(services: WebServices, clock: Clock) -> None:
    before = clock()
    clock.move(seconds=30)

    add(services.database, clock(), Count("a", 1, before), Count("a", 2, clock()))

    assert take(services.database, clock(), Limit("a", 3)) == Refusal("a", 30, held=3)
    clock.move(seconds=30)
    assert take(services.database, clock(), Limit("a", 3)) is None


def test_what_is_reserved_lasts_as_long_as_it_is_to_and_may_be_given_back(services: WebServices, clock: Clock) -> None:
    database, reserved = services.database, Limit("a", 10, 10, lasting=timedelta(seconds=20))
    taken = reserved.count(clock())
    assert take(database, clock(), reserved) is None
    assert take(database, clock(), Limit("a", 10)) == Refusal("a", 20, held=10)

    add(database, clock(), Count("a", -10, taken.at))
    assert take(database, clock(), reserved) is None

    clock.move(seconds=20)
    assert take(database, clock(), Limit("a", 10)) is None


def test_a_longer_window_has_room_when_its_events_are_old_enough(database: Database, clock: Clock) -> None:
    now, window = clock(), timedelta(minutes=15)
    limit = Limit.within(window, "long", 2)
    with database.write() as connection:
        assert rate_limits.take(connection, [limit], now) is None
        assert rate_limits.take(connection, [limit], now + timedelta(minutes=14)) is None
        refused = rate_limits.take(connection, [limit], now + timedelta(minutes=14, seconds=30))
        assert refused is not None
        assert refused.seconds == 30
        assert rate_limits.take(connection, [limit], now + window) is None


def test_a_look_counts_nothing(database: Database, clock: Clock) -> None:
    now, limit = clock(), Limit("a", 1)
    with database.write() as connection:
        assert rate_limits.look(connection, [limit], now) is None
        assert rate_limits.look(connection, [limit], now) is None
        rate_limits.take(connection, [limit], now)
        refused = rate_limits.look(connection, [limit], now)
        assert refused is not None
        assert refused.seconds == 60


def test_a_bucket_of_a_longer_window_is_not_taken_for_one_of_the_future(database: Database, clock: Clock) -> None:
    now = clock()
    with database.write() as connection:
        rate_limits.take(connection, [Limit.within(timedelta(minutes=15), "long", 2)], now)
        assert rate_limits.forget_future(connection, now) == 0
        assert rate_limits.forget_expired(connection, now + timedelta(minutes=14)) == 0
        assert rate_limits.forget_expired(connection, now + timedelta(minutes=15)) == 1
