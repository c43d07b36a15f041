"""A running site whose SQLite file is deleted, put back, and exchanged for a backup."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.pinging import HEADERS, ping_body, read_answer
from tests.support.serving import Blog, Site, request, running_site
from tests.support.waiting import wait_until


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running_site(tmp_path) as site:
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


def backup(file: Path) -> Path:
    """A whole copy of a database that is in use."""
    copy = file.with_name("copy.sqlite3")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def test_no_ping_is_acknowledged_without_the_file_and_the_site_heals_when_one_is_there(site: Site, blog: Blog) -> None:
    file = site.folder / "var/feedserver.sqlite3"
    assert str(ping(site, blog, "first")).startswith("Pingback from")
    (feed,) = {site.get("/feed.atom")[2] for _ in range(20)}  # of both processes
    away = file.rename(site.folder / "away.sqlite3")

    assert [ping(site, blog, f"lost-{n}") for n in range(4)] == [50] * 4
    assert statuses(site, "/", "/posts/hello", "/readyz") == {503}
    assert statuses(site, "/healthz") == {200}
    assert site.get("/feed.atom")[2] == feed, "the last good document"
    assert not file.exists()
    assert f"{file} is gone" in site.log()

    away.rename(file)
    assert str(ping(site, blog, "second")).startswith("Pingback from")
    copy = backup(file)
    site.command("post", "add", "-", given="---\ntitle: After the backup\n---\n")
    assert b"After the backup" in site.get("/")[2]

    os.replace(copy, file)
    wait_until(lambda: all(b"After the backup" not in site.get("/")[2] for _ in range(6)), 10, site.log)
    assert b"After the backup" not in site.get("/feed.atom")[2]
    assert str(ping(site, blog, "third")).startswith("Pingback from")
    assert all(page.count(b'<li id="thought-') == 3 for page in (site.get("/posts/hello")[2] for _ in range(6)))
    assert f"{file} was deleted or exchanged by another program" in site.log()
    assert site.stop() == 0
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = connection.execute("SELECT source FROM thoughts ORDER BY id").fetchall()
    assert [source.rpartition("/")[2] for (source,) in found] == ["first", "second", "third"]
