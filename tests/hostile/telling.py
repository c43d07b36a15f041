"""Counts the requests that a site sends to the pages that it links to, as they answer well, badly or not at all.

The receivers are real servers; the author's clock is set from one duty to the next, so that days take seconds.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from feedserver.installation import init
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, EgressSettings, Settings, SiteSettings
from tests.posts.builders import edit, publish
from tests.sending.desk import Desk
from tests.support.elsewhere import ElsewhereServer, Received, respond
from tests.support.outside import Clock

Answer = tuple[int, dict[str, str]]
TAKEN: Final[Answer] = (202, {})


class Receiver(ElsewhereServer):
    """A site on an address of the test internet, each of whose pages takes Webmentions at `/endpoint`.

    `answer` gives status and fields for the number of a POST, from 0; None is silence until the other side hangs up.
    `delay` gives the seconds that each request takes.
    """

    def __init__(
        self, address: str, answer: Callable[[int], Answer | None], delay: Callable[[], float] = lambda: 0.0
    ) -> None:
        self.looks: list[str] = []  # paths of GETs
        self.told: list[tuple[str, str]] = []  # source and target of each POST
        self.answer, self.delay = answer, delay
        super().__init__(address, self._hear)

    def _hear(self, handler: BaseHTTPRequestHandler, received: Received) -> None:
        time.sleep(self.delay())
        if received.method == "GET":
            self.looks.append(received.path)
            respond(handler, 200, [("Link", '</endpoint>; rel="webmention"')])
            return
        form = parse_qs(received.body.decode())
        self.told.append((form["source"][0], form["target"][0]))
        answer = self.answer(len(self.told) - 1)
        if answer is None:
            handler.rfile.read(1)  # returns when the other side hangs up
        else:
            respond(handler, answer[0], list(answer[1].items()))


@contextmanager
def running_author(folder: Path, url: str) -> Iterator[Desk]:
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
        yield Desk(services, clock)
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
        max(receiver.most_at_once for receiver in receivers),
    )


# --- the storms ---


def many_links(author: Desk) -> Count:
    """A post with 300 links, to ten pages each of thirty hosts."""
    with receiving(30) as receivers:
        links = [f"[one]({receiver.url}/{page})" for page in range(10) for receiver in receivers]
        publish(author.services, "Many links", " ".join(links))
        author.until_later(hours=2)
        return _count(receivers)


def many_edits(author: Desk) -> Count:
    """A post with one link that is edited fifty times in a minute."""
    with receiving() as receivers:
        publish(author.services, "Many edits", f"[one]({receivers[0].url}/page)")
        for number in range(50):
            author.until_later(seconds=1.2)
            edit(author.services, "many-edits", "Many edits", f"[one]({receivers[0].url}/page), edit {number}.")
        author.until_later(hours=2)
        return _count(receivers)


def told_to_wait(author: Desk) -> Count:
    """A receiver that answers 429 and asks for ten minutes of patience, five times, and then takes the ping."""
    patience: Answer = (429, {"Retry-After": "600"})
    with receiving(answer=lambda number: patience if number < 5 else TAKEN) as receivers:
        publish(author.services, "Patience", f"[one]({receivers[0].url}/page)")
        author.until_later(hours=2)
        return _count(receivers)


def failing_for_an_hour(author: Desk) -> Count:
    """A receiver that answers 500 for an hour."""
    end = author.clock() + timedelta(hours=1)
    answer: Callable[[int], Answer] = lambda _: (500, {}) if author.clock() < end else TAKEN  # noqa: E731
    with receiving(answer=answer) as receivers:
        publish(author.services, "Trouble", f"[one]({receivers[0].url}/page)")
        author.until_later(days=3)
        return _count(receivers)


def failing_for_ever(author: Desk) -> Count:
    """A receiver that answers 500 for ever."""
    with receiving(answer=lambda _: (500, {})) as receivers:
        publish(author.services, "No way", f"[one]({receivers[0].url}/page)")
        author.until_later(days=60)
        return _count(receivers)


def hanging(author: Desk) -> Count:
    """A receiver that never answers a POST. Takes a minute."""
    with receiving(answer=lambda _: None) as receivers:
        publish(author.services, "Silence", f"[one]({receivers[0].url}/page)")
        author.until_later(days=60)
        return _count(receivers)
