"""Past days of readership are folded after a few days, and deleted in the end."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, insert, select

from feedserver.readership import folding, store
from feedserver.readership.folding import fold_days
from feedserver.readership.store import ReaderDay
from feedserver.services import WebServices
from feedserver.storage.schema import reader_counts, reader_days
from tests.support.outside import Clock

FEEDS = ("site", "tags/sea")


def read_on(services: WebServices, clock: Clock, readers: int, feeds: tuple[str, ...] = FEEDS) -> date:
    """Readers of each feed today, the first with the most subscribers; returns the day."""
    for number in range(readers):
        for feed in feeds:
            agent = f"Reader{'abcdefghij'[number]}/1.0 ({100 - number} subscribers)"
            services.readership.count(agent, "192.0.2.1", feed, 200, 1_000)
    services.readership.count("Single/1.0", "192.0.2.2", feeds[0], 304, 0)
    services.readership.write()
    return clock().date()


def after(services: WebServices, clock: Clock, days: int) -> None:
    clock.move(days=days)
    services.readership.write()
    fold_days(services.database, 400, clock())


def of(services: WebServices, day: date) -> list[ReaderDay]:
    with services.database.read() as connection:
        return store.of_day(connection, day)


def rows(services: WebServices) -> int:
    with services.database.read() as connection:
        return sum(
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (reader_days, reader_counts)
        )


def test_a_past_day_has_the_same_numbers_in_one_row_a_reader(services: WebServices, clock: Clock) -> None:
    day = read_on(services, clock, readers=3)
    before = of(services, day)

    after(services, clock, days=5)

    assert of(services, day) == before
    assert rows(services) == 4


def test_a_day_of_the_last_few_is_not_folded(services: WebServices, clock: Clock) -> None:
    read_on(services, clock, readers=3)

    after(services, clock, days=folding.FOLDED_AFTER)

    assert rows(services) == 8, "two feeds of three readers, one of a fourth, and the number of its clients"


def test_of_many_readers_on_a_past_day_the_largest_keep_their_names(
    services: WebServices, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "READERS", 2)
    day = read_on(services, clock, readers=4)

    for _ in range(2):
        after(services, clock, days=5)

    assert {one.reader: (one.subscribers, one.requests) for one in of(services, day)} == {
        "Readera": (200, 2),
        "Readerb": (198, 2),
        "Others": (196 + 194 + 1, 5),
    }


def test_a_known_reader_keeps_its_name_before_those_that_state_more(
    services: WebServices, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "READERS", 2)
    services.readership.count("newsboat/2.21", "198.51.100.1", "site", 200, 1)
    day = read_on(services, clock, readers=4)

    after(services, clock, days=5)

    assert {one.reader for one in of(services, day)} == {"newsboat", "Readera", "Others"}


def test_days_older_than_keep_readers_are_deleted(services: WebServices, clock: Clock) -> None:
    old = read_on(services, clock, readers=2)
    clock.move(days=1)
    kept = read_on(services, clock, readers=2)

    after(services, clock, days=400)

    assert of(services, old) == []
    assert len(of(services, kept)) == 3


def test_the_rows_of_many_days_are_deleted_though_only_their_counts_are_left(
    services: WebServices, clock: Clock
) -> None:
    with services.database.write() as connection:
        days = [clock().date() - timedelta(days=500 + number) for number in range(3)]
        connection.execute(insert(reader_counts), [{"day": day, "reader": "A", "readers": 1} for day in days])

    fold_days(services.database, 400, clock())

    assert rows(services) == 0
