"""Several processes and threads after one change: the newest bytes are the newest version, and are rendered once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Connection

from feedserver.feeds import documents, renderer
from feedserver.feeds.collecting import Collector
from feedserver.feeds.model import Feed
from feedserver.feeds.scopes import FeedAddress
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.storage.changes import SiteState
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock
from tests.support.waiting import together, wait_until

ATOM = FeedAddress("site", "atom")


class SlowWriter:
    """Writes a feed when `go_on` is set; `rendering` is set when somebody waits for that."""

    def __init__(self, writer: Callable[[Feed], bytes]) -> None:
        self._writer = writer
        self.rendering, self.go_on, self.times = Event(), Event(), 0

    def reset(self) -> None:
        self.rendering, self.go_on, self.times = Event(), Event(), 0

    def __call__(self, feed: Feed) -> bytes:
        self.times += 1
        self.rendering.set()
        assert self.go_on.wait(30)
        return self._writer(feed)


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
    assert late.validators == quick.feed_documents.get(ATOM).validators


def test_bytes_from_before_a_scheduled_post_was_due_are_served_to_no_request_that_comes_after(
    services: WebServices, publish: Publish, clock: Clock, meanwhile: Callable[..., None]
) -> None:
    publish("To come", date=(clock() + timedelta(minutes=1)).isoformat())
    meanwhile(services, lambda: clock.move(minutes=2))
    services.feed_documents.get(ATOM)

    assert services.feed_documents.cached(ATOM) is None
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


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> SlowWriter:
    """Atom feeds are written when `go_on` is set."""
    slow = SlowWriter(renderer.WRITERS["atom"])
    monkeypatch.setitem(renderer.WRITERS, "atom", slow)
    return slow


def test_a_change_is_rendered_once_for_all_threads(services: WebServices, publish: Publish, slow: SlowWriter) -> None:
    slow.go_on.set()
    publish("One")
    services.feed_documents.get(ATOM)
    publish("Two")
    slow.reset()
    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(services.feed_documents.get, ATOM) for _ in range(8)]
        assert slow.rendering.wait(30)
        slow.go_on.set()

    assert all(b"Two" in one.result().bodies["identity"] for one in found)
    assert slow.times == 1


def test_a_rendering_is_enough_for_all_that_asked_before_it_began_though_the_site_changes_meanwhile(
    services: WebServices, publish: Publish, slow: SlowWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow.go_on.set()
    publish("One")
    services.feed_documents.get(ATOM)
    publish("Two")
    slow.reset()
    real, numbers = Collector.collect, count()

    def collect(*given: Any) -> tuple[Feed, SiteState]:
        collected = real(*given)
        publish("Yet another", slug=f"another-{next(numbers)}")
        return collected

    monkeypatch.setattr(Collector, "collect", collect)
    with ThreadPoolExecutor(8) as threads:
        threads.submit(services.feed_documents.get, ATOM)
        assert slow.rendering.wait(30)
        others = [threads.submit(services.feed_documents.get, ATOM) for _ in range(7)]
        wait_until(lambda: all(other.running() for other in others))
        slow.go_on.set()

    assert all(b"Yet another" in other.result().bodies["identity"] for other in others)
    assert slow.times <= 3, "the first one, and one or two for those that waited"


def test_a_rendering_that_does_not_end_delays_no_other_thread_for_long(
    services: WebServices, publish: Publish, slow: SlowWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_WAIT", 0.01)
    slow.go_on.set()
    publish("One")
    before = services.feed_documents.get(ATOM)
    publish("Two")
    slow.reset()
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(services.feed_documents.get, ATOM)
        assert slow.rendering.wait(30)
        meanwhile = [services.feed_documents.get(ATOM) for _ in range(8)]
        slow.go_on.set()

    assert all(document is before for document in meanwhile)
    assert b"Two" in first.result().bodies["identity"]
    assert services.feed_documents.get(ATOM) is first.result()


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
