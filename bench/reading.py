"""What readers meet: feeds whole, compressed and unchanged, pages; beside rivals, and on a small and a large site."""

import json
from base64 import b64encode
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

from bench import loading, servers
from bench.figures import Figure
from bench.sites import Site
from tests.support.serving import request

_FEED = "/feed.atom"
_PER_HOP = ("server", "date", "connection", "content-type", "content-length", "content-encoding")
_SECONDS = 1  # of one round
_ROUNDS = 5


def measure(small: Site, large: Site) -> list[Figure]:
    """Ratios of requests a second, one worker each; and memory of the workers that were under load."""
    with ExitStack() as stack:
        ours = stack.enter_context(servers.feedserver(small.folder))
        grown = stack.enter_context(servers.feedserver(large.folder))
        etag = _write_down(ours.url, small)
        rivals = {kind: stack.enter_context(servers.rival(kind, small.folder)) for kind in ("wsgi", "flask", "page")}
        figures = []
        for name, headers in _requests(etag).items():
            urls = {"ours": ours.url, "grown": grown.url, "wsgi": rivals["wsgi"].url, "flask": rivals["flask"].url}
            theirs = headers | ({"If-None-Match": _etag(grown.url)} if "If-None-Match" in headers else {})
            rates = _rates({kind: (url + _FEED, theirs if kind == "grown" else headers) for kind, url in urls.items()})
            figures += _feed_figures(name, rates)
        figures += _pages(small, large, ours.url, grown.url, rivals["page"].url)
        return figures + _memory(ours, grown)


def _requests(etag: str) -> dict[str, dict[str, str]]:
    return {"200": {}, "200, gzip": {"Accept-Encoding": "gzip"}, "304": {"If-None-Match": etag}}


def _write_down(url: str, site: Site) -> str:
    """Leaves for the rivals what ours answers; returns the ETag."""
    for path in (_FEED, site.newest):
        request(url + path)
    _, headers, body = request(url + _FEED)
    packed = request(url + _FEED, headers={"Accept-Encoding": "gzip"})[2]
    kept = {
        "body": b64encode(body).decode("ascii"),
        "gzip": b64encode(packed).decode("ascii"),
        "type": headers["content-type"],
        "etag": headers["etag"],
        "headers": [[name.title(), value] for name, value in headers.items() if name not in _PER_HOP],
        "slug": site.newest.rpartition("/")[2],
    }
    (site.folder / "feed.json").write_text(json.dumps(kept), "utf-8")
    return headers["etag"]


def _etag(url: str) -> str:
    return request(url + _FEED)[1]["etag"]


def _rates(asked: Mapping[str, tuple[str, Mapping[str, str]]]) -> dict[str, float]:
    measures = {kind: partial(_rate, url, headers) for kind, (url, headers) in asked.items()}
    return loading.interleaved(_ROUNDS, measures)


def _rate(url: str, headers: Mapping[str, str]) -> float:
    return loading.wrk(url, headers, seconds=_SECONDS).rate


def _feed_figures(name: str, rates: Mapping[str, float]) -> list[Figure]:
    ours, rivals = rates["ours"], f"{rates['ours']:,.0f} a second; bare WSGI {rates['wsgi']:,.0f}"
    beside = "feeds, beside rivals"
    return [
        Figure(beside, f"feed {name}, of bare WSGI", ours / rates["wsgi"], "×", least=0.9, note=rivals, rate=ours),
        Figure(
            beside,
            f"feed {name}, of bare Flask",
            ours / rates["flask"],
            "×",
            least=1.4,
            note=f"bare Flask {rates['flask']:,.0f}; bare WSGI reaches {rates['wsgi'] / rates['flask']:.2f}",
        ),
        _growth(f"feed {name}", ours, rates["grown"]),
    ]


def _growth(name: str, ours: float, grown: float) -> Figure:
    return Figure(
        "from 100 to 100,000 posts",
        name,
        ours / grown,
        "× slower",
        most=1.2,
        note=f"{ours:,.0f} → {grown:,.0f} a second",
    )


def _pages(small: Site, large: Site, ours: str, grown: str, bare: str) -> list[Figure]:
    rates = _rates({"ours": (ours + small.newest, {}), "grown": (grown + large.newest, {}), "bare": (bare + "/p", {})})
    note = f"{rates['ours']:,.0f} a second; bare Flask with the template {rates['bare']:,.0f}"
    figures = [
        Figure(
            "pages, beside rivals",
            "post with 10 thoughts, of its bare Flask view",
            rates["ours"] / rates["bare"],
            "×",
            least=0.7,
            note=note,
            rate=rates["ours"],
        ),
        _growth("post page", rates["ours"], rates["grown"]),
    ]
    for name, path in {"tag": "/tags/topic-7", "thoughts": "/thoughts.rss"}.items():
        rates = _rates({"ours": (ours + path, {}), "grown": (grown + path, {})})
        figures.append(_growth(name, rates["ours"], rates["grown"]))
    return figures


def _memory(ours: servers.Running, grown: servers.Running) -> list[Figure]:
    return [
        Figure("start and memory", "worker after all that", ours.memory(), "MB", most=80, note="resident, 100 posts"),
        Figure(
            "from 100 to 100,000 posts",
            "memory of a worker",
            grown.memory() / ours.memory(),
            "×",
            most=1.1,
            note=f"{ours.memory():.0f} → {grown.memory():.0f} MB",
        ),
    ]
