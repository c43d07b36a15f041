"""A site annoys nobody whom it tells of its posts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.telling import (
    Author,
    failing_for_an_hour,
    failing_for_ever,
    many_edits,
    many_links,
    running_author,
    told_to_wait,
)


@pytest.fixture
def author(tmp_path: Path, empty_database_url: str) -> Iterator[Author]:
    with running_author(tmp_path, empty_database_url) as author:
        yield author


def test_of_three_hundred_links_a_hundred_are_told_once_each_and_one_at_a_time_to_a_host(author: Author) -> None:
    count = many_links(author)

    assert (count.looks, count.told, count.at_once) == (100, 100, 1)


def test_fifty_edits_in_a_minute_are_told_once_in_each_delay_at_most(author: Author) -> None:
    count = many_edits(author)

    assert count.looks == count.told <= 13


def test_a_receiver_that_asks_for_patience_gets_it(author: Author) -> None:
    assert told_to_wait(author).told == 6


def test_a_receiver_in_trouble_for_an_hour_is_told_after_it_and_asked_seldom_meanwhile(author: Author) -> None:
    assert failing_for_an_hour(author).told <= 8


def test_a_receiver_that_never_works_is_given_up_after_two_days(author: Author) -> None:
    assert failing_for_ever(author).told <= 12
