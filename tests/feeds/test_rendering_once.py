"""Several processes and threads after one change: the newest bytes are the newest version, and are rendered once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Connection

from feedserver.feeds import renderer
from feedserver.feeds.collecting import Collector
from feedserver.feeds.model import Feed
from feedserver.feeds.scopes import FeedAddress
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.storage.changes import SiteState
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock
from tests.support.waiting import together

ATOM = FeedAddress("site", "atom")


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[WebServices, Callable[[], object]], None]:
    """Calls an operation once, after one process has collected a feed and before it writes a version."""

    def arrange(services: WebServices, operation: Callable[[], object]) -> None:
        real, operations = Collector.collect, [operation]

        def collect(
            self: Collector, connection: Connection, address: FeedAddress, now: datetime
        ) -> tuple[Feed, SiteState]:
            collected = real(self, connection, address, now)
            if self is services.collector and operations:
                operations.pop()()
            return collected

        monkeypatch.setattr(Collector, "collect", collect)

    return arrange


def test_a_slow_renderer_never_publishes_old_bytes_as_the_newest_version(
    services: WebServices,
    settings: Settings,
    assemble: Assemble,
    publish: Publish,
    meanwhile: Callable[..., None],
) -> None:
    slow, quick = services, assemble(settings)
    publish("One")
    slow.feed_documents.get(ATOM)
    quick.feed_documents.get(ATOM)
    publish("Two")

    def overtake() -> None:
        publish("Three")
        quick.feed_documents.get(ATOM)

    meanwhile(slow, overtake)
    late = slow.feed_documents.get(ATOM)

    assert b"Three" in late.bodies["identity"]
    assert late.version == quick.feed_documents.get(ATOM).version


def test_bytes_from_before_a_scheduled_post_was_due_are_not_published_after_it(
    services: WebServices, publish: Publish, clock: Clock, meanwhile: Callable[..., None]
) -> None:
    publish("To come", date=(clock() + timedelta(minutes=1)).isoformat())
    meanwhile(services, lambda: clock.move(minutes=2))

    assert b"To come" in services.feed_documents.get(ATOM).bodies["identity"]


def test_a_site_that_changes_during_every_rendering_is_served_all_the_same(
    services: WebServices, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, numbers = Collector.collect, count()

    def collect(*given: Any) -> tuple[Feed, SiteState]:
        collected = real(*given)
        publish("Yet another", slug=f"another-{next(numbers)}")
        return collected

    monkeypatch.setattr(Collector, "collect", collect)
    services.publisher.add(services.publisher.read(b"---\ntitle: First\n---\nx"), services.clock())

    assert b"First" in services.feed_documents.get(ATOM).bodies["identity"]


def test_a_change_is_rendered_once_and_other_threads_serve_the_last_good_bytes(
    services: WebServices, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("One")
    before = services.feed_documents.get(ATOM)
    publish("Two")
    rendering, go_on = Event(), Event()
    rendered: list[str] = []
    real = renderer.WRITERS["atom"]

    def slowly(feed: Feed) -> bytes:
        rendered.append(feed.title)
        rendering.set()
        assert go_on.wait(30)
        return real(feed)

    monkeypatch.setitem(renderer.WRITERS, "atom", slowly)
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(services.feed_documents.get, ATOM)
        assert rendering.wait(30)
        meanwhile = [services.feed_documents.get(ATOM) for _ in range(8)]
        go_on.set()

    assert all(document is before for document in meanwhile)
    assert b"Two" in first.result().bodies["identity"]
    assert services.feed_documents.get(ATOM) is first.result()
    assert len(rendered) == 1


def test_a_feed_that_is_not_cached_is_rendered_once_for_all_threads(
    services: WebServices, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("One")
    rendered: list[str] = []
    real = renderer.WRITERS["atom"]

    def render(feed: Feed) -> bytes:
        rendered.append(feed.title)
        return real(feed)

    monkeypatch.setitem(renderer.WRITERS, "atom", render)

    found = together(*[lambda: services.feed_documents.get(ATOM).bodies["identity"]] * 8)

    assert all(b"One" in body for body in found)  # type: ignore[operator]
    assert len(rendered) == 1
