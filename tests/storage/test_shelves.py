"""Long lists, counted in shelves: each page is what a sorted list would hold, and none is walked to."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from feedserver.services import Services
from feedserver.storage import shelves
from feedserver.storage.engine import Database
from feedserver.storage.schema import jobs, lists
from feedserver.storage.shelves import Shelves

NOON = datetime(2026, 3, 8, 12, tzinfo=UTC)
# Any table with a date will do: jobs refer to nothing.
TRIAL = Shelves("trial", jobs.c.id, jobs.c.run_at, (jobs.c.kind == "trial",))


@pytest.fixture
def database(services: Services) -> Database:
    return services.database


@pytest.fixture
def small_shelves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "SIZE", 3)


def come(database: Database, moments: dict[int, datetime]) -> None:
    rows = [
        {"id": number, "kind": "trial", "subject": str(number), "run_at": at, "attempts": 0, "created_at": NOON}
        for number, at in moments.items()
    ]
    with database.write() as connection:
        connection.execute(insert(jobs), rows)
        TRIAL.put(connection, moments.values())


def go(database: Database, moments: dict[int, datetime]) -> None:
    with database.write() as connection:
        connection.execute(delete(jobs).where(jobs.c.id.in_(moments)))
        TRIAL.take(connection, moments.values())


def page(database: Database, limit: int, offset: int, until: datetime | None = None) -> list[int]:
    with database.read() as connection:
        return TRIAL.newest(connection, limit, offset, until)


def shelf_sizes(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.execute(select(lists.c.members).order_by(lists.c.since)).scalars())


@pytest.mark.usefixtures("small_shelves")
@pytest.mark.parametrize("seed", range(3))
def test_each_page_is_what_a_sorted_list_holds_whatever_comes_and_goes(database: Database, seed: int) -> None:
    dice, there, number = random.Random(seed), dict[int, datetime](), 0
    for _ in range(25):
        new = {number + n: NOON + timedelta(minutes=dice.randint(-20, 20)) for n in range(1, dice.randint(2, 9))}
        number += len(new)
        come(database, new)
        there |= new
        gone = {one: there.pop(one) for one in dice.sample(sorted(there), min(len(there) - 1, dice.randint(0, 5)))}
        go(database, gone)

    for until in (None, NOON):
        seen = {one: at for one, at in there.items() if until is None or at <= until}
        expected = sorted(seen, key=lambda one: (seen[one], one), reverse=True)
        with database.read() as connection:
            assert TRIAL.count(connection, until) == len(expected)
        for offset in range(len(expected) + 2):
            assert page(database, 4, offset, until) == expected[offset : offset + 4]


@pytest.mark.usefixtures("small_shelves")
@pytest.mark.parametrize("step", [1, -1], ids=["newest last", "newest first"])
def test_a_list_that_grows_gets_more_shelves_and_none_that_is_long(database: Database, step: int) -> None:
    for number in range(1, 41):
        come(database, {number: NOON + step * timedelta(minutes=number)})

    sizes = shelf_sizes(database)
    assert sum(sizes) == 40
    assert max(sizes) < 6
    assert len(sizes) > 7


@pytest.mark.usefixtures("small_shelves")
def test_what_is_of_one_date_stays_together_and_what_comes_later_does_not_join_it_for_ever(database: Database) -> None:
    come(database, dict.fromkeys(range(1, 21), NOON))
    assert shelf_sizes(database) == [20]

    for number in range(21, 41):
        come(database, {number: NOON + timedelta(minutes=number)})

    assert shelf_sizes(database)[0] == 20
    assert max(shelf_sizes(database)[1:]) < 6
    assert page(database, 40, 0) == list(range(40, 0, -1))
    assert page(database, 3, 25) == [15, 14, 13]


@pytest.mark.usefixtures("small_shelves")
def test_a_list_that_is_counted_anew_has_the_same_pages(database: Database) -> None:
    come(database, {number: NOON + timedelta(minutes=number % 13) for number in range(1, 41)})
    before = [page(database, 5, offset) for offset in range(41)]

    with database.write() as connection:
        TRIAL.lay_out(connection)
        assert TRIAL.count(connection) == 40

    assert [page(database, 5, offset) for offset in range(41)] == before
    assert len(shelf_sizes(database)) > 7


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_page_in_the_middle_is_found_by_few_more_steps_than_the_first(
    database: Database, steps_of: Callable[[Callable[[], Any]], int]
) -> None:
    """SQLite counts the instructions that it carries out; walking to the middle would take thirty thousand."""
    with database.write() as connection:
        connection.exec_driver_sql("CREATE INDEX trial ON jobs (kind, run_at, id)")  # as our lists have
    come(database, {number: NOON + timedelta(minutes=number) for number in range(1, 20_001)})

    first = steps_of(lambda: page(database, 20, 1))
    middle = steps_of(lambda: page(database, 20, 10_000))
    last = steps_of(lambda: page(database, 20, 19_980))

    assert page(database, 1, 10_000) == [10_000]
    assert middle < first + 8_000
    assert last < first + 8_000


@pytest.fixture
def steps_of(database: Database) -> Callable[[Callable[[], Any]], int]:
    """How many instructions SQLite carries out for a deed, to the hundred."""

    def count(deed: Callable[[], Any]) -> int:
        counted = [0]

        def tick() -> int:
            counted[0] += 100
            return 0

        with database.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.set_progress_handler(tick, 100)
        try:
            deed()
        finally:
            raw.set_progress_handler(None, 100)
        return counted[0]

    return count
