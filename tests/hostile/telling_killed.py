"""A site whose whole process group is killed again and again while it tells other sites of its posts."""

import itertools
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field

from sqlalchemy import select

from feedserver.storage.engine import Database
from feedserver.storage.schema import outgoing_pings
from tests.hostile.telling import TAKEN, Receiver
from tests.posts.builders import document
from tests.support.serving import Site
from tests.support.waiting import wait_until

QUICK = {
    "FEEDSERVER_SENDING_DELAY": "0.1",
    "FEEDSERVER_LIMITS_HOST": "1000000",
}
_RECEIVERS = 6
_PAGES = 2  # of each receiver that a post links to
_ANSWER_SECONDS = 0.15  # at most, so that requests are under way when the site is killed


@dataclass
class Told:
    """What became of the pairs of post and page. `repeated`: pairs that were told more often than once."""

    kills: int = 0
    due: set[tuple[str, str]] = field(default_factory=set)
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    settled_after: float = 0.0  # seconds from the last start

    @property
    def lost(self) -> set[tuple[str, str]]:
        return self.due - set(self.told)

    @property
    def repeated(self) -> int:
        return sum(number - 1 for number in self.told.values())


def tell_through_kills(site: Site, workers: Sequence[int], seconds_between: float, timeout: float) -> Told:
    """Starts the site with each number of `workers` in turn; publishes posts, and kills it before the next start.

    Then waits until all is told, `timeout` seconds at most. The site needs QUICK in its environment.
    """
    receivers = [
        Receiver(f"127.0.2.{110 + number}", lambda _: TAKEN, delay=lambda: random.uniform(0, _ANSWER_SECONDS))
        for number in range(_RECEIVERS)
    ]
    outcome, numbers = Told(), itertools.count()
    try:
        for place, number in enumerate(workers):
            site.start(number)
            for _ in range(2):
                _publish(site, next(numbers), receivers, outcome)
            if place < len(workers) - 1:
                time.sleep(seconds_between)
                site.stop(signal.SIGKILL)
                outcome.kills += 1
        begun = time.monotonic()
        _wait_until_all_are_told(site, outcome, timeout)
        outcome.settled_after = time.monotonic() - begun
        outcome.told = Counter(pair for receiver in receivers for pair in receiver.told)
    finally:
        for receiver in receivers:
            receiver.close()
    return outcome


def _publish(site: Site, number: int, receivers: Sequence[Receiver], outcome: Told) -> None:
    targets = [f"{receiver.url}/{number}-{page}" for receiver in receivers for page in range(_PAGES)]
    body = " ".join(f"[one]({target})" for target in targets)
    printed = site.command("post", "add", "-", given=document(f"Post {number}", body).decode())
    outcome.due |= {(printed.stdout.split()[-1], target) for target in targets}


def _wait_until_all_are_told(site: Site, outcome: Told, timeout: float) -> None:
    database = Database(site.environ["FEEDSERVER_DATABASE_URL"])

    def waiting() -> list[str]:
        with database.read() as connection:
            pings = connection.execute(select(outgoing_pings.c.target, outgoing_pings.c.state)).all()
        untold = [f"{ping.target} {ping.state}" for ping in pings if ping.state != "told"]
        return untold if len(pings) == len(outcome.due) else [*untold, f"{len(pings)} pings"]

    with closing(database):
        wait_until(lambda: not waiting(), timeout, lambda: f"{waiting()}\n{site.log()}")
