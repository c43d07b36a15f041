"""`feedserver feed readers`: who read the feeds on a day."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from feedserver.readership import store
from feedserver.readership.admission import Client
from feedserver.readership.store import Counts, ReaderFeed
from feedserver.storage.engine import Database
from tests.cli.conftest import Run

DAY, LATER = date(2026, 1, 30), date(2026, 1, 31)
ADDED: dict[ReaderFeed, Counts] = {
    ("Feedly", "site/.atom"): Counts(10, 9, 5_000, 120),
    ("Feedly", "site/.rss"): Counts(2, 2, 0, 3),
    ("newsboat", "site/.atom"): Counts(3, 1, 12_345),
}


@pytest.fixture
def counted(site: Path, database_url: str) -> Callable[[date], None]:
    """Writes the counts of a day, with two readers that run newsboat."""

    def add(day: date) -> None:
        database = Database(database_url)
        with database.write() as connection:
            store.add(connection, day, ADDED, [Client(hash_, "network", "newsboat") for hash_ in "ab"])
        database.close()

    return add


def test_programs_get_every_key_of_the_newest_day(run: Run, counted: Callable[[date], None]) -> None:
    counted(DAY)
    counted(LATER)

    done = run("feed", "readers", "--json")

    assert (done.status, done.err) == (0, [])
    assert json.loads(done.text) == [
        {
            "day": "2026-01-31",
            "reader": "Feedly",
            "subscribers": 123,
            "requests": 12,
            "not_modified": 11,
            "share_304": 91.7,
            "bytes": 5_000,
        },
        {
            "day": "2026-01-31",
            "reader": "newsboat",
            "subscribers": 2,
            "requests": 3,
            "not_modified": 1,
            "share_304": 33.3,
            "bytes": 12_345,
        },
    ]


def test_people_get_a_table_with_its_sums(run: Run, counted: Callable[[date], None]) -> None:
    counted(DAY)

    done = run("feed", "readers")

    assert done.out == [
        "2026-01-30 (UTC)",
        "reader    subscribers  requests  share of 304  bytes",
        "Feedly    123          12        91.7 %        5000",
        "newsboat  2            3         33.3 %        12345",
        "total     125          15        80.0 %        17345",
    ]


def test_a_day_can_be_named(run: Run, counted: Callable[[date], None]) -> None:
    counted(DAY)
    counted(LATER)

    assert {row["day"] for row in json.loads(run("feed", "readers", "--day", "2026-01-30", "--json").text)} == {
        "2026-01-30"
    }
    assert run("feed", "readers", "--day", "2026-01-30").out[0] == "2026-01-30 (UTC)"


def test_a_day_without_readers_is_an_empty_list(run: Run, site: Path) -> None:
    assert (run("feed", "readers", "--json").status, run("feed", "readers", "--json").out) == (0, ["[]"])
    assert run("feed", "readers").out == ["no reader has been counted yet"]
    assert run("feed", "readers", "--day", "2026-01-30").out == ["no reader was counted on 2026-01-30"]


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "", "1.2.2026"])
def test_what_is_no_day_is_wrong_usage(run: Run, site: Path, day: str) -> None:
    done = run("feed", "readers", "--day", day)

    assert done.status == 2
    assert "is not a day such as 2026-01-31" in done.err[-1]


def test_where_there_is_no_site_the_command_says_what_to_do(run: Run, outside: Path) -> None:
    done = run("feed", "readers")

    assert (done.status, len(done.err)) == (1, 1)
    assert "feedserver init" in done.err[0]
