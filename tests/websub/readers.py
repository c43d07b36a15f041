"""Readers with callbacks on real HTTP servers of the test internet, and subscriptions as if they had been confirmed."""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import insert, select

from feedserver.feeds.scopes import SITE, FeedAddress
from feedserver.services import WebServices
from feedserver.storage.schema import websub_subscriptions
from feedserver.thoughts.source.identity import key_hash
from feedserver.thoughts.verification.fetch_budget import budget_key
from feedserver.websub import topics
from tests.support.elsewhere import ElsewhereServer, Received, respond
from tests.support.subscribers import confirm

SITE_ATOM = FeedAddress(SITE, "atom")
LEASE = timedelta(days=10)


class Readers(ElsewhereServer):
    """Callbacks on one address. `answer` gives the status of a push to a path, after as long as it takes."""

    def __init__(self, host: str = "127.0.2.1", answer: Callable[[str], int] = lambda _: 204) -> None:
        self.received: list[Received] = []  # pushes
        self.answer = answer
        self.before_confirming: Callable[[], object] = lambda: None
        super().__init__(host, self._hear)

    def _hear(self, handler: BaseHTTPRequestHandler, received: Received) -> None:
        if received.method == "POST":
            self.received.append(received)
            status = self.answer(received.target)
            respond(handler, status, [("Location", "http://127.0.2.200/elsewhere")])
        else:
            self.before_confirming()
            confirm(handler, received)

    def paths(self) -> list[str]:
        return [received.path for received in self.received]

    def take(self) -> list[Received]:
        """What came since the last call."""
        taken, self.received = self.received, []
        return taken


def is_signed(push: Received, secret: str) -> bool:
    proof = hmac.digest(secret.encode(), push.body, "sha256").hex()
    return push.headers.get_all("X-Hub-Signature") == [f"sha256={proof}"]


def an_active_one(callback: str, topic: str, url: str, etag: str | None, now: datetime) -> dict[str, Any]:
    """The row of an active subscription whose reader has the version `etag`."""
    return {
        "topic": topic,
        "topic_url": url,
        "callback": callback,
        "callback_hash": key_hash(callback),
        "callback_site": budget_key(callback),
        "state": "active",
        "lease_until": now + LEASE,
        "failures": 0,
        "detail": "",
        "created_at": now,
        "pushed_etag": etag,
    }


def subscribe(
    services: WebServices, callback: str, address: FeedAddress = SITE_ATOM, secret: str | None = None, **given: Any
) -> int:
    """An active subscription whose reader has what the feed holds now; returns its id."""
    etag = services.feed_documents.get(address).validators.etag
    values = an_active_one(callback, address.key, address.url(services.urls), etag, services.clock())
    statement = insert(websub_subscriptions).values({**values, "secret": secret, **given})
    with services.database.write() as connection:
        topics.follow(connection, address.key)
        return int(connection.execute(statement.returning(websub_subscriptions.c.id)).scalar_one())


def stored(services: WebServices, subscription_id: int) -> Any:
    """The row of a subscription."""
    query = select(websub_subscriptions).where(websub_subscriptions.c.id == subscription_id)
    with services.database.read() as connection:
        return connection.execute(query).one()


def path_of(url: str) -> str:
    return urlsplit(url).path
