"""nginx in front, with config/nginx.conf: what its cache costs, and what slow clients do to readers.

The cache is measured beside static files of the same bytes from the same nginx.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from socket import SO_RCVBUF, SOL_SOCKET, create_connection
from statistics import median, quantiles

from bench import servers
from bench.figures import Figure, number
from bench.loading import ROUNDS, rates
from bench.sites import Both
from tests.support.proxy import PROGRAM, WHY_NOT, Nginx
from tests.support.serving import free_port, request
from tests.support.waiting import wait_until

_FEED = "/feed.atom"
_GZIP = {"Accept-Encoding": "gzip"}
_PAST_THE_CACHE = {"If-None-Match": '"a", "b"'}  # nginx knows no lists of tags, and asks feedserver
_BODIES, _UNREAD, _HEADS = 40, 40, 200
_REQUESTS = 200  # of one round


def measure(both: Both) -> list[Figure]:
    """No figures, and a line why, where nginx is not installed."""
    if PROGRAM is None:
        print(f"bench: nginx is not measured: {WHY_NOT}", file=sys.stderr)
        return []
    folder = both.folder / "nginx"
    folder.mkdir()
    trusting = {"FEEDSERVER_SERVER_TRUSTED_PROXIES": "127.0.0.1"}
    with servers.feedserver(both.small.folder, trusting, workers=2) as running:
        nginx = Nginx(folder, running.port, free_port(), also=_static_files(folder))
        with nginx.running():
            return [*_cache(nginx.url, folder), *_slow_clients(nginx.url)]


def _static_files(folder: Path) -> str:
    """nginx's locations of the static files, with the server's log and without its gzip, as feeds have it."""
    served = f"default_type application/atom+xml; gzip off; alias {folder}"
    return f"""
        location = /plain {{ {served}/plain.atom; }}
        location = /gzip {{ {served}/gzip.atom; add_header Content-Encoding gzip; }}
    """


def _cache(url: str, folder: Path) -> list[Figure]:
    for kind, headers in {"plain": {}, "gzip": _GZIP}.items():
        (folder / f"{kind}.atom").write_bytes(request(url + _FEED, headers=headers)[2])
        wait_until(lambda: request(url + _FEED, headers=headers)[1]["x-cache"] == "HIT", 15, lambda: "not cached")  # noqa: B023
    unchanged = [(url + path, {"If-None-Match": request(url + path)[1]["etag"]}) for path in (_FEED, "/plain")]
    return [
        _of_static("200, plain", (url + _FEED, {}), (url + "/plain", {})),
        _of_static("200, gzip", (url + _FEED, _GZIP), (url + "/gzip", _GZIP)),
        _of_static("304", *unchanged),
    ]


def _of_static(kind: str, cached: tuple[str, Mapping[str, str]], static: tuple[str, Mapping[str, str]]) -> Figure:
    assert request(cached[0], headers=dict(cached[1]))[2] == request(static[0], headers=dict(static[1]))[2]
    found = rates({"cached": cached, "static": static})
    note = f"{number(found['cached'])} : {number(found['static'])} /s"
    name = f"cached feed {kind}, of a static file"
    return Figure("nginx in front", name, found["cached"] / found["static"], "×", least=0.8, note=note)


def _slow_clients(url: str) -> list[Figure]:
    asked: dict[str, dict[str, str]] = {"cached": {}, "past the cache": _PAST_THE_CACHE}
    idle: dict[str, list[float]] = {name: [] for name in asked}
    held: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name, headers in asked.items():
            idle[name].append(_p95(url, headers))
        with slow_clients(url):
            for name, headers in asked.items():
                held[name].append(_p95(url, headers))
    return [_of_idle(name, median(idle[name]), median(held[name])) for name in asked]


def _of_idle(name: str, idle: float, held: float) -> Figure:
    note = f"{number(idle * 1000)} → {number(held * 1000)} ms"
    return Figure(
        "nginx in front",
        f"p95 of a feed {name}, {_BODIES + _UNREAD + _HEADS} slow clients, of idle",
        held / idle,
        "×",
        most=2,
        note=note,
    )


def _p95(url: str, headers: Mapping[str, str]) -> float:
    """Seconds of one of a hundred requests, one after the other."""
    host, port = url.removeprefix("http://").split(":")
    times = []
    with closing(HTTPConnection(host, int(port), timeout=20)) as connection:
        for _ in range(_REQUESTS):
            began = time.perf_counter()
            connection.request("GET", _FEED, headers=dict(headers))
            answer = connection.getresponse()
            assert answer.read()
            assert answer.status == 200
            times.append(time.perf_counter() - began)
    return quantiles(times, n=100)[94]


@contextmanager
def slow_clients(url: str) -> Iterator[None]:
    """Clients that stop halfway: in a request's body, in reading an answer, in a request's head."""
    host, port = url.removeprefix("http://").split(":")
    head = f"Host: {host}:{port}\r\n"
    body = f"POST /pingback HTTP/1.1\r\n{head}Content-Type: text/xml\r\nContent-Length: 9999\r\n\r\n<?xml"
    unread = f'GET {_FEED} HTTP/1.1\r\n{head}If-None-Match: "a", "b"\r\n\r\n' * 10
    with ExitStack() as stack:
        for text, number in ((body, _BODIES), (unread, _UNREAD), ("GET /feed", _HEADS)):
            for _ in range(number):
                client = stack.enter_context(create_connection((host, int(port)), timeout=10))
                client.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
                client.sendall(text.encode("ascii"))
        yield
