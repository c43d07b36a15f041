"""A site with one post and its hub, a reader with callbacks, and the stored subscriptions."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedserver.app import create_app
from feedserver.jobs import store as jobs
from feedserver.jobs.housekeeping import HOUSEKEEPING
from feedserver.jobs.model import LANES
from feedserver.jobs.queue import FreeSlots
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.websub import store
from feedserver.websub.leaving import CHECK, DENY
from feedserver.websub.model import Subscription
from feedserver.websub.verification import CONFIRM
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock
from tests.support.subscribers import Reader
from tests.thoughts.site import changed

KINDS = (CONFIRM, CHECK, DENY, HOUSEKEEPING)
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
        """Runs the due jobs of subscriptions, and housekeeping; several at a time, as a poll takes a while."""
        runner = self.services.runner
        wanted = [FreeSlots(kind, lane, 10) for kind in KINDS for lane in LANES]
        while due := runner.take(wanted):
            for job in due:
                runner.run(job)

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
        with self.services.database.read() as connection:
            return [job.kind for job in jobs.everything(connection) if job.kind in KINDS]


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
