"""A running site whose SQLite file is deleted, put back, and exchanged for a backup; in the long form again and again,
and under load."""

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path
from threading import Event

import pytest

from tests.hostile.killing import NO_LIMITS
from tests.support.pinging import HEADERS, ping_body, read_answer
from tests.support.serving import LONG, Blog, Site, request, running_site
from tests.support.waiting import wait_until

ROUNDS = 60 if LONG else 0  # in which the file is away for a moment


@pytest.fixture
def blog() -> Iterator[Blog]:
    blog = Blog()
    yield blog
    blog.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running_site(tmp_path, environ=NO_LIMITS | {"FEEDSERVER_LIMITS_WAITING": "1000000"}) as site:
        yield site
        assert "Traceback" not in site.log()


def ping(site: Site, blog: Blog, name: str) -> str | int | list[object]:
    """Another page of the blog links to the example post, and says so."""
    target = f"{site.url}/posts/hello"
    source = blog.put(f"/{name}", f'<title>{name}</title><p>I have just read <a href="{target}">a post</a> I like.</p>')
    return read_answer(request(site.url + "/pingback", body=ping_body(source, target), headers=HEADERS)[2])


def statuses(site: Site, *paths: str) -> set[int]:
    """Of some requests for each, so that both processes are asked."""
    return {site.get(path)[0] for _ in range(6) for path in paths}


def feeds(site: Site) -> set[bytes]:
    """The feed of both processes."""
    return {site.get("/feed.atom")[2] for _ in range(20)}


def served_by(site: Site, path: str) -> set[str]:
    """The processes that have answered requests for a path, as the log tells."""
    return set(re.findall(rf'\[(\d+)\] \[INFO\] \S+ "GET {re.escape(path)} HTTP/1\.1" 200', site.log()))


def backup(file: Path) -> Path:
    """A whole copy of a database that is in use."""
    copy = file.with_name("copy.sqlite3")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def test_no_ping_is_acknowledged_without_the_file_and_the_site_heals_when_one_is_there(site: Site, blog: Blog) -> None:
    file = site.folder / "var/feedserver.sqlite3"
    assert str(ping(site, blog, "first")).startswith("Pingback from")
    wait_until(lambda: b"1 Thought to" in site.get("/posts/hello")[2], 30, site.log)
    wait_until(lambda: len(feeds(site)) == 1 and len(served_by(site, "/feed.atom")) == 2, 30, site.log)
    feed = feeds(site)
    away = file.rename(site.folder / "away.sqlite3")

    assert [ping(site, blog, f"lost-{n}") for n in range(4)] == [50] * 4
    assert statuses(site, "/", "/posts/hello", "/readyz") == {503}
    assert statuses(site, "/healthz") == {200}
    assert feeds(site) == feed, "the last good document"
    assert not file.exists()
    assert f"{file} is gone" in site.log()

    away.rename(file)
    acknowledged = ping_while_it_comes_and_goes(site, blog, file)
    assert str(ping(site, blog, "second")).startswith("Pingback from")
    assert acknowledged <= sources(file), "what was acknowledged is stored"
    copy = backup(file)
    site.command("post", "add", "-", given="---\ntitle: After the backup\n---\n")
    assert b"After the backup" in site.get("/")[2]

    os.replace(copy, file)
    wait_until(lambda: all(b"After the backup" not in site.get("/")[2] for _ in range(6)), 10, site.log)
    assert b"After the backup" not in site.get("/feed.atom")[2]
    assert str(ping(site, blog, "third")).startswith("Pingback from")
    assert f"{file} was deleted or exchanged by another program" in site.log()
    assert site.stop() == 0
    assert sources(file) >= {"first", "second", "third", *acknowledged}


def ping_while_it_comes_and_goes(site: Site, blog: Blog, file: Path) -> set[str]:
    """The pages whose pings were acknowledged meanwhile."""
    ended, numbers, away = Event(), count(), file.with_name("away.sqlite3")

    def keep_pinging() -> set[str]:
        told = set()
        while not ended.is_set():
            name = f"page-{next(numbers)}"
            if str(ping(site, blog, name)).startswith("Pingback from"):
                told.add(name)
        return told

    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(keep_pinging) for _ in range(4 if ROUNDS else 0)]
        for round_ in range(ROUNDS):
            time.sleep(0.05 * (round_ % 7))
            file.rename(away)
            time.sleep(0.05 * (round_ % 5))
            away.rename(file)
        ended.set()
        return set().union(*(task.result(60) for task in running))


def sources(file: Path) -> set[str]:
    """The pages whose pings are stored."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {source.rpartition("/")[2] for (source,) in connection.execute("SELECT source FROM thoughts")}
