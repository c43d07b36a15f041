"""webmention.rocks: update 1 and 2 and delete 1, against a real HTTP server with one-time endpoints.

At each ping the receiver reads our page, as that suite does: for an exact link, or for the status 410.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import parse_qs

import pytest
from flask.testing import FlaskClient

from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.posts.builders import edit, publish
from tests.sending.desk import Desk
from tests.sending.receiving import Answering, OtherSite
from tests.support.elsewhere import Received
from tests.support.outside import Clock


@dataclass
class Receiver:
    """Pages whose endpoints work once. `seen`: at each ping the page, and whether our post linked to it, None if it was
    gone."""

    site: OtherSite
    client: FlaskClient
    seen: list[tuple[str, bool | None]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    numbers: "count[int]" = field(default_factory=count)

    def page(self, path: str) -> str:
        """Puts a page with an endpoint of its own; each time that it is read it names another key."""

        def announce(_: Received) -> Answering:
            key = f"{path}/webmention?key={next(self.numbers)}"
            self.keys.add(key)
            self.site.answers[key] = lambda received: self._hear(received, path)
            return Answering(headers=(("Link", f'<{key}>; rel="webmention"'),))

        self.site.answers[path] = announce
        return self.site.url + path

    def _hear(self, received: Received, path: str) -> Answering:
        if received.target not in self.keys:
            return Answering(400)
        self.keys.remove(received.target)
        form = {name: values[0] for name, values in parse_qs(received.body.decode()).items()}
        assert form["target"] == self.site.url + path
        answer = self.client.get(form["source"].removeprefix("http://blog.example"))
        is_linked = f'<a href="{form["target"]}"' in answer.text
        self.seen.append((path, None if answer.status_code == 410 else is_linked))
        return Answering(202)


@pytest.fixture
def services(settings: Settings, assemble: Callable[[Settings], WebServices]) -> WebServices:
    return assemble(settings)


@pytest.fixture
def desk(services: WebServices, clock: Clock) -> Desk:
    return Desk(services, clock)


@pytest.fixture
def receiver(other: OtherSite, client: FlaskClient) -> Receiver:
    return Receiver(other, client)


def linking(*pages: str) -> str:
    return " and ".join(f"[this]({page})" for page in pages)


def told(desk: Desk, receiver: Receiver) -> list[tuple[str, bool | None]]:
    """What the receiver has seen since, in the order of pages."""
    receiver.seen.clear()
    desk.settle()
    return sorted(receiver.seen)


def test_update_1_a_link_is_added_and_both_pages_hear(services: WebServices, desk: Desk, receiver: Receiver) -> None:
    first, second = receiver.page("/update/1/part/1"), receiver.page("/update/1/part/2")
    publish(services, body=linking(first))
    assert told(desk, receiver) == [("/update/1/part/1", True)]

    edit(services, "a-post", body=linking(first, second))

    assert told(desk, receiver) == [("/update/1/part/1", True), ("/update/1/part/2", True)]


def test_update_2_a_link_is_taken_out_and_both_pages_hear(
    services: WebServices, desk: Desk, receiver: Receiver
) -> None:
    first, second = receiver.page("/update/2/part/1"), receiver.page("/update/2/part/2")
    publish(services, body=linking(first, second))
    assert told(desk, receiver) == [("/update/2/part/1", True), ("/update/2/part/2", True)]

    edit(services, "a-post", body=linking(second))

    assert told(desk, receiver) == [("/update/2/part/1", False), ("/update/2/part/2", True)]


def test_delete_1_the_post_is_gone_and_the_page_hears(services: WebServices, desk: Desk, receiver: Receiver) -> None:
    page = receiver.page("/delete/1")
    publish(services, body=linking(page))
    assert told(desk, receiver) == [("/delete/1", True)]

    services.publisher.delete("a-post")

    assert told(desk, receiver) == [("/delete/1", None)]
    assert desk.states() == {page: "told"}
