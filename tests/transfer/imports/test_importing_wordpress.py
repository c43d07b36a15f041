"""A real WordPress blog moves in: what its readers and their programs see of it then."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path

import feedparser
import pytest
from flask.testing import FlaskClient

from feedserver.app import create_app
from feedserver.cli.transfer import importer_of
from feedserver.services import WebServices
from feedserver.settings import Settings, SiteSettings
from feedserver.transfer.imports.planning import Plan
from tests.support.exports import SAMPLES
from tests.support.serving import Blog, clean_environ

BLOG = SAMPLES / "wordpress/feldnotizen"
FEEDS = SAMPLES / "wordpress/feldnotizen-feeds"
PROTECTED = "https://feldnotizen.example/2022/06/01/mit-kennwort/"  # WordPress lists it, without its words


def move(services: WebServices) -> Plan:
    """Imports the blog; returns what was planned."""
    with importer_of(services).opened(BLOG, None, None, lambda _doing, _share: None) as found:
        found.apply()
        return found.plan


@pytest.fixture(scope="module")
def services(prepared_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServices]:
    """A site that the blog has moved to. All tests look at the same one."""
    folder = tmp_path_factory.mktemp("moved")
    shutil.copy(prepared_sqlite, folder / "feedserver.sqlite3")
    services = WebServices(Settings(data_dir=folder, site=SiteSettings(url="http://blog.example")))
    plan = move(services)
    assert (plan.posts.new, plan.pages.new, plan.thoughts.new, plan.media.new) == (14, 2, 9, 2)
    yield services
    services.database.close()


@pytest.fixture(scope="module")
def client(services: WebServices) -> FlaskClient:
    return create_app(services=services).test_client()


@pytest.mark.parametrize(("old", "new"), [("rss2.xml", "/feed.rss"), ("atom.xml", "/feed.atom")])
def test_feeds_name_every_entry_as_they_did_before(client: FlaskClient, old: str, new: str) -> None:
    before = {entry.id: entry for entry in feedparser.parse((FEEDS / old).read_bytes()).entries}
    after = {entry.id: entry for entry in feedparser.parse(client.get(new).data).entries}
    assert set(before) - {PROTECTED} == set(after)
    for name, entry in after.items():
        was = before[name]
        assert entry.published_parsed == was.published_parsed
        assert entry.author == unescape(was.author)  # WordPress escapes twice
        assert not was.title or entry.title == unescape(was.title)


class Newsboat:
    """A newsboat that is subscribed to one feed."""

    def __init__(self, program: str, url: str, folder: Path) -> None:
        (folder / "urls").write_text(f"{url}\n")
        (folder / "config").touch()
        self._cache = folder / "cache.db"
        files = ["-u", folder / "urls", "-C", folder / "config", "-c", self._cache]
        self._command = [program, *map(str, files), "-x", "reload"]
        self._environ = clean_environ() | {"HOME": str(folder), "TERM": "dumb", "LC_ALL": "C.UTF-8"}

    def unread(self) -> list[str]:
        """The titles of what a reload brings, which is read then."""
        subprocess.run(self._command, env=self._environ, check=True, timeout=60)
        with closing(sqlite3.connect(self._cache)) as cache:
            titles = [title for (title,) in cache.execute("SELECT title FROM rss_item WHERE unread = 1")]
            cache.execute("UPDATE rss_item SET unread = 0")
            cache.commit()
        return titles


def test_newsboat_that_was_subscribed_sees_no_entry_twice(client: FlaskClient, tmp_path: Path) -> None:
    program = shutil.which("newsboat")
    if program is None:
        pytest.skip("newsboat is not installed")
    with closing(Blog()) as blog:
        reader = Newsboat(program, blog.put("/feed/", (FEEDS / "rss2.xml").read_bytes()), tmp_path)
        assert reader.unread().count("Dienstag") == 2

        blog.put("/feed/", client.get("/feed.rss").data)

        assert reader.unread() == []


def test_moving_twice_is_moving_once(services: WebServices, client: FlaskClient) -> None:
    paths = ("/", "/feed.json", "/thoughts.json", "/ueber-mich", "/posts/fruehling-auf-der-wiese/thoughts.atom")
    before = [client.get(path).data for path in paths]

    again = move(services)

    assert (again.posts.new, again.pages.new, again.posts.changed, again.thoughts.changed) == (0, 0, 0, 0)
    assert [client.get(path).data for path in paths] == before


def test_the_conversation_moves_with_the_blog(client: FlaskClient) -> None:
    page = client.get("/posts/fruehling-auf-der-wiese").text
    assert page.index("Anna Leserin") < page.index("Danke.") < page.index("Και από εμένα.")
    assert "https://anna.example/lerchen" in page
    assert "Ein Gang am Fluss – Flussblog" in page
    assert "Fünf Verweise" in page
    assert [word for word in ("Noch nicht freigegeben", "Papierkorb", "@", "192.0.2.7") if word in page] == []


def test_what_was_not_public_is_not_public_here(client: FlaskClient) -> None:
    public = "".join(client.get(path).text for path in ("/", "/feed.rss", "/feed.json", "/archive", "/sitemap.xml"))
    secret = ("Geheim", "Geschützt", "Entwurf", "Geplant", "Papierkorb", "sesam", "Wartet auf Durchsicht")
    assert [word for word in secret if word in public] == []
    names = ("noch-nicht", "aus-der-zukunft", "nur-familie", "mit-kennwort", "steht-aus")
    assert [client.get(f"/posts/{name}").status_code for name in names] == [404] * 5
    assert client.get("/posts/weggeworfen").status_code == 410


def test_pages_have_their_place_in_the_navigation(client: FlaskClient) -> None:
    assert client.get("/ueber-mich").status_code == 200
    assert client.get("/werkstatt").status_code == 200
    assert "Über mich</a>" in client.get("/").text
    assert "Werkstatt</a>" not in client.get("/").text


def test_links_between_own_posts_stay_in_the_blog(client: FlaskClient) -> None:
    page = client.get("/posts/bloecke-im-april").text
    assert 'href="fruehling-auf-der-wiese"' in page.replace("../posts/", "")
    assert "feldnotizen.example/?p=" not in page
