"""One rendering of RSS and Atom, beside feedgen alone with the same entries through its plain API."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import feedgen.entry
import feedgen.feed
from feedgen.feed import FeedGenerator
from feedgen.util import formatRFC2822

from bench.figures import Figure, number
from bench.loading import interleaved
from bench.sites import Both, Site
from feedserver.feeds.model import Feed
from feedserver.feeds.scopes import FeedAddress
from feedserver.feeds.syndication import atom, rfc822, rss

_SIZES = {20: 9, 500: 5}  # posts, and rounds
_OURS: dict[str, Callable[[Feed], bytes]] = {"rss": rss, "atom": atom}


def measure(both: Both) -> list[Figure]:
    whole = _feed(both.large, max(_SIZES))
    feeds = {posts: replace(whole, entries=whole.entries[:posts]) for posts in _SIZES}
    return [_figure(feed, posts, fmt) for posts, feed in feeds.items() for fmt in _OURS]


def _figure(feed: Feed, posts: int, fmt: str) -> Figure:
    contenders = {"ours": partial(_timed, partial(_OURS[fmt], feed)), "alone": partial(_timed_alone, feed, fmt)}
    found = interleaved(contenders, _SIZES[posts])
    note = f"{number(found['ours'] * 1000)} : {number(found['alone'] * 1000)} ms"
    return Figure(
        "one rendering",
        f"{fmt}, {posts} posts, of feedgen alone",
        found["ours"] / found["alone"],
        "×",
        most=2,
        note=note,
    )


def _feed(site: Site, posts: int) -> Feed:
    with site.opened(FEEDSERVER_FEEDS_ENTRIES=str(posts)) as services, services.database.read() as connection:
        feed, _ = services.collector.collect(connection, FeedAddress("site", "atom"), services.clock())
        return feed


def alone(feed: Feed, fmt: str) -> bytes:
    """What a user of feedgen would write."""
    document = FeedGenerator()
    document.id(feed.id)
    document.title(feed.title)
    document.subtitle(feed.description)
    document.author(name=feed.author.name)
    document.link([{"href": feed.self_url, "rel": "self"}, {"href": feed.page_url, "rel": "alternate"}])
    document.language(feed.language)
    document.updated(feed.updated)
    for entry in feed.entries:
        made = document.add_entry(order="append")
        made.guid(entry.id)
        made.title(entry.title)
        made.link(href=entry.url)
        if entry.summary:
            made.summary(entry.summary)
        made.content(entry.html, type="html")
        made.published(entry.published)
        made.updated(entry.updated)
        made.author([{"name": author.name} for author in entry.authors])
        made.category([{"term": category.name} for category in entry.categories])
    written: Any = document.rss_str() if fmt == "rss" else document.atom_str()
    return bytes(written)


def _timed_alone(feed: Feed, fmt: str) -> float:
    """With feedgen's own formatting of dates, which `syndication` replaces for the whole process."""
    feedgen.entry.formatRFC2822 = feedgen.feed.formatRFC2822 = formatRFC2822
    try:
        return _timed(partial(alone, feed, fmt))
    finally:
        feedgen.entry.formatRFC2822 = feedgen.feed.formatRFC2822 = rfc822


def _timed(render: Callable[[], object]) -> float:
    """Seconds, the best of three: what else the machine does does not count."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        render()
        times.append(time.perf_counter() - began)
    return min(times)
