"""The slowest answers of a busy site: a feed while pings wait for slow sources and a post comes every second.

A bare WSGI application, which has neither pings nor posts, is read at the same times beside the same busy site.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from statistics import median
from threading import Event

from bench import feeds, pings, servers
from bench.figures import Figure, number
from bench.loading import ROUNDS, wrk
from bench.sites import Both
from feedserver.services import Services

_SECONDS = 3
_SLOW_PINGS = 8
_SLOTS = {"FEEDSERVER_PINGBACK_PLACES": str(_SLOW_PINGS)}  # so that every slow ping holds its sender
_END_SECONDS = 60  # for what runs beside the readers to end
_numbers = count(1)


def measure(both: Both) -> list[Figure]:
    with ExitStack() as stack:
        sources = stack.enter_context(pings.blogs())
        site = stack.enter_context(pings.pinged(both.small, sources, _SLOTS, workers=2))
        feeds.write_rival_answers(site.url, both.small)
        bare = stack.enter_context(servers.rival("wsgi", both.small.folder, workers=2))
        services = stack.enter_context(both.small.opened())
        p99: dict[str, list[float]] = {"idle": [], "busy": [], "bare": []}
        for _ in range(ROUNDS):
            p99["idle"].append(_readers(site.url, 1))
            for name, url in {"busy": site.url, "bare": bare.url}.items():
                with _beside(partial(site.load, "slow", _SLOW_PINGS, _SECONDS + 1)), _posts(services):
                    p99[name].append(_readers(url, _SECONDS))
    idle, busy, beside = (median(values) * 1000 for values in p99.values())
    note = f"{number(busy)} : {number(beside)} ms; idle {number(idle)} ms"
    name = "p99 of the feed, of bare WSGI at the same times"
    return [Figure("a busy site", name, busy / beside, "×", most=2, note=note)]


def _readers(url: str, seconds: int) -> float:
    return wrk(url + "/feed.atom", {"Accept-Encoding": "gzip"}, seconds=seconds).p99


@contextmanager
def _beside(work: Callable[[], object]) -> Iterator[None]:
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        yield
        working.result(_END_SECONDS)


@contextmanager
def _posts(services: Services) -> Iterator[None]:
    """A post a second."""
    over = Event()

    def publish() -> None:
        while not over.wait(1):
            text = f"---\ntitle: One more {next(_numbers)}\ntags: [topic-1]\n---\nPublished while others read.\n"
            services.publisher.add(services.publisher.read(text.encode()), services.clock())

    with _beside(publish):
        try:
            yield
        finally:
            over.set()
