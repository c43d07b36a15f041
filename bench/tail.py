"""The slowest answers: a feed while pings wait for slow sources and posts come, and under half-sent requests."""

import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from statistics import median

from bench import loading, pinging, servers
from bench.figures import Figure
from bench.sites import Site
from feedserver.services import Services

_SECONDS = 3
_ROUNDS = 5
_READERS = 16
_SLOW_PINGS = 8
_PLACES = {"FEEDSERVER_PINGBACK_PLACES": str(_SLOW_PINGS)}  # so that every slow ping holds its sender
_HALF_SENT = 100
_WAIT = 60  # seconds for what runs beside the readers to end


def measure(small: Site) -> list[Figure]:
    with ExitStack() as stack:
        sources = stack.enter_context(pinging.blogs())
        running = stack.enter_context(servers.feedserver(small.folder, workers=2, **_PLACES, **pinging.FREE))
        bare = stack.enter_context(servers.rival("wsgi", small.folder, workers=2))
        services = stack.enter_context(small.opened())
        idle: list[loading.Load] = []
        busy: list[loading.Load] = []
        beside: list[loading.Load] = []
        held: list[loading.Load] = []
        for _ in range(_ROUNDS):
            idle.append(_readers(running.url, 1))
            with _half_sent(running.url):
                held.append(_readers(running.url, 1))
        for number in range(1, _ROUNDS + 1):
            with _slow_pings(small.folder, running.url, sources, number), _posts(services, number):
                busy.append(_readers(running.url, _SECONDS))
            with _slow_pings(small.folder, running.url, sources, _ROUNDS + number), _posts(services, _ROUNDS + number):
                beside.append(_readers(bare.url, _SECONDS))
    p50, quiet, p99 = (
        median(values) for values in ([i.p50 for i in idle], [i.p99 for i in idle], [b.p99 for b in busy])
    )
    said = f"idle: p50 {p50 * 1000:.1f} ms, p99 {quiet * 1000:.1f} ms; busy: p99 {p99 * 1000:.1f} ms"
    floor = median(load.p99 for load in beside)
    rates = [median(one.rate for one in loads) for loads in (idle, held)]
    return [
        Figure("the tail", "p99 of the feed when busy, of its idle p50", p99 / p50, "×", most=5, note=said),
        Figure(
            "the tail",
            "the same of a bare WSGI application that has neither pings nor posts, beside ours that has",
            floor / p50,
            "×",
            note=f"p99 {floor * 1000:.1f} ms: what the machine alone does to it",
        ),
        Figure(
            "the tail",
            f"feed while {_HALF_SENT} requests are half sent, of without",
            rates[1] / rates[0],
            "×",
            least=0.5,
            note=f"{rates[0]:,.0f} → {rates[1]:,.0f} a second",
        ),
    ]


def _readers(url: str, seconds: int) -> loading.Load:
    return loading.wrk(url + "/feed.atom", {"Accept-Encoding": "gzip"}, seconds=seconds, clients=_READERS)


@contextmanager
def _beside(deed: partial[object]) -> Iterator[None]:
    thread = threading.Thread(target=deed)
    thread.start()
    try:
        yield
    finally:
        thread.join(timeout=_WAIT)


def _slow_pings(folder: Path, url: str, sources: int, number: int) -> AbstractContextManager[None]:
    """Senders whose pages take a second each, for as long as the readers read."""
    port = int(url.rpartition(":")[2])
    start = 10_000_000 + number * 100_000
    path = pinging.script(folder, pace="slow", hosts=pinging.MANY, sources=sources, port=port, start=start)
    load = partial(loading.wrk, url + "/pingback", {}, seconds=_SECONDS + 1, clients=_SLOW_PINGS, script=path)
    return _beside(load)


@contextmanager
def _posts(services: Services, number: int) -> Iterator[None]:
    """A post a second."""
    over = threading.Event()

    def publish() -> None:
        count = 0
        while not over.wait(1):
            count += 1
            text = f"---\ntitle: Tail {number} {count}\ntags: [topic-1]\n---\nOne more, while others read.\n"
            services.publisher.add(services.publisher.read(text.encode()), services.clock())

    with _beside(partial(publish)):
        try:
            yield
        finally:
            over.set()


@contextmanager
def _half_sent(url: str) -> Iterator[None]:
    host, port = url.removeprefix("http://").split(":")
    with ExitStack() as stack:
        for _ in range(_HALF_SENT):
            connection = stack.enter_context(socket.create_connection((host, int(port)), timeout=10))
            with suppress(OSError):
                connection.sendall(b"GET /feed.atom HTTP/1.1\r\nHost: ")
        yield
