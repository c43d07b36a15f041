"""Readers that subscribe while the server's whole process group is killed again and again."""

import itertools
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlencode

from feedserver.jobs import store as jobs
from feedserver.storage.engine import Database
from feedserver.websub import store
from feedserver.websub.leaving import CHECK, DENY
from feedserver.websub.model import Subscription
from feedserver.websub.verification import CONFIRM
from tests.support.elsewhere import Received
from tests.support.serving import Site, request
from tests.support.subscribers import Reader, confirm
from tests.support.waiting import wait_until

_READERS = 4
_PAUSE = 0.1  # seconds between two subscriptions of a reader
_ANSWER_SECONDS = 0.2  # at most, so that verifications are under way when the server is killed
_TOPICS = [
    f"{path}.{fmt}"
    for path in ("/posts/hello/thoughts", "/feed", "/thoughts", "/tags/feedserver/feed")
    for fmt in ("rss", "atom", "json")
]
_OF_POST = _TOPICS[:3]  # those that go when the post is deleted


@dataclass
class Outcome:
    """What became of the subscriptions."""

    kills: int = 0
    acknowledged: dict[str, str] = field(default_factory=dict)  # the topic by the callback of each 202
    rows: Counter[str] = field(default_factory=Counter)  # by callback
    states: Counter[str] = field(default_factory=Counter)  # of those that were acknowledged
    untold: set[str] = field(default_factory=set)  # callbacks that did not hear that their feed is gone
    settled_after: float = 0.0  # seconds from the last start until no duty was left

    @property
    def lost(self) -> int:
        return len([callback for callback in self.acknowledged if self.rows[callback] != 1])


def subscribe_through_kills(
    site: Site, workers: Sequence[int], seconds_between: float, timeout: float, *, kill_denials: bool
) -> Outcome:
    """Starts the site with each number of `workers` in turn, and kills it before the next, while a callback is asked;
    then deletes the post, and waits until nothing is left to do, `timeout` seconds at most.

    `kill_denials`: kills it once more while readers are told that the feeds of the post are gone.
    """
    outcome, stopping, numbers = Outcome(), threading.Event(), itertools.count()
    with _readers() as readers:
        site.start(workers[0])
        threads = [threading.Thread(target=_ask, args=(site, one, numbers, outcome, stopping)) for one in readers]
        for thread in threads:
            thread.start()
        try:
            for number in workers[1:]:
                time.sleep(seconds_between)
                wait_until(lambda: any(reader.at_once for reader in readers), complaint=site.log)
                _restart(site, number, outcome)
            time.sleep(seconds_between / 2)
        finally:
            stopping.set()
            for thread in threads:
                thread.join(30)
        _wait_for_rest(site, [CONFIRM], timeout)
        outcome.states = Counter(one.state for one in _stored(site) if one.callback in outcome.acknowledged)
        site.command("post", "delete", "hello")
        if kill_denials:
            _restart(site, workers[-1], outcome)
        begun = time.monotonic()
        _wait_for_rest(site, [CHECK, DENY], timeout)
        outcome.settled_after = time.monotonic() - begun
        outcome.rows = Counter(one.callback for one in _stored(site))
        outcome.untold = _of_post(site, outcome) - _denied(readers)
    return outcome


@contextmanager
def _readers() -> Iterator[list[Reader]]:
    readers = [Reader(f"127.0.2.{number}") for number in range(1, _READERS + 1)]
    for reader in readers:
        reader.otherwise = _slowly
    try:
        yield readers
    finally:
        for reader in readers:
            reader.close()


def _slowly(handler: BaseHTTPRequestHandler, call: Received) -> None:
    time.sleep(random.uniform(0, _ANSWER_SECONDS))
    confirm(handler, call)


def _restart(site: Site, workers: int, outcome: Outcome) -> None:
    site.stop(signal.SIGKILL)
    outcome.kills += 1
    site.start(workers)


def _ask(site: Site, reader: Reader, numbers: Iterator[int], outcome: Outcome, stopping: threading.Event) -> None:
    for topic in itertools.islice(itertools.cycle(_TOPICS), 10 * len(_TOPICS)):  # as many as the hub takes of one host
        if stopping.is_set():
            return
        callback = f"{reader.url}/{next(numbers)}"
        fields = {"hub.mode": "subscribe", "hub.callback": callback, "hub.topic": site.url + topic}
        try:
            status, _, _ = request(f"{site.url}/hub", body=urlencode(fields).encode())
            if status == 202:
                outcome.acknowledged[callback] = topic
        except (OSError, HTTPException):  # killed meanwhile: nothing was promised
            time.sleep(0.1)
        time.sleep(_PAUSE)


def _wait_for_rest(site: Site, kinds: Sequence[str], timeout: float) -> None:
    database = Database(site.environ["FEEDSERVER_DATABASE_URL"])

    def left() -> list[str]:
        with database.read() as connection:
            return [f"{job.kind} {job.subject}" for job in jobs.everything(connection) if job.kind in kinds]

    with closing(database):
        wait_until(lambda: not left(), timeout, lambda: f"{left()}\n{site.log()}")


def _stored(site: Site) -> list[Subscription]:
    database = Database(site.environ["FEEDSERVER_DATABASE_URL"])
    with database.read() as connection:
        found = store.everything(connection)
    database.close()
    return found


def _of_post(site: Site, outcome: Outcome) -> set[str]:
    return {callback for callback, topic in outcome.acknowledged.items() if topic in _OF_POST}


def _denied(readers: Sequence[Reader]) -> set[str]:
    return {
        reader.url + call.path
        for reader in readers
        for call in reader.requests
        if call.asked.get("hub.mode") == "denied"
    }
