"""Counts of lists: made for the later pages of feeds alone, once for each state of the site."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from feedserver.services import WebServices
from feedserver.settings import FeedsSettings, Settings
from feedserver.storage.changes import SiteState
from feedserver.storage.count_cache import CountCache
from tests.support.fixtures import Publish
from tests.support.outside import Clock
from tests.support.statements import record_statements


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, feeds=FeedsSettings(entries=2))


@pytest.fixture
def statements(services: WebServices) -> list[str]:
    return record_statements(services.database.engine)


def counts(statements: list[str]) -> int:
    """How many of them count."""
    return sum(statement.startswith("SELECT count(") for statement in statements)


def test_a_list_is_counted_once_for_each_state_of_the_site(clock: Clock) -> None:
    cache, numbers = CountCache(), iter(range(1, 10))
    states = [SiteState(1, None), SiteState(2, None), SiteState(2, clock())]

    found = [cache.get("site", state, lambda: next(numbers)) for state in states for _ in range(2)]

    assert found == [1, 1, 2, 2, 3, 3]
    assert cache.get("tag/sea", states[-1], lambda: next(numbers)) == 4


@pytest.mark.parametrize("path", ["/feed.rss", "/feed.rss?page=1", "/feed.rss?archive=1", "/", "/?page=2", "/tags/sea"])
def test_first_pages_and_pages_for_people_count_nothing(
    client: FlaskClient, publish: Publish, statements: list[str], path: str
) -> None:
    for number in range(12):
        publish(f"Post {number}", tags="[sea]")

    assert client.get(path).status_code == 200
    assert counts(statements) == 0


def test_later_pages_share_one_count_until_a_post_is_published_or_comes_due(
    client: FlaskClient, publish: Publish, statements: list[str], clock: Clock
) -> None:
    def last_page() -> str:
        body = client.get("/feed.atom?page=2").text
        return next(link.partition("page=")[2][0] for link in body.split("<link ") if 'rel="last"' in link)

    for number in range(4):
        publish(f"Post {number}")
    publish("To come", date=(clock() + timedelta(hours=1)).isoformat())
    assert last_page() == "2"
    assert client.get("/feed.rss?page=2").status_code == 200
    assert client.get("/feed.rss?page=3").status_code == 404
    assert counts(statements) == 1

    clock.move(hours=2)
    assert last_page() == "3"
    assert counts(statements) == 2

    publish("Post 5")
    publish("Post 6")
    assert last_page() == "4"
    assert counts(statements) == 3
