"""Readership over many days: sums by day, and who has read certain feeds."""

from datetime import date, timedelta

from feedserver.readership import history, store
from feedserver.readership.folding import fold_days
from feedserver.readership.history import DaySums, FeedReader
from feedserver.services import WebServices
from tests.support.outside import Clock


def read_today(services: WebServices, clock: Clock) -> date:
    """Aggregator has 40 subscribers to one feed and 2 to another, Single is two clients, who state none."""
    readership = services.readership
    readership.count("Aggregator/1.0 (40 subscribers)", "192.0.2.1", "site/.rss", 200, 1_000)
    readership.count("Aggregator/1.0 (2 subscribers)", "192.0.2.1", "tag/sea.rss", 304, 0)
    readership.count("Single/1.0", "198.51.100.2", "site/.rss", 200, 1_000)
    readership.count("Single/1.0", "203.0.113.3", "site/.atom", 200, 1_000)
    readership.write()
    return clock().date()


def sums(services: WebServices, first: date, last: date) -> list[DaySums]:
    with services.database.read() as connection:
        return history.by_day(connection, first, last)


def readers(services: WebServices, feeds: list[str], day: date, days: int = 0) -> list[FeedReader]:
    with services.database.read() as connection:
        return history.of_feeds(connection, feeds, day, day + timedelta(days=days))


def test_a_day_is_the_sum_of_its_readers_while_it_lasts_afterwards_and_when_it_is_folded(
    services: WebServices, clock: Clock
) -> None:
    day = read_today(services, clock)
    expected = [DaySums(day, subscribers=44, requests=4, not_modified=1, sent=3_000)]
    assert sums(services, day, day) == expected

    for days in (1, 5):
        clock.move(days=days)
        services.readership.write()
        fold_days(services.database, 400, clock())
        assert sums(services, day, day) == expected

    with services.database.read() as connection:
        assert history.first_day(connection) == day
        assert sum(one.subscribers for one in store.of_day(connection, day)) == 44


def test_days_beyond_the_range_do_not_count(services: WebServices, clock: Clock) -> None:
    day = read_today(services, clock)
    clock.move(days=1)
    next_day = read_today(services, clock)

    assert [one.day for one in sums(services, day, next_day)] == [day, next_day]
    assert [one.day for one in sums(services, next_day, next_day)] == [next_day]


def test_readers_of_some_feeds_are_told_with_the_most_subscribers_of_a_day(services: WebServices, clock: Clock) -> None:
    day = read_today(services, clock)
    clock.move(days=1)
    services.readership.count("Aggregator/1.0 (41 subscribers)", "192.0.2.1", "site/.rss", 200, 1_000)
    services.readership.write()

    assert readers(services, ["site/.rss"], day, days=1)[0] == FeedReader("Aggregator", 41, 2)
    assert readers(services, ["tag/sea.rss"], day) == [FeedReader("Aggregator", 2, 1)]
    assert readers(services, ["tag/land.rss"], day) == []


def test_a_folded_day_counts_for_all_feeds(services: WebServices, clock: Clock) -> None:
    day = read_today(services, clock)
    clock.move(days=5)
    services.readership.write()
    fold_days(services.database, 400, clock())

    assert readers(services, ["tag/land.rss"], day) == [FeedReader("Aggregator", 42, 2), FeedReader("Single", 2, 2)]


def test_there_is_no_first_day_before_anybody_has_read(services: WebServices) -> None:
    with services.database.read() as connection:
        assert history.first_day(connection) is None
