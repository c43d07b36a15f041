"""Where the time of a feed hit and of a verified ping goes, function by function, in this process."""

import cProfile
import pstats
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from bench import pinging
from bench.sites import Site
from feedserver.app import create_app
from feedserver.services import Services
from feedserver.settings import load
from feedserver.thoughts.slots import WaitingSlots

_HITS = 10_000
_PINGS = 100
_TOP = 12


@dataclass(frozen=True, slots=True)
class Profile:
    """What one deed costs under the profiler, in milliseconds, and the functions that take most of it themselves."""

    name: str
    milliseconds: float
    rows: list[tuple[str, str, str]]  # function, calls for one deed, share of the time


def measure(small: Site) -> list[Profile]:
    return [_feed_hit(small), _ping(small)]


def _feed_hit(site: Site) -> Profile:
    with site.opened() as services:
        app = create_app(services=services).wsgi_app
        etag = [""]

        def start(_status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
            etag[0] = dict(headers).get("ETag", etag[0])

        def ask() -> None:
            app(_environ("/feed.atom", etag[0]), start)

        for _ in range(3):  # the first one renders, the second one is led by the router
            ask()
        return _profile("a feed hit: 304 from memory, without gunicorn", ask, _HITS)


def _environ(path: str, etag: str) -> dict[str, Any]:
    """A request as gunicorn hands it over (PEP 3333)."""
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "RAW_URI": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_USER_AGENT": "Reader/1.0",
        "HTTP_ACCEPT_ENCODING": "gzip",
        "HTTP_IF_NONE_MATCH": etag,
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": None,
    }


def _ping(site: Site) -> Profile:
    environ = {"FEEDSERVER_EGRESS_ALLOW": "127.0.2.0/24", "FEEDSERVER_EGRESS_PORTS": "*", **pinging.FREE}
    settings = replace(load(environ), data_dir=site.folder / "var")
    services = Services(settings)
    numbers = iter(range(77_000_000, 77_000_000 + _PINGS + 1))
    with pinging.blogs() as port:
        receiver = replace(services.receiver, slots=_Here(1))

        def ping() -> None:
            number = next(numbers)
            slug = f"post-{1 + number % 100}"
            source = f"http://127.0.2.{1 + number % pinging.MANY}:{port}/now/8000/{slug}/{number}"
            answer = receiver.receive(source, services.urls.post(slug), "127.0.0.1")
            assert answer.outcome == "registered"

        try:
            ping()
            return _profile("a verified ping, from its receipt to the thought shown", ping, _PINGS)
        finally:
            services.waiting_slots.close()
            services.database.close()


class _Here(WaitingSlots):
    """Verifies in the thread that took the ping, so that one profile sees all of it."""

    def run(self, work: Callable[[], None]) -> Future[None]:
        work()
        self.give_back()
        done: Future[None] = Future()
        done.set_result(None)
        return done


def _profile(name: str, deed: Callable[[], None], times: int) -> Profile:
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(times):
        deed()
    profile.disable()
    stats: Any = pstats.Stats(profile)
    total = stats.total_tt
    largest = sorted(stats.stats.items(), key=lambda item: -item[1][2])[:_TOP]
    rows = [
        (_called(function), f"{calls / times:.0f}" if calls >= times else "<1", f"{own / total:.0%}")
        for function, (_, calls, own, _, _) in largest
    ]
    return Profile(name, total / times * 1000, rows)


def _called(function: tuple[str, int, str]) -> str:
    file, _, name = function
    if file == "~":
        return name.strip("<>")
    parts = Path(file).with_suffix("").parts
    for top in ("site-packages", "feedserver"):
        if top in parts:
            place = len(parts) - parts[::-1].index(top)
            return f"{'.'.join(parts[place - (top == 'feedserver') :])}.{name}"
    return f"{Path(file).stem}.{name}"
