"""A new post for many readers who subscribed, some of whom hang, while others poll the feed."""

import asyncio
import re
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from statistics import quantiles

from sqlalchemy import insert

from feedserver.clock import utc_now
from feedserver.storage.engine import Database
from feedserver.storage.schema import websub_subscriptions
from feedserver.websub import topics
from tests.support.serving import Site, request
from tests.support.waiting import wait_until
from tests.websub.readers import SITE_ATOM, an_active_one

FEED = "/feed.atom"
_HOSTS = 200  # addresses of the test internet on which the callbacks are
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_POLLS_A_SECOND = 50
_STORED_SECONDS = 10


@dataclass
class Storm:
    """What came of it. Times are in seconds; `published` and `delivered` by the monotonic clock."""

    published: float = 0.0  # when the command had ended
    delivered: dict[str, float] = field(default_factory=dict)  # by callback that answers
    tries: Counter[str] = field(default_factory=Counter)  # by callback
    most_at_once: int = 0
    calm: list[float] = field(default_factory=list)  # how long polls took before
    stormy: list[float] = field(default_factory=list)  # the same until all that answer had the post
    taken: Counter[str] = field(default_factory=Counter)  # callbacks by what is stored of them afterwards

    @property
    def last(self) -> float:
        """Seconds until the last one had it."""
        return max(self.delivered.values()) - self.published

    @property
    def twice(self) -> list[str]:
        """Callbacks that answer and were told more than once."""
        return [path for path in self.delivered if self.tries[path] > 1]


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


class Callbacks:
    """All callbacks, on all addresses at once: those below /hang take a push and never answer."""

    def __init__(self, storm: Storm) -> None:
        self._storm = storm
        self._at_once = 0
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._take, "0.0.0.0", 0, backlog=512))
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._at_once += 1
        self._storm.most_at_once = max(self._storm.most_at_once, self._at_once)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            await reader.readexactly(int(length[1]) if length else 0)
            path = head.split(b" ", 2)[1].decode()
            self._storm.tries[path] += 1
            if path.startswith("/hang"):
                await reader.read()  # until it gives up
                return
            self._storm.delivered.setdefault(path, time.monotonic())
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._at_once -= 1
            writer.close()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def storm(site: Site, subscribers: int, hanging: int, calm_seconds: float) -> Storm:
    """Publishes a post for so many `subscribers`, of whom some are `hanging`; waits until the others have it.

    The site runs, and has a database URL in its environment.
    """
    came = Storm()
    callbacks = Callbacks(came)
    subscribe(site, _addresses(callbacks.port, subscribers, hanging))
    stopping = threading.Event()
    poller = threading.Thread(target=_poll, args=(site, came, stopping))
    poller.start()
    try:
        time.sleep(calm_seconds)
        site.command("post", "add", "-", given="---\ntitle: News\n---\nFor all of you.\n")
        came.published = time.monotonic()
        answering = subscribers - hanging
        wait_until(lambda: len(came.delivered) == answering, 60, lambda: f"{len(came.delivered)} have it\n{site.log()}")
        stopping.set()
        poller.join(10)
        _wait_until_stored(site, came, answering)
    finally:
        stopping.set()
        callbacks.close()
    return came


def subscribe(site: Site, callbacks: Sequence[str]) -> None:
    """Active subscriptions whose readers have what the feed holds now."""
    etag, now = request(site.url + FEED)[1]["etag"], utc_now()
    rows = [an_active_one(callback, SITE_ATOM.key, site.url + FEED, etag, now) for callback in callbacks]
    database = Database(site.environ["FEEDSERVER_DATABASE_URL"])
    with database.write() as connection:
        connection.execute(insert(websub_subscriptions), rows)
        topics.follow(connection, SITE_ATOM.key)
    database.close()


def _addresses(port: int, subscribers: int, hanging: int) -> list[str]:
    """The addresses of callbacks; every so many hang."""
    every = subscribers // hanging
    return [
        f"http://127.0.2.{1 + number % _HOSTS}:{port}/{'hang' if number % every == every - 1 else 'take'}/{number}"
        for number in range(subscribers)
    ]


def _poll(site: Site, came: Storm, stopping: threading.Event) -> None:
    """Polls the feed at a steady rate, as its readers do."""
    etag = ""
    with closing(HTTPConnection("127.0.0.1", site.port, timeout=20)) as connection:
        while not stopping.wait(1 / _POLLS_A_SECOND):
            begun = time.monotonic()
            connection.request("GET", FEED, headers={"If-None-Match": etag})
            response = connection.getresponse()
            response.read()
            etag = response.headers["ETag"]
            (came.stormy if came.published else came.calm).append(time.monotonic() - begun)


def _wait_until_stored(site: Site, came: Storm, answering: int) -> None:
    """Waits until each answer is stored, and a little longer: a second delivery would come then."""
    database = Database(site.environ["FEEDSERVER_DATABASE_URL"])

    def stored() -> int:
        with database.read() as connection:
            rows = connection.execute(websub_subscriptions.select()).all()
        came.taken = Counter("taken" if row.pushed_at else "waits" if row.next_push_at else "lost" for row in rows)
        return came.taken["taken"]

    wait_until(lambda: stored() >= answering, _STORED_SECONDS, lambda: str(came.taken))
    database.close()
