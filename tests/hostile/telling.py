"""Counts the requests that a site sends to the pages that it links to, as they answer well, badly or not at all.

The receivers are real servers; the author's clock is set from one duty to the next, so that days take seconds.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from feedserver.installation import init
from feedserver.jobs import store as jobs
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, EgressSettings, Settings, SiteSettings
from tests.posts.builders import edit, publish
from tests.support.outside import Clock

Answer = tuple[int, dict[str, str]]
_STEPS: Final = 20_000  # of the clock, at most
TAKEN: Final[Answer] = (202, {})


class Receiver:
    """A site on an address of the test internet, each of whose pages takes Webmentions at `/endpoint`.

    `answer` gives status and fields for the number of a POST, from 0; None is silence until the other side hangs up.
    `delay` gives the seconds that each request takes.
    """

    def __init__(
        self, address: str, answer: Callable[[int], Answer | None], delay: Callable[[], float] = lambda: 0.0
    ) -> None:
        self.looks: list[str] = []  # paths of GETs
        self.told: list[tuple[str, str]] = []  # source and target of each POST
        self.at_once = 0  # the most requests under way at a time
        self._under_way = 0
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with receiver._counted():
                    time.sleep(delay())
                    receiver.looks.append(self.path)
                    self._answer(200, {"Link": '</endpoint>; rel="webmention"'})

            def do_POST(self) -> None:
                with receiver._counted():
                    time.sleep(delay())
                    form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                    receiver.told.append((form["source"][0], form["target"][0]))
                    answer_now = answer(len(receiver.told) - 1)
                    if answer_now is None:
                        self.rfile.read(1)  # returns when the other side hangs up
                    else:
                        self._answer(*answer_now)

            def _answer(self, status: int, headers: dict[str, str]) -> None:
                with suppress(ConnectionError):
                    self.send_response(status)
                    for name, value in {"Content-Length": "0", **headers}.items():
                        self.send_header(name, value)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((address, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{address}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._under_way += 1
            self.at_once = max(self.at_once, self._under_way)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True, slots=True)
class Author:
    """A site whose clock stands still but for `pass_time`."""

    services: WebServices
    clock: Clock

    def pass_time(self, time: timedelta) -> None:
        """Runs each job when it is due, until so much time has passed."""
        end = self.clock() + time
        for _ in range(_STEPS):
            self.services.runner.run_due()
            with self.services.database.read() as connection:
                due = min((job.run_at for job in jobs.everything(connection)), default=end)
            if due >= end:
                break
            self.clock.now = max(due, self.clock() + timedelta(seconds=1))
        self.clock.now = end


@contextmanager
def running_author(folder: Path, url: str) -> Iterator[Author]:
    """A site on an empty database at `url`, which may contact the test internet."""
    clock = Clock()
    settings = Settings(
        data_dir=folder,
        site=SiteSettings(url="http://127.0.0.1:8000"),
        database=DatabaseSettings(url=url),
        egress=EgressSettings(allow=(ip_network("127.0.2.0/24"),), ports=None),
    )
    services = WebServices(settings, clock=clock)
    init(services, example=False)
    try:
        yield Author(services, clock)
    finally:
        services.database.close()


@contextmanager
def receiving(number: int = 1, answer: Callable[[int], Answer | None] = lambda _: TAKEN) -> Iterator[list[Receiver]]:
    """So many receivers, each on an address of its own."""
    receivers = [Receiver(f"127.0.2.{70 + place}", answer) for place in range(number)]
    try:
        yield receivers
    finally:
        for receiver in receivers:
            receiver.close()


@dataclass(frozen=True, slots=True)
class Count:
    """GETs of pages, POSTs to endpoints, and the most requests that one host had at a time."""

    looks: int
    told: int
    at_once: int


def _count(receivers: Sequence[Receiver]) -> Count:
    return Count(
        sum(len(receiver.looks) for receiver in receivers),
        sum(len(receiver.told) for receiver in receivers),
        max(receiver.at_once for receiver in receivers),
    )


# --- the storms ---


def many_links(author: Author) -> Count:
    """A post with 300 links, to ten pages each of thirty hosts."""
    with receiving(30) as receivers:
        links = [f"[one]({receiver.url}/{page})" for page in range(10) for receiver in receivers]
        publish(author.services, "Many links", " ".join(links))
        author.pass_time(timedelta(hours=2))
        return _count(receivers)


def many_edits(author: Author) -> Count:
    """A post with one link that is edited fifty times in a minute."""
    with receiving() as receivers:
        publish(author.services, "Many edits", f"[one]({receivers[0].url}/page)")
        for number in range(50):
            author.pass_time(timedelta(seconds=1.2))
            edit(author.services, "many-edits", "Many edits", f"[one]({receivers[0].url}/page), edit {number}.")
        author.pass_time(timedelta(hours=2))
        return _count(receivers)


def told_to_wait(author: Author) -> Count:
    """A receiver that answers 429 and asks for ten minutes of patience, five times, and then takes the ping."""
    patience: Answer = (429, {"Retry-After": "600"})
    with receiving(answer=lambda number: patience if number < 5 else TAKEN) as receivers:
        publish(author.services, "Patience", f"[one]({receivers[0].url}/page)")
        author.pass_time(timedelta(hours=2))
        return _count(receivers)


def failing_for_an_hour(author: Author) -> Count:
    """A receiver that answers 500 for an hour."""
    end = author.clock() + timedelta(hours=1)
    answer: Callable[[int], Answer] = lambda _: (500, {}) if author.clock() < end else TAKEN  # noqa: E731
    with receiving(answer=answer) as receivers:
        publish(author.services, "Trouble", f"[one]({receivers[0].url}/page)")
        author.pass_time(timedelta(days=3))
        return _count(receivers)


def failing_for_ever(author: Author) -> Count:
    """A receiver that answers 500 for ever."""
    with receiving(answer=lambda _: (500, {})) as receivers:
        publish(author.services, "No way", f"[one]({receivers[0].url}/page)")
        author.pass_time(timedelta(days=60))
        return _count(receivers)


def hanging(author: Author) -> Count:
    """A receiver that never answers a POST. Takes a minute."""
    with receiving(answer=lambda _: None) as receivers:
        publish(author.services, "Silence", f"[one]({receivers[0].url}/page)")
        author.pass_time(timedelta(days=60))
        return _count(receivers)
