"""A site with one post and its hub, a reader with callbacks, and the stored subscriptions."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedserver.app import create_app
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.websub import store
from feedserver.websub.model import Subscription
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock
from tests.support.subscribers import Reader
from tests.thoughts.site import changed

TOPIC = "http://blog.example/feed.atom"


class Site:
    """A site whose hub takes requests."""

    def __init__(self, services: WebServices, clock: Clock) -> None:
        self.services = services
        self.clock = clock
        self.app: Flask = create_app(services=services)
        self.client: FlaskClient = self.app.test_client()

    def ask(self, callback: str, topic: str = TOPIC, mode: str = "subscribe", **fields: str) -> TestResponse:
        """One request; `secret="x"` is the field `hub.secret`."""
        form = {"hub.callback": callback, "hub.topic": topic, "hub.mode": mode}
        return self.client.post("/hub", data=form | {f"hub.{name}": value for name, value in fields.items()})

    def work(self) -> None:
        """Runs the jobs that are due."""
        self.services.runner.run_due()

    def subscribe(self, callback: str, topic: str = TOPIC, **fields: str) -> Subscription:
        """Subscribes and lets the callback confirm it."""
        assert self.ask(callback, topic, **fields).status_code == 202
        self.work()
        return self.find(callback, topic)

    def all(self) -> list[Subscription]:
        with self.services.database.read() as connection:
            return store.everything(connection)

    def find(self, callback: str, topic: str = TOPIC) -> Subscription:
        (found,) = [one for one in self.all() if (one.callback, one.topic_url) == (callback, topic)]
        return found

    def jobs(self) -> list[str]:
        from feedserver.jobs import store as jobs

        with self.services.database.read() as connection:
            return [job.kind for job in jobs.everything(connection)]


@pytest.fixture
def site_with(settings: Settings, assemble: Assemble, clock: Clock) -> Callable[..., Site]:
    """Makes a site with other settings: `site_with(limits_subscriptions=3)`."""
    return lambda **values: Site(assemble(changed(settings, **values)), clock)


@pytest.fixture
def site(services: WebServices, clock: Clock, publish: Publish) -> Site:
    publish("A post", slug="a-post", tags="[sea]")
    return Site(services, clock)


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()
