"""Pages of the desk of a site with 2,000 posts and 20,000 thoughts, of which a seventh waits: how long each takes, and
how large it is."""

import time
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection, insert, update

from bench import servers
from bench.figures import Figure, number
from bench.loading import interleaved
from bench.sites import Both, Site
from feedserver.accounts import sessions
from feedserver.accounts import store as accounts
from feedserver.accounts.model import Visitor
from feedserver.storage.schema import reader_days, thoughts
from feedserver.tokens import new_secret
from tests.support.serving import request

_PAGES: Final[Mapping[str, str]] = {
    "inbox": "",
    "all thoughts": "?state=all",
    "a thought": "/thoughts/7",
    "posts": "/posts",
    "a new post": "/posts/new",
    "an edited post": "/posts/post-2000/edit",
    "its history": "/posts/post-2000/history",
    "what became of it": "/posts/post-2000/outcome",
    "bin": "/bin",
    "media": "/media",
    "readers, a month": "/readers",
    "readers, a year": "/readers?days=400",
    "site": "/site",
    "account": "/account",
}
_WAITS: Final = 7  # one of so many thoughts
_DAYS, _READERS = 400, 50
_MOST_MS, _MOST_KB = 50, 30


def measure(both: Both) -> list[Figure]:
    cookie = _prepare(both.desk)
    with servers.feedserver(both.desk.folder) as running:
        sizes = {name: _asked(running.url, path, cookie)[1] for name, path in _PAGES.items()}  # and all is imported
        asked = {name: partial(_seconds, running.url, path, cookie) for name, path in _PAGES.items()}
        seconds = interleaved(asked)
    figures = [
        Figure("the desk", name, seconds[name] * 1000, "ms", most=_MOST_MS, note=f"{number(sizes[name])} kB")
        for name in _PAGES
    ]
    largest = max(sizes, key=lambda name: sizes[name])
    return [*figures, Figure("the desk", "largest page", sizes[largest], "kB", most=_MOST_KB, note=largest)]


def _seconds(url: str, path: str, cookie: str) -> float:
    return _asked(url, path, cookie)[0]


def _asked(url: str, path: str, cookie: str) -> tuple[float, float]:
    """Seconds of a request for a page, and its size in kB."""
    began = time.perf_counter()
    status, _, body = request(f"{url}/desk{path}", headers={"Cookie": f"feedserver={cookie}"})
    seconds = time.perf_counter() - began
    assert status == 200, (path, status)
    return seconds, len(body) / 1000


def _prepare(site: Site) -> str:
    """Makes thoughts wait, readers of a year, and an account; returns the cookie of its session."""
    cookie = new_secret()
    with site.opened() as services, services.database.write() as connection:
        now = services.clock()
        waiting = update(thoughts).where(thoughts.c.id % _WAITS == 0)
        connection.execute(waiting.values(state="held", reason="waits for approval", word_bytes=100))
        account = accounts.add(connection, "ann", now)
        sessions.begin(connection, account.id, cookie, Visitor("127.0.0.1", "bench"), now)
        for day in range(_DAYS):
            _read(connection, now.date() - timedelta(days=day))
    return cookie


def _read(connection: Connection, day: object) -> None:
    numbers = {"requests": 100, "not_modified": 90, "bytes": 100_000, "subscribers": 10}
    rows = [{"day": day, "reader": f"Reader {number}", "feed": "", **numbers} for number in range(_READERS)]
    connection.execute(insert(reader_days), rows)
