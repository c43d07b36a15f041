"""Feed readers subscribed to a real server: each ends up with exactly the posts of the site."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import feedparser
import pytest
import reader

from feedserver.clock import utc_now
from feedserver.posts import store
from feedserver.services import WebServices
from feedserver.settings import Settings, SiteSettings
from tests.posts import builders
from tests.support.serving import Site, clean_environ, request, running_site
from tests.support.waiting import wait_until


@dataclass(frozen=True)
class Blog:
    """A site with five posts a document and two workers, and its author, who publishes from this process."""

    site: Site
    services: WebServices

    def feed(self, fmt: str) -> str:
        return f"{self.site.url}/feed.{fmt}"

    def publish(self, title: str, **front: str) -> None:
        builders.publish(self.services, title, f"The words of {title}.", **{"slug": title.lower(), **front})

    def edit(self, slug: str, title: str) -> None:
        builders.edit(self.services, slug, title, "Better words.")

    def posts(self) -> dict[str, str]:
        """The title of each published post, by id."""
        with self.services.database.read() as connection:
            return {post.guid: post.title for post in store.latest(connection, utc_now(), 1000)}

    def statuses(self, path: str) -> list[str]:
        """The statuses of all answers at `path`, in order, from the access log."""
        return [line.split('" ')[1].split()[0] for line in self.site.log().splitlines() if f'"GET {path} ' in line]


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Blog]:
    folder = tmp_path / "site"
    folder.mkdir()
    environ = {"FEEDSERVER_FEEDS_ENTRIES": "5", "FEEDSERVER_LIMITS_COPIES": "0"}
    with running_site(folder, environ=environ, workers=2) as site:
        services = WebServices(Settings(data_dir=folder / "var", site=SiteSettings(url=site.url)))
        services.publisher.delete("hello")
        yield Blog(site, services)
        services.database.close()


@pytest.mark.parametrize("fmt", ["rss", "atom"])
def test_feedparser_finds_all_posts_in_the_archives_and_follows_changes(blog: Blog, fmt: str) -> None:
    for number in range(1, 13):
        blog.publish(f"Post{number}", date=f"2026-01-{number:02}")
    url = blog.feed(fmt)
    assert walked(url) == blog.posts()

    blog.edit("post2", "Post2 corrected")
    blog.publish("Drawer", date="1999-12-31")
    blog.services.publisher.rename("post3", "third")
    blog.services.publisher.delete("post4")

    assert walked(url) == blog.posts()
    assert len(blog.posts()) == 12


def walked(url: str) -> dict[str, str]:
    """All entries of the feed and its archives, by following prev-archive (RFC 5005 section 4.2)."""
    found: dict[str, str] = {}
    following: str | None = url
    for _ in range(20):
        if following is None:
            return found
        feed = feedparser.parse(following)
        assert (feed.status, feed.bozo) == (200, False), following
        found = {entry.id: entry.title for entry in feed.entries} | found
        before = [link.href for link in feed.feed.links if link.rel == "prev-archive"]
        following = before[0] if before else None
    raise AssertionError("the archives have no end")


@pytest.mark.parametrize("fmt", ["rss", "atom"])
def test_feedparser_polls_and_gets_304_then_the_new_post_then_the_new_address_then_410(blog: Blog, fmt: str) -> None:
    blog.publish("One")
    first = feedparser.parse(blog.feed(fmt))

    again = feedparser.parse(first.href, etag=first.etag, modified=first.modified)
    blog.publish("Two", date="2020-01-01")
    changed = feedparser.parse(first.href, etag=first.etag, modified=first.modified)
    blog.services.publisher.rename("one", "first")
    moved = feedparser.parse(f"{blog.site.url}/posts/one/thoughts.{fmt}")
    blog.services.publisher.delete("first")
    gone = feedparser.parse(f"{blog.site.url}/posts/one/thoughts.{fmt}")

    assert (again.status, len(again.entries)) == (304, 0)
    assert (changed.status, {entry.title for entry in changed.entries}) == (200, {"One", "Two"})
    assert (moved.status, moved.href) == (301, f"{blog.site.url}/posts/first/thoughts.{fmt}")
    assert gone.status == 410


@pytest.mark.parametrize("fmt", ["rss", "atom", "json"])
def test_reader_has_every_post_after_each_change(blog: Blog, fmt: str) -> None:
    with reader.make_reader(":memory:") as library:
        library.add_feed(blog.feed(fmt))

        def updated() -> dict[str, str]:
            library.update_feeds(scheduled=False)  # ignores max-age
            (feed,) = library.get_feeds()
            assert feed.last_exception is None
            return {entry.id: entry.title or "" for entry in library.get_entries()}

        blog.publish("One")
        assert updated() == blog.posts()
        blog.publish("Two")
        blog.publish("Drawer", date="1999-12-31")
        assert updated() == blog.posts()
        blog.edit("one", "One, corrected")
        blog.services.publisher.rename("two", "second")
        assert updated() == blog.posts()
        assert updated() == blog.posts()

    path = f"/feed.{fmt}"
    wait_until(lambda: len(blog.statuses(path)) == 4, 10, blog.site.log)  # the log is written later
    assert sorted(blog.statuses(path)) == ["200", "200", "200", "304"]  # each worker writes its lines by itself


@pytest.mark.parametrize("fmt", ["rss", "atom"])
def test_newsboat_gets_a_backdated_post(blog: Blog, tmp_path: Path, fmt: str) -> None:
    program = shutil.which("newsboat")
    if program is None:
        pytest.skip("newsboat is not installed")
    (tmp_path / "urls").write_text(blog.feed(fmt) + "\n")
    (tmp_path / "config").touch()

    def reload() -> set[str]:
        """The titles that newsboat has after a reload."""
        files = ["-u", tmp_path / "urls", "-C", tmp_path / "config", "-c", tmp_path / "cache.db"]
        environ = clean_environ() | {"HOME": str(tmp_path), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
        subprocess.run([program, *map(str, files), "-x", "reload"], env=environ, check=True, timeout=60)
        with closing(sqlite3.connect(tmp_path / "cache.db")) as cache:
            return {title for (title,) in cache.execute("SELECT title FROM rss_item")}

    blog.publish("One")
    assert reload() == {"One"}
    blog.publish("Drawer", date="2001-01-01")

    assert reload() == {"One", "Drawer"}


def test_every_worker_shows_a_change_within_a_second_with_the_same_bytes_and_validators(blog: Blog) -> None:
    blog.publish("One")

    answers = [request(blog.feed("atom")) for _ in range(20)]

    assert len({(headers["etag"], headers["last-modified"], body) for _, headers, body in answers}) == 1
    assert b"The words of One." in answers[0][2]
