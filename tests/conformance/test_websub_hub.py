"""The cases of a public test suite of hubs (websub.rocks, hub 100 to 106), whose topics are our feeds."""

from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from feedserver.services import WebServices
from tests.support.fixtures import Publish
from tests.support.outside import Clock
from tests.websub.readers import Readers, is_signed

Subscribe = Callable[..., None]
TYPES = {
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


@pytest.fixture
def readers() -> Iterator[Readers]:
    readers = Readers()
    yield readers
    readers.close()


@pytest.fixture
def ask(client: FlaskClient, services: WebServices, readers: Readers) -> Subscribe:
    """Sends a request to the hub, which verifies it."""

    def ask(fmt: str = "atom", mode: str = "subscribe", **fields: str) -> None:
        callback, topic = f"{readers.url}/callback", f"http://blog.example/feed.{fmt}"
        form = {"hub.mode": mode, "hub.callback": callback, "hub.topic": topic}
        answer = client.post("/hub", data=form | {name.replace("__", "."): value for name, value in fields.items()})
        assert answer.status_code == 202
        services.runner.run_due()

    return ask


def deliver(client: FlaskClient, services: WebServices, readers: Readers, fmt: str = "atom") -> list[str] | None:
    """Has what changed delivered once, and checks all of it; returns the signature."""
    services.runner.run_due()
    (push,) = readers.take()
    got = client.get(f"/feed.{fmt}")
    assert push.body == got.data
    assert push.headers.get_all("Content-Type") == [TYPES[fmt]]
    hub, topic = "<http://blog.example/hub>", f"<http://blog.example/feed.{fmt}>"
    assert push.headers.get_all("Link") == [f'{hub}; rel="hub", {topic}; rel="self"']
    return push.headers.get_all("X-Hub-Signature")


def test_hub_100_a_subscriber_gets_the_content_without_a_signature(
    client: FlaskClient, services: WebServices, publish: Publish, readers: Readers, ask: Subscribe
) -> None:
    ask()
    assert readers.take() == [], "nothing is new"
    publish("News")

    assert deliver(client, services, readers) is None


def test_hub_101_a_subscriber_with_a_secret_gets_a_signature_that_is_right(
    services: WebServices, publish: Publish, readers: Readers, ask: Subscribe
) -> None:
    ask(hub__secret="a secret")
    publish("News")
    services.runner.run_due()

    (push,) = readers.take()
    assert is_signed(push, "a secret")


def test_hub_102_further_parameters_are_ignored(
    client: FlaskClient, services: WebServices, publish: Publish, readers: Readers, ask: Subscribe
) -> None:
    ask(hub__foo="bar", foo="bar")
    publish("News")

    assert deliver(client, services, readers) is None


def test_hub_103_who_subscribes_again_gets_the_content_once_by_the_new_secret(
    services: WebServices, publish: Publish, readers: Readers, ask: Subscribe
) -> None:
    ask(hub__secret="first")
    ask(hub__secret="second")
    publish("News")
    services.runner.run_due()

    (push,) = readers.take()
    assert is_signed(push, "second")


def test_hub_104_who_has_unsubscribed_gets_nothing_and_who_subscribes_after_that_no_old_content(
    client: FlaskClient, services: WebServices, publish: Publish, readers: Readers, ask: Subscribe, clock: Clock
) -> None:
    ask()
    readers.answer = lambda _: 503
    publish("Missed")
    services.runner.run_due()
    assert len(readers.take()) == 1
    readers.answer = lambda _: 204
    ask(mode="unsubscribe")
    publish("News")
    services.runner.run_due()
    assert readers.take() == []

    ask()
    clock.move(hours=1)
    services.runner.run_due()
    assert readers.take() == []
    publish("More news")
    assert deliver(client, services, readers) is None


@pytest.mark.parametrize("fmt", ["rss", "json"], ids=["hub 105: another type", "hub 106: JSON"])
def test_hub_105_and_106_content_of_any_type_has_exactly_that_type(
    client: FlaskClient, services: WebServices, publish: Publish, readers: Readers, ask: Subscribe, fmt: str
) -> None:
    ask(fmt)
    publish("News")

    assert deliver(client, services, readers, fmt) is None


def test_what_changes_while_a_callback_confirms_is_pushed(
    client: FlaskClient, services: WebServices, publish: Publish, readers: Readers, ask: Subscribe
) -> None:
    readers.before_confirming = lambda: publish("News")
    ask()

    assert b"News" in readers.take()[0].body
