"""New posts for readers who subscribed, while the server's whole process group is killed again and again."""

import random
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from feedserver.storage.engine import Database
from feedserver.storage.schema import websub_subscriptions
from tests.hostile.storming import FEED, subscribe
from tests.support.serving import Site, request
from tests.support.waiting import wait_until
from tests.websub.readers import Readers

_HOSTS = 12
_EACH = 4  # callbacks on a host
_ANSWER_SECONDS = 0.3  # at most, so that pushes are under way when the server is killed


@dataclass
class Outcome:
    """What became of the pushes."""

    kills: list[float] = field(default_factory=list)  # when, by the monotonic clock
    readers: int = 0
    pushes: int = 0
    behind: int = 0  # readers whose last push is not the newest version
    twice: int = 0  # pushes of a version that a callback had taken, without a kill in between
    twice_by_kills: int = 0  # the same with one
    seconds: float = 0.0  # from the last start until all had the newest version


def push_through_kills(site: Site, workers: Sequence[int], seconds_between: float, timeout: float) -> Outcome:
    """Starts the site with each number of `workers` in turn, publishes, and kills it before the next; then waits.

    That wait takes `timeout` seconds at most. The site has a database URL in its environment.
    """
    outcome = Outcome(readers=_HOSTS * _EACH)
    with ExitStack() as closing:
        hosts = [Readers(f"127.0.2.{number}", _slowly) for number in range(1, _HOSTS + 1)]
        for host in hosts:
            closing.callback(host.close)
        site.start(workers[0])
        subscribe(site, [f"{host.url}/{number}" for host in hosts for number in range(_EACH)])
        for number in workers[1:]:
            site.command("post", "add", "-", given=f"---\ntitle: Post {len(outcome.kills)}\n---\nNews.\n")
            time.sleep(seconds_between)
            site.stop(signal.SIGKILL)
            outcome.kills.append(time.monotonic())
            site.start(number)
        begun = time.monotonic()
        newest = request(site.url + FEED)[1]["etag"]
        _wait_until_all_have(site, newest, timeout)
        outcome.seconds = time.monotonic() - begun
    for host in hosts:
        _count(host, newest, outcome)
    return outcome


def _slowly(_: str) -> int:
    time.sleep(random.uniform(0, _ANSWER_SECONDS))
    return 204


def _wait_until_all_have(site: Site, etag: str, timeout: float) -> None:
    database = Database(site.environ["FEEDSERVER_DATABASE_URL"])

    def lacking() -> list[str]:
        with database.read() as connection:
            rows = connection.execute(websub_subscriptions.select()).all()
        return [f"{row.callback}: {row.detail}" for row in rows if row.pushed_etag != etag or row.next_push_at]

    with closing(database):
        wait_until(lambda: not lacking(), timeout, lambda: f"{lacking()}\n{site.log()}")


def _count(host: Readers, newest: str, outcome: Outcome) -> None:
    last: dict[str, str] = {}
    taken: dict[tuple[str, str], float] = {}
    for push in host.received:
        etag = push.headers["ETag"]
        outcome.pushes += 1
        last[push.path] = etag
        before = taken.get((push.path, etag))
        if before is not None and any(before <= kill <= push.at for kill in outcome.kills):
            outcome.twice_by_kills += 1
        elif before is not None:
            outcome.twice += 1
        taken[push.path, etag] = push.at
    outcome.behind += sum(last.get(f"/{number}") != newest for number in range(_EACH))
