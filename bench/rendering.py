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

from bench import loading
from bench.figures import Figure
from bench.sites import Site
from feedserver.feeds.model import Feed
from feedserver.feeds.scopes import FeedAddress
from feedserver.feeds.syndication import atom, rfc822, rss

_SIZES = (20, 50, 500)
_OURS: dict[str, Callable[[Feed], bytes]] = {"rss": rss, "atom": atom}


def measure(large: Site) -> list[Figure]:
    whole = _feed(large, max(_SIZES))
    figures = []
    for posts in _SIZES:
        feed = replace(whole, entries=whole.entries[:posts])
        for fmt, ours in _OURS.items():
            rounds = 9 if posts < 500 else 5
            times = loading.interleaved(
                rounds, {"ours": partial(_timed, partial(ours, feed)), "alone": partial(_timed_alone, feed, fmt)}
            )
            note = f"{times['ours'] * 1000:.1f} ms; feedgen alone {times['alone'] * 1000:.1f} ms"
            figures.append(
                Figure("one rendering", f"{fmt}, {posts} posts", times["ours"] / times["alone"], "×", most=2, note=note)
            )
    return figures


def _feed(site: Site, posts: int) -> Feed:
    with site.opened() as services, services.database.read() as connection:
        settings = replace(services.settings, feeds=replace(services.settings.feeds, entries=posts))
        collector = replace(services.collector, settings=settings)
        return collector.collect(connection, FeedAddress("site", "atom"), services.clock())


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
    """With feedgen's own way to write dates, for which ours stands in our process."""
    feedgen.entry.formatRFC2822 = feedgen.feed.formatRFC2822 = formatRFC2822
    try:
        return _timed(partial(alone, feed, fmt))
    finally:
        feedgen.entry.formatRFC2822 = feedgen.feed.formatRFC2822 = rfc822


def _timed(deed: Callable[[], object]) -> float:
    """Seconds, the best of three: what else the machine does is no part of it."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        deed()
        times.append(time.perf_counter() - began)
    return min(times)
