"""Readers that look at feeds again and again, each time on a new connection, while posts, pings and comments come."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from itertools import count
from operator import attrgetter
from pathlib import Path

from feedserver.posts import store
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings, SiteSettings
from tests.feeds.happenings import say
from tests.posts import builders
from tests.support.pinging import HEADERS, ping_body
from tests.support.serving import Blog, Site, request
from tests.support.waiting import wait_until

FEEDS = ("/feed.rss", "/feed.atom", "/tags/sea/feed.json", "/thoughts.atom", "/posts/hello/thoughts.rss")
ENVIRON = {
    "FEEDSERVER_LIMITS_COPIES": "0",
    "FEEDSERVER_LIMITS_SENDER": "1000000",
    "FEEDSERVER_LIMITS_HOST": "1000000",
    "FEEDSERVER_MODERATION_PINGBACKS": "show",
}
_PAUSE = 0.01  # seconds after each look
_MOST_SECONDS = 240
_NUMBER = re.compile(rb"No\. (\d+)")  # in the title of each post and the words of each comment


@dataclass(frozen=True, slots=True)
class Look:
    """One answer. Times are of the monotonic clock; `last_modified` is in seconds since 1970, None if there is none."""

    path: str
    began: float
    ended: float
    last_modified: float | None
    newest: int  # the highest number in the body: the content's own order


@dataclass
class Looks:
    """All answers, how much was written meanwhile, and what went wrong."""

    seen: list[Look] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    written: Counter[str] = field(default_factory=Counter)

    @property
    def unversioned(self) -> int:
        """Answers without Last-Modified."""
        return len([look for look in self.seen if look.last_modified is None])

    def went_back(self) -> list[tuple[Look, Look]]:
        """Pairs of looks at one feed, of which the second began after the first had ended, and saw something older."""
        orders = (attrgetter("last_modified"), attrgetter("newest"))
        by_path = [[look for look in self.seen if look.path == path] for path in FEEDS]
        return [pair for seen in by_path for order in orders for pair in _backwards(seen, order)]


def look_while_written(
    site: Site, folder: Path, url: str, enough: Callable[[Looks], bool], *, readers: int = 2
) -> Looks:
    """Looks at each feed with `readers` readers until it is `enough`, while three writers write without a pause.

    `folder` and `url` are the site's data directory and its database.
    """
    looks, stopping = Looks(), threading.Event()
    settings = Settings(data_dir=folder, site=SiteSettings(url=site.url), database=DatabaseSettings(url=url))
    services, blog, numbers = WebServices(settings), Blog(), count(1)
    writers: list[Callable[[], object]] = [
        lambda: builders.publish(services, f"No. {next(numbers)}", tags="[sea]", slug=f"number-{next(numbers)}"),
        lambda: _comment(services, f"No. {next(numbers)}"),
        lambda: _ping(site, blog, next(numbers)),
    ]
    kinds = ("posts", "comments", "pings")
    threads = [
        threading.Thread(target=_write, args=(kind, write, looks, stopping))
        for kind, write in zip(kinds, writers, strict=True)
    ]
    threads += [threading.Thread(target=_read, args=(site, path, looks, stopping)) for path in FEEDS * readers]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: enough(looks), _MOST_SECONDS)
    finally:
        stopping.set()
        for thread in threads:
            thread.join(60)
        blog.close()
    services.waiting_slots.close()
    services.database.close()
    return looks


def _write(kind: str, write: Callable[[], object], looks: Looks, stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            write()
            looks.written[kind] += 1
        except Exception as error:  # noqa: BLE001 - the test tells it
            looks.errors.append(f"{kind}: {error!r}")


def _comment(services: WebServices, words: str) -> None:
    with services.database.read() as connection:
        post = store.readable(connection, "hello", services.clock())
    say(services, post, f"{words}: well said.")


def _ping(site: Site, blog: Blog, number: int) -> None:
    target = f"{site.url}/posts/hello"
    source = blog.put(f"/{number}", f'<title>Page</title><p>I read <a href="{target}">this</a>: No. {number}.</p>')
    request(f"{site.url}/pingback", body=ping_body(source, target), headers=HEADERS)


def _read(site: Site, path: str, looks: Looks, stopping: threading.Event) -> None:
    while not stopping.is_set():
        began = time.monotonic()
        try:
            status, headers, body = site.get(path)
        except (OSError, HTTPException) as error:
            looks.errors.append(f"{path}: {error!r}")
            continue
        if status == 200:
            looks.seen.append(_look(path, began, time.monotonic(), headers.get("last-modified"), body))
        stopping.wait(_PAUSE)


def _look(path: str, began: float, ended: float, dated: str | None, body: bytes) -> Look:
    last_modified = parsedate_to_datetime(dated).timestamp() if dated else None
    newest = max((int(found) for found in _NUMBER.findall(body)), default=0)
    return Look(path, began, ended, last_modified, newest)


def _backwards(looks: Sequence[Look], order: Callable[[Look], float | None]) -> list[tuple[Look, Look]]:
    """Looks with a lower value than another one that had ended before they began."""
    ordered = [(value, look) for look in looks if (value := order(look)) is not None]
    ended = sorted(ordered, key=lambda pair: pair[1].ended, reverse=True)
    found, highest = [], (float("-inf"), looks[0]) if looks else None
    for value, look in sorted(ordered, key=lambda pair: pair[1].began):
        while ended and ended[-1][1].ended < look.began:
            highest = max(ended.pop(), highest or (value, look), key=lambda pair: pair[0])
        if highest and value < highest[0]:
            found.append((highest[1], look))
    return found
