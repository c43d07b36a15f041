"""Feeds and pages: requests a second beside rivals and on a large site, and the memory of a worker that was under load.

feedserver writes its access log, as it does by default; the rivals write none.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from contextlib import ExitStack

from bench import servers
from bench.figures import GROWTH, Figure, number, rate_growth
from bench.loading import rates
from bench.sites import Both, Site
from tests.support.serving import request

_FEED = "/feed.atom"
_NOT_COPIED = ("server", "date", "connection", "content-type", "content-length", "content-encoding")


def measure(both: Both) -> list[Figure]:
    small, large = both.small, both.large
    with ExitStack() as stack:
        ours = stack.enter_context(servers.feedserver(small.folder))
        grown = stack.enter_context(servers.feedserver(large.folder))
        etag = write_rival_answers(ours.url, small)
        urls = {"ours": ours.url, "grown": grown.url}
        for kind in ("wsgi", "flask", "page", "unlogged"):
            urls[kind] = stack.enter_context(servers.rival(kind, small.folder)).url
        gzip, unchanged = {"Accept-Encoding": "gzip"}, {"If-None-Match": etag}
        plain = _rates(urls, {}, {})
        packed = _rates(urls, gzip, gzip)
        tagged = _rates(urls, unchanged, _unchanged(grown.url), unlogged=_unchanged(urls["unlogged"]))
        figures = [
            *_feed("200", plain),
            *_feed("200, gzip", packed),
            *_feed("304", tagged),
            _access_log(tagged),
            *_pages(both, urls),
        ]
        return figures + _memory(ours, grown)


def write_rival_answers(url: str, site: Site) -> str:
    """Leaves what the server at `url` answers for the rivals to read; returns the feed's ETag."""
    request(url + _FEED)
    _, headers, body = request(url + _FEED)
    packed = request(url + _FEED, headers={"Accept-Encoding": "gzip"})[2]
    leave_answer(site, headers, body, packed)
    return headers["etag"]


def leave_answer(site: Site, headers: Mapping[str, str], body: bytes, packed: bytes = b"") -> None:
    """Leaves an answer of ours, also `packed` by gzip, for the rivals to read."""
    answers = {
        "body": b64encode(body).decode("ascii"),
        "gzip": b64encode(packed).decode("ascii"),
        "type": headers["content-type"],
        "etag": headers["etag"],
        "headers": [[name.title(), value] for name, value in headers.items() if name not in _NOT_COPIED],
        "page": site.newest,
    }
    (site.folder / "answers.json").write_text(json.dumps(answers), "utf-8")


def _unchanged(url: str) -> dict[str, str]:
    """The condition that a server answers with 304. Each has an ETag of its own, as its feed names its address."""
    return {"If-None-Match": request(url + _FEED)[1]["etag"]}


def _rates(
    urls: dict[str, str], headers: dict[str, str], grown: dict[str, str], **others: dict[str, str]
) -> dict[str, float]:
    asked = dict.fromkeys(("ours", "wsgi", "flask"), headers) | {"grown": grown} | others
    return rates({name: (urls[name] + _FEED, given) for name, given in asked.items()})


def _feed(kind: str, found: dict[str, float]) -> list[Figure]:
    return [
        beside("feeds", f"feed {kind}, of bare WSGI", found, "wsgi", 0.9),
        beside("feeds", f"feed {kind}, of bare Flask", found, "flask", 1.4),
        rate_growth(f"feed {kind}", found["ours"], found["grown"]),
    ]


def beside(group: str, name: str, found: dict[str, float], rival: str, least: float) -> Figure:
    note = f"{number(found['ours'])} : {number(found[rival])} /s"
    return Figure(group, name, found["ours"] / found[rival], "×", least=least, note=note)


def _access_log(found: dict[str, float]) -> Figure:
    cost = 100 * (1 - found["ours"] / found["unlogged"])
    note = f"{number(found['ours'])} : {number(found['unlogged'])} /s without it"
    return Figure("feeds", "access log, of a feed 304", cost, "%", most=5, note=note)


def _pages(both: Both, urls: dict[str, str]) -> list[Figure]:
    post: dict[str, tuple[str, dict[str, str]]] = {
        "ours": (urls["ours"] + both.small.newest, {}),
        "page": (urls["page"] + both.small.newest, {}),
        "grown": (urls["grown"] + both.large.newest, {}),
    }
    found = rates(post)
    figures = [
        beside("pages", "post with 10 thoughts, of its bare Flask view", found, "page", 1.2),
        rate_growth("post page", found["ours"], found["grown"]),
    ]
    for name, path in {"newest posts": "/", "thoughts feed": "/thoughts.rss"}.items():
        found = rates({site: (urls[site] + path, {}) for site in ("ours", "grown")})
        figures.append(rate_growth(name, found["ours"], found["grown"]))
    return figures


def _memory(ours: servers.Running, grown: servers.Running) -> list[Figure]:
    small, large = ours.memory(), grown.memory()
    note = f"{number(small)} → {number(large)} MB"
    return [
        Figure("memory and start", "worker after all that", small, "MB", most=75, note="resident"),
        Figure(GROWTH, "memory of a worker", large / small, "×", most=1.1, note=note),
    ]
