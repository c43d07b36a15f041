"""Where the time of a feed hit and of a verified ping goes, function by function, in this process."""

import cProfile
import pstats
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

from bench import pings
from bench.sites import Both
from feedserver.app import create_app

_HITS, _PINGS, _TOP = 10_000, 100, 12
_OPENED = {
    **pings.SETTINGS,
    "FEEDSERVER_EGRESS_ALLOW": "127.0.2.0/24",
    "FEEDSERVER_EGRESS_PORTS": "*",
    "FEEDSERVER_PINGBACK_PLACES": "0",
}
_FIRST = 77_000_000  # beyond the numbers of all other pings


@dataclass(frozen=True, slots=True)
class Profile:
    """Milliseconds of one operation under the profiler, which slows all calls, and the functions that take most."""

    name: str
    milliseconds: float
    rows: list[tuple[str, str, str]]  # function, calls for one operation, share of the time


def measure(both: Both) -> list[Profile]:
    return [_feed_hit(both), _ping(both)]


def _feed_hit(both: Both) -> Profile:
    with both.small.opened() as services:
        app: Any = create_app(services=services).wsgi_app
        etag = [""]

        def start(_status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
            etag[0] = dict(headers).get("ETag", etag[0])

        def hit() -> None:
            app(_environ("GET", "/feed.atom", HTTP_IF_NONE_MATCH=etag[0]), start)

        for _ in range(3):  # the document is rendered, and the router is passed, before
            hit()
        return _profile("a feed 304, without gunicorn", hit, _HITS)


def _ping(both: Both) -> Profile:
    """Nothing waits for the verification, so that this thread carries it out, as a job."""
    with pings.blogs() as sources, both.small.opened(**_OPENED) as services:
        app: Any = create_app(services=services).wsgi_app
        numbers = count(_FIRST)

        def ping() -> None:
            call = pings.call(next(numbers), sources, services.settings.site.url)
            app(_environ("POST", "/pingback", call, CONTENT_TYPE="text/xml"), lambda *_: None)
            assert services.runner.run_due() == 1

        services.runner.run_due()  # what earlier parts have left
        ping()
        return _profile("a ping, from its receipt to the thought shown", ping, _PINGS)


def _environ(method: str, path: str, body: bytes = b"", **fields: str) -> dict[str, Any]:
    """A request as gunicorn hands it over (PEP 3333)."""
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "RAW_URI": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_USER_AGENT": "Reader/1.0",
        "HTTP_ACCEPT_ENCODING": "gzip",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": None,
        **fields,
    }


def _profile(name: str, operation: Callable[[], None], times: int) -> Profile:
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(times):
        operation()
    profile.disable()
    stats: Any = pstats.Stats(profile)
    total = stats.total_tt
    largest = sorted(stats.stats.items(), key=lambda item: -item[1][2])[:_TOP]
    rows = [
        (_name(function), f"{calls / times:.0f}" if calls >= times else "<1", f"{own / total:.0%}")
        for function, (_, calls, own, _, _) in largest
    ]
    return Profile(name, total / times * 1000, rows)


def _name(function: tuple[str, int, str]) -> str:
    file, _, name = function
    if file == "~":
        return name.strip("<>")
    parts = Path(file).with_suffix("").parts
    for top in ("site-packages", "feedserver"):
        if top in parts:
            start = len(parts) - parts[::-1].index(top)
            return f"{'.'.join(parts[start - (top == 'feedserver') :])}.{name}"
    return f"{Path(file).stem}.{name}"
