"""Pings that arrive while the server's whole process group is killed again and again."""

import itertools
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from feedserver.storage.engine import Database
from feedserver.thoughts.model import Thought
from tests.support.listing import listing
from tests.support.pinging import HEADERS, ping_body, read_answer
from tests.support.serving import Blog, Site, request
from tests.support.waiting import wait_until

NO_LIMITS = {
    "FEEDSERVER_LIMITS_SENDER": "1000000",
    "FEEDSERVER_LIMITS_HOST": "1000000",
    "FEEDSERVER_PINGBACK_WAIT": "0.1",
}
_SENDERS = 6
_PAUSE = 0.1  # seconds between two pings of a sender
_PAGE_SECONDS = 0.2  # at most, so that fetches are under way when the server is killed


@dataclass
class Outcome:
    """What became of the pings."""

    kills: int = 0
    sent: int = 0
    acknowledged: set[str] = field(default_factory=set)  # sources of pings that were answered as stored
    thoughts: Counter[str] = field(default_factory=Counter)  # the number of thoughts of each source
    states: Counter[str] = field(default_factory=Counter)  # of the thoughts of acknowledged sources
    settled_after: float = 0.0  # seconds from the last start to the last verdict

    @property
    def lost(self) -> int:
        return len([source for source in self.acknowledged if self.thoughts[source] != 1])


def ping_through_kills(site: Site, workers: Sequence[int], seconds_between: float, timeout: float) -> Outcome:
    """Starts the site with each number of `workers` in turn, and kills it before the next, while pings arrive; then
    waits until all that was stored is settled.

    That wait takes `timeout` seconds at most. The site needs NO_LIMITS and a database URL in its environment.
    """
    blogs = [Blog(f"127.0.2.{number}", delay=lambda: random.uniform(0, _PAGE_SECONDS)) for number in range(1, 7)]
    outcome, stopping = Outcome(), threading.Event()
    numbers = itertools.count()
    site.start(workers[0])
    senders = [
        threading.Thread(target=_send, args=(site, blogs[sender], numbers, outcome, stopping))
        for sender in range(_SENDERS)
    ]
    for sender in senders:
        sender.start()
    try:
        for number in workers[1:]:
            time.sleep(seconds_between)
            site.stop(signal.SIGKILL)
            outcome.kills += 1
            site.start(number)
        time.sleep(seconds_between / 2)
    finally:
        stopping.set()
        for sender in senders:
            sender.join(30)
    _wait_for_verdicts(site, outcome, timeout)
    for blog in blogs:
        blog.close()
    return outcome


def _send(site: Site, blog: Blog, numbers: Any, outcome: Outcome, stopping: threading.Event) -> None:
    target = f"{site.url}/posts/hello"
    while not stopping.is_set():
        source = blog.put(f"/{next(numbers)}", f'<p>I read <a href="{target}">this</a>.</p>')
        outcome.sent += 1
        try:
            status, _, answer = request(f"{site.url}/pingback", body=ping_body(source, target), headers=HEADERS)
            if status == 200 and isinstance(read_answer(answer), str):
                outcome.acknowledged.add(source)
        except (OSError, HTTPException):  # killed meanwhile: the ping is not acknowledged
            time.sleep(0.1)
        time.sleep(_PAUSE)


def _wait_for_verdicts(site: Site, outcome: Outcome, timeout: float) -> None:
    database = Database(site.environ["FEEDSERVER_DATABASE_URL"])

    def unsettled() -> list[Thought]:
        return [thought for thought in _stored(database) if thought.state == "received"]

    with closing(database):
        begun = time.monotonic()
        wait_until(lambda: not unsettled(), timeout, lambda: f"{unsettled()}\n{site.log()}")
        outcome.settled_after = time.monotonic() - begun
        stored = _stored(database)
    outcome.thoughts = Counter(thought.source or "" for thought in stored)
    outcome.states = Counter(thought.state for thought in stored if thought.source in outcome.acknowledged)


def _stored(database: Database) -> list[Thought]:
    with database.read() as connection:
        return listing(connection)
