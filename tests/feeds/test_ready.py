"""Feeds for those who must not wait: as they are now, or were just now, or not at all."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from feedserver.feeds.scopes import FeedAddress
from feedserver.posts.model import Post
from feedserver.services import Services
from tests.support.serving import wait_until

ATOM = FeedAddress("site", "atom")


@pytest.fixture(autouse=True)
def fog(services: Services, publish: Callable[..., Post]) -> Iterator[Post]:
    yield publish("Fog", slug="fog")
    services.feeds._renewing.shutdown()


@pytest.fixture
def rendering_waits(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Renderings wait for this event."""
    event, real = Event(), services.feeds._render

    def render(*arguments: object, **named: object) -> object:
        assert event.wait(30)
        return real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(services.feeds, "_render", render)
    yield event
    event.set()


def many_were_sent_it(services: Services, address: FeedAddress, at: float) -> None:
    for _ in range(8):
        services.feeds._note_as_current(address, at)


def names(services: Services, title: bytes) -> bool:
    document = services.feeds.ready(ATOM)
    return document is not None and title in document.bodies["identity"]


def test_nothing_is_ready_that_nobody_has_asked_for(services: Services) -> None:
    assert services.feeds.ready(ATOM) is None


def test_what_is_current_is_ready(services: Services) -> None:
    document = services.feeds.get(ATOM)
    services.changes.revision()

    assert services.feeds.ready(ATOM) is document


def test_what_was_current_just_now_is_ready_and_renewed_meanwhile(
    services: Services, publish: Callable[..., Post], rendering_waits: Event
) -> None:
    rendering_waits.set()
    before = services.feeds.get(ATOM)
    services.changes.revision()
    rendering_waits.clear()
    assert services.feeds.ready(ATOM) is before
    many_were_sent_it(services, ATOM, time.monotonic() + 5)
    publish("Rain")

    assert services.feeds.ready(ATOM) is before
    rendering_waits.set()
    wait_until(lambda: names(services, b"Rain"), 10, lambda: "it was not renewed")


def test_who_asks_alone_is_never_sent_what_was(services: Services, publish: Callable[..., Post]) -> None:
    services.feeds.get(ATOM)
    services.changes.revision()
    assert all(services.feeds.ready(ATOM) for _ in range(7))
    publish("Rain")

    assert services.feeds.ready(ATOM) is None


def test_what_was_current_longer_ago_is_not(services: Services, publish: Callable[..., Post]) -> None:
    """A reader who asks once an hour would miss what was published in that hour."""
    services.feeds.get(ATOM)
    services.changes.revision()
    assert all(services.feeds.ready(ATOM) for _ in range(20))
    time.sleep(0.1)
    publish("Rain")

    assert services.feeds.ready(ATOM) is None


@pytest.mark.parametrize("seconds_ago", [0, 3600])
def test_while_somebody_renders_only_what_was_current_just_now_is_ready(
    services: Services, publish: Callable[..., Post], rendering_waits: Event, seconds_ago: float
) -> None:
    rendering_waits.set()
    before = services.feeds.get(ATOM)
    rendering_waits.clear()
    publish("Rain")
    with ThreadPoolExecutor(2) as threads:
        threads.submit(services.feeds.get, ATOM)
        wait_until(lambda: any(lock.locked() for lock in services.feeds._rendering), 10, lambda: "nobody renders")
        many_were_sent_it(services, ATOM, time.monotonic() - seconds_ago)
        assert services.feeds.ready(ATOM) is (None if seconds_ago else before)
        waiting = threads.submit(services.feeds.get, ATOM)
        rendering_waits.set()

        assert seconds_ago == 0 or b"Rain" in waiting.result().bodies["identity"]


def test_what_is_kept_is_ready_while_the_database_lets_who_renders_wait(
    services: Services, publish: Callable[..., Post], rendering_waits: Event
) -> None:
    rendering_waits.set()
    before = services.feeds.get(ATOM)
    rendering_waits.clear()
    publish("Rain")
    many_were_sent_it(services, ATOM, time.monotonic() - 3600)
    with ThreadPoolExecutor(2) as threads:
        threads.submit(services.feeds.get, ATOM)
        wait_until(lambda: any(lock.locked() for lock in services.feeds._rendering), 10, lambda: "nobody renders")
        assert threads.submit(services.feeds.get, ATOM).result() is before, "it has waited long enough"

        assert services.feeds.ready(ATOM) is before
        rendering_waits.set()


def test_a_feed_whose_renewal_fails_is_left_to_who_may_wait(services: Services, publish: Callable[..., Post]) -> None:
    address = FeedAddress("tag", "atom", "sea")
    publish("Rain", slug="rain", tags='["sea"]')
    services.feeds.get(address)
    many_were_sent_it(services, address, time.monotonic() + 5)
    services.publisher.delete("rain")
    services.feeds.ready(address)

    wait_until(lambda: services.feeds.ready(address) is None, 10, lambda: "it is still there")
    wait_until(lambda: not services.feeds._under_renewal, 10, lambda: "it would never be renewed again")
