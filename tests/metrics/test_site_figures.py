"""What /metrics reads from the database, whoever wrote it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import insert

from feedserver.jobs import store as jobs
from feedserver.metrics.site_figures import SiteFigures
from feedserver.services import WebServices
from feedserver.storage.schema import websub_subscriptions
from tests.feeds.happenings import say
from tests.metrics.reading import value, values
from tests.support.fixtures import Publish
from tests.support.outside import Clock


@pytest.fixture
def passed() -> list[float]:
    """The seconds that have passed."""
    return [0.0]


@pytest.fixture
def read(services: WebServices, clock: Clock, passed: list[float]) -> Callable[[], str]:
    registry = CollectorRegistry()
    registry.register(SiteFigures(services.database, services.settings.limits, clock, lambda: passed[0]))
    return lambda: generate_latest(registry).decode()


def test_posts_and_thoughts_are_counted_by_state(
    read: Callable[[], str], services: WebServices, publish: Publish
) -> None:
    post = publish("Fog")
    publish("Rain", draft="true")
    say(services, post)

    text = read()

    assert values(text, "feedserver_posts") == {("draft",): 1, ("published",): 1}
    assert sum(values(text, "feedserver_thoughts").values()) == 1
    assert value(text, "feedserver_pings_waiting") == 0
    assert value(text, "feedserver_database_bytes") > 100_000


def test_jobs_are_counted_by_kind_and_the_oldest_due_one_has_an_age(
    read: Callable[[], str], services: WebServices, clock: Clock
) -> None:
    with services.database.write() as connection:
        for number in range(3):
            jobs.add(connection, "verify", str(number), clock() + timedelta(minutes=number), clock())
    clock.move(seconds=90)

    text = read()

    assert values(text, "feedserver_jobs") == {
        ("verify", "due"): 2,
        ("verify", "planned"): 1,
        ("verify", "under_way"): 0,
    }
    assert value(text, "feedserver_oldest_due_job_age_seconds") == 90


def test_subscriptions_and_their_pushes_are_counted(
    read: Callable[[], str], services: WebServices, clock: Clock
) -> None:
    row = {
        "topic": "site/.rss", "topic_url": "x", "callback": "x", "callback_site": "x", "state": "active", "failures": 0,
        "detail": "", "created_at": clock(),
    }  # fmt: skip
    with services.database.write() as connection:
        for number, more in enumerate(
            ({}, {"next_push_at": clock()}, {"next_push_at": clock(), "failing_since": clock()})
        ):
            connection.execute(insert(websub_subscriptions).values(**row, callback_hash=str(number), **more))

    text = read()

    assert values(text, "feedserver_hub_subscriptions") == {("active",): 3}
    assert value(text, "feedserver_hub_pushes_waiting") == 2
    assert value(text, "feedserver_hub_pushes_failing") == 1


def test_who_asks_often_makes_one_reading_in_two_seconds(
    read: Callable[[], str], publish: Publish, passed: list[float]
) -> None:
    publish("Fog")
    first = read()
    publish("Rain")
    passed[0] = 1.9
    assert read() == first

    passed[0] = 2.0

    assert values(read(), "feedserver_posts") == {("published",): 2}


def test_a_reading_that_takes_long_is_not_repeated_soon(
    read: Callable[[], str], passed: list[float], services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[float] = []
    real = services.database.read

    def slow() -> object:
        begun.append(passed[0])
        passed[0] += 0.5
        return real()

    monkeypatch.setattr(services.database, "read", slow)
    for _ in range(60):
        read()
        passed[0] += 1

    assert begun[1] - begun[0] >= 25, "a fiftieth of the time"
