"""Readers with callbacks on real HTTP servers of the test internet, and subscriptions as if they had been confirmed."""

import hmac
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import insert, select

from feedserver.feeds.scopes import SITE, FeedAddress
from feedserver.services import WebServices
from feedserver.storage.schema import websub_subscriptions
from feedserver.thoughts.verification.fetch_budget import budget_key
from feedserver.websub import topics
from feedserver.websub.model import callback_hash

SITE_ATOM = FeedAddress(SITE, "atom")
LEASE = timedelta(days=10)


@dataclass(frozen=True)
class Received:
    """One push, as it arrived."""

    path: str
    headers: Message
    body: bytes
    at: float  # by the monotonic clock

    def is_signed_with(self, secret: str) -> bool:
        proof = hmac.digest(secret.encode(), self.body, "sha256").hex()
        return self.headers.get_all("X-Hub-Signature") == [f"sha256={proof}"]


class Readers:
    """Callbacks on one address. `answer` gives the status for a path, after as long as it takes."""

    def __init__(self, host: str = "127.0.2.1", answer: Callable[[str], int] = lambda _: 204) -> None:
        self.received: list[Received] = []
        self.answer = answer
        self.before_confirming: Callable[[], object] = lambda: None
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()
        readers = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Confirms whatever is asked, and takes denials."""
                readers.before_confirming()
                challenge = parse_qs(urlsplit(self.path).query).get("hub.challenge", [""])[0].encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(challenge)))
                self.end_headers()
                self.wfile.write(challenge)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with readers._lock:
                    readers.received.append(Received(self.path, self.headers, body, time.monotonic()))
                    readers.at_once += 1
                    readers.most_at_once = max(readers.most_at_once, readers.at_once)
                status = readers.answer(self.path)
                with readers._lock:
                    readers.at_once -= 1
                with suppress(OSError):  # whoever pushed has given up
                    self.send_response(status)
                    self.send_header("Location", "http://127.0.2.200/elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 64
            daemon_threads = True

        self._server = Server((host, 0), Handler)
        self.url = f"http://{host}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def paths(self) -> list[str]:
        return [received.path for received in self.received]

    def take(self) -> list[Received]:
        """What came since the last call."""
        with self._lock:
            taken, self.received = self.received, []
        return taken

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def an_active_one(callback: str, topic: str, url: str, etag: str | None, now: datetime) -> dict[str, Any]:
    """The row of an active subscription whose reader has the version `etag`."""
    return {
        "topic": topic,
        "topic_url": url,
        "callback": callback,
        "callback_hash": callback_hash(callback),
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
