"""What nginx's cache of feeds costs: cached feeds beside static files of the same bytes, from the same nginx."""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import loading, servers
from bench.figures import Figure
from bench.sites import Site
from tests.support.proxy import PROGRAM, WHY_NOT, Nginx
from tests.support.serving import free_port, request, wait_until

KINDS = ("200, plain", "200, gzip", "304")
_FEED = "/feed.atom"
_GZIP = {"Accept-Encoding": "gzip"}
_SECONDS = 1  # of one round: in it, nginx asks feedserver once whether anything is new
_ROUNDS = 5


def measure(site: Site) -> list[Figure]:
    """Ratios of requests a second; none, and a word why, where nginx is not installed."""
    if PROGRAM is None:
        print(f"bench: the cache is not measured: {WHY_NOT}", file=sys.stderr)
        return []
    with TemporaryDirectory(prefix="feedserver-bench-") as name, servers.feedserver(site.folder) as running:
        folder = Path(name)
        nginx = Nginx(folder, int(running.url.rpartition(":")[2]), free_port(), also=_copies(folder))
        with nginx.running():
            sizes = {kind: _keep_a_copy(folder, nginx.url, kind) for kind in ("plain", "gzip")}
            return [_figure(nginx.url, kind, sizes[kind]) for kind in sizes] + [_unchanged(nginx.url)]


def named(kind: str) -> str:
    """The name of the figure of one of the KINDS."""
    return f"cached feed {kind}, of a static file of the same bytes"


def _copies(folder: Path) -> str:
    """nginx's locations of the static files. They are served as the server serves everything: its log, its gzip off."""
    written = f"default_type application/atom+xml; gzip off; alias {folder}"
    return f"""
        location = /plain {{ {written}/plain.atom; }}
        location = /gzip {{ {written}/gzip.atom; add_header Content-Encoding gzip; }}
    """


def _keep_a_copy(folder: Path, url: str, kind: str) -> int:
    """Writes down what the cache answers, and sees that both come alike; returns how many bytes it is."""
    headers = _GZIP if kind == "gzip" else {}
    body = request(url + _FEED, headers=headers)[2]
    (folder / f"{kind}.atom").write_bytes(body)
    wait_until(lambda: request(url + _FEED, headers=headers)[1]["x-cache"] == "HIT", 15, lambda: "nothing is cached")
    assert request(f"{url}/{kind}", headers=headers)[2] == body
    return len(body)


def _figure(url: str, kind: str, size: int) -> Figure:
    headers = _GZIP if kind == "gzip" else {}
    rates = _rates({"cached": (url + _FEED, headers), "static": (f"{url}/{kind}", headers)})
    return _of_static(f"200, {kind}", rates, f"{size / 1000:,.0f} kB")


def _unchanged(url: str) -> Figure:
    asked = {}
    for name, path in {"cached": _FEED, "static": "/plain"}.items():
        headers = {"If-None-Match": request(url + path)[1]["etag"]}
        assert request(url + path, headers=headers)[0] == 304
        asked[name] = (url + path, headers)
    return _of_static("304", _rates(asked), "no body")


def _rates(asked: Mapping[str, tuple[str, Mapping[str, str]]]) -> dict[str, float]:
    return loading.interleaved(_ROUNDS, {name: partial(_rate, *what) for name, what in asked.items()})


def _rate(url: str, headers: Mapping[str, str]) -> float:
    return loading.wrk(url, headers, seconds=_SECONDS).rate


def _of_static(kind: str, rates: Mapping[str, float], size: str) -> Figure:
    return Figure(
        "nginx in front",
        named(kind),
        rates["cached"] / rates["static"],
        "×",
        least=0.8,
        note=f"{rates['cached']:,.0f} a second; static file {rates['static']:,.0f}; {size}",
        rate=rates["cached"],
    )
