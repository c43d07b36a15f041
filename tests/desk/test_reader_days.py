"""Days of readership as the desk shows them."""

from datetime import date, timedelta

import pytest

from feedserver.desk.reader_days import NAMED, ReadersQuery, described, largest, periods, read
from feedserver.readership.history import DaySums
from feedserver.readership.store import ReaderDay

LAST = date(2026, 3, 31)


def days(number: int) -> list[DaySums]:
    return [
        DaySums(LAST - timedelta(days=n), subscribers=n + 1, requests=10, not_modified=4, sent=100)
        for n in range(number)
    ]


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({}, ReadersQuery(30, None)),
        ({"days": "400", "day": "2026-01-31"}, ReadersQuery(400, date(2026, 1, 31))),
        ({"days": "399"}, ReadersQuery(30, None)),
        ({"days": "9" * 5_000, "day": "2026-02-31"}, ReadersQuery(30, None)),
        ({"day": "20260131"}, ReadersQuery(30, None)),
    ],
)
def test_a_query_that_cannot_be_counts_as_none(given: dict[str, str], query: ReadersQuery) -> None:
    assert read(given) == query


def test_a_day_without_a_reader_stands_there_too() -> None:
    found = periods([days(1)[0]], LAST - timedelta(days=2), LAST)

    assert [(one.first, one.requests) for one in found] == [
        (LAST - timedelta(days=2), 0), (LAST - timedelta(days=1), 0), (LAST, 10),
    ]  # fmt: skip


def test_a_long_range_is_folded_into_weeks_that_end_today() -> None:
    found = periods(days(100), LAST - timedelta(days=99), LAST)

    assert [one.last - one.first for one in found] == [timedelta(days=6)] * 15
    assert (found[-1].last, found[-1].subscribers, found[-1].requests) == (LAST, 7, 70)
    assert sum(one.requests for one in found) == 1_000


def test_all_but_the_largest_readers_are_one() -> None:
    readers = [ReaderDay(LAST, f"Reader {number}", 3, 2, 1, 100) for number in range(NAMED + 2)]

    named, others = largest(readers)

    assert len(named) == NAMED
    assert others == ReaderDay(LAST, "2 others", 6, 4, 2, 200)
    assert largest(readers[:3]) == (readers[:3], None)


def test_a_picture_is_described_in_a_sentence() -> None:
    found = described(periods(days(2), LAST - timedelta(days=1), LAST))

    assert found == "From 2026-03-30 to 2026-03-31: between 1 and 2 subscribers, 1 at the end; 20 requests in all."
