"""A site annoys nobody whom it tells of its posts, and forgets nobody, though it is killed again and again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.on_each import on_each
from tests.hostile.telling import many_edits, many_links, running_author
from tests.hostile.telling_killed import QUICK, tell_through_kills
from tests.sending.desk import Desk
from tests.support.serving import LONG

STARTS = [1, 4] * 10 if LONG else [1, 4, 2]


@pytest.fixture
def author(tmp_path: Path, empty_database_url: str) -> Iterator[Desk]:
    with running_author(tmp_path, empty_database_url) as author:
        yield author


def test_of_three_hundred_links_a_hundred_are_told_once_each_and_one_at_a_time_to_a_host(author: Desk) -> None:
    count = many_links(author)

    assert (count.looks, count.told, count.at_once) == (100, 100, 1)


def test_fifty_edits_in_a_minute_are_told_once_in_each_delay_at_most(author: Desk) -> None:
    count = many_edits(author)

    assert count.looks == count.told <= 13


@pytest.mark.timeout(900 if LONG else 240)
def test_every_page_is_told_though_all_processes_are_killed_again_and_again(
    tmp_path: Path, database_urls: dict[str, str]
) -> None:
    outcomes = on_each(
        database_urls,
        tmp_path,
        QUICK,
        lambda site: tell_through_kills(site, STARTS, seconds_between=0.8, timeout=150),
    )

    for name, outcome in outcomes.items():
        assert outcome.due, name
        assert outcome.lost == set(), name
        assert outcome.repeated <= outcome.kills * 6, f"{name}: only what was under way at a kill is told twice"
