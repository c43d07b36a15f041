"""A kind of feed is one row of one table."""

import ast
from pathlib import Path
from typing import Any

import feedparser
import pytest
from flask.testing import FlaskClient
from lxml import html

import feedserver.feeds
from feedserver.app import create_app
from feedserver.feeds import scopes
from feedserver.feeds.scopes import FORMATS, SCOPES, FeedAddress, Format, Scope, newest_at, newest_of
from feedserver.languages.messages import Message
from feedserver.posts.model import Listing
from feedserver.services import WebServices
from feedserver.urls import Urls
from tests.support.fixtures import Publish

FEEDS = Path(feedserver.feeds.__file__).parent
FILES = sorted(path for path in FEEDS.glob("*.py") if path.name != "scopes.py")
SEA = Scope(
    path="/sea/<name:name>/entries",
    page_url=lambda urls, name: urls.at(f"/sea/{name}"),
    title=Message("%(name)s by the sea – %(site)s"),
    short_title=Message("%(name)s by the sea"),
    id_of="sea/{name}",
    posts=lambda *_: Listing(tag="sea"),
    heading=Message("By the sea"),
    names=lambda *_: ("Fog", "rain"),
)


@pytest.fixture
def client(services: WebServices, publish: Publish, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A site with one more row in the table."""
    monkeypatch.setitem(SCOPES, "sea", SEA)
    publish("At sea", tags="[sea]")
    publish("On land")
    return create_app(services=services).test_client()


@pytest.mark.parametrize("fmt", ["rss", "atom", "json"])
def test_a_new_row_is_a_new_feed_in_every_format(client: FlaskClient, fmt: str) -> None:
    response = client.get(f"/sea/Fog/entries.{fmt}")

    assert response.status_code == 200
    assert f'<http://blog.example/sea/Fog/entries.{fmt}>; rel="self"' in response.headers["Link"]
    assert "Fog by the sea – Example Blog" in response.text
    assert "At sea" in response.text
    assert "On land" not in response.text


def test_a_new_feed_has_an_id_and_versions_of_its_own(client: FlaskClient) -> None:
    paths = ("/sea/Fog/entries.rss", "/sea/rain/entries.rss", "/tags/sea/feed.rss", "/sea/Fog/entries.rss?page=1")
    ids = {feedparser.parse(client.get(path.replace("rss", "atom")).data).feed.id for path in paths}
    etags = {client.get(path).headers["ETag"] for path in paths}

    assert (len(ids), len(etags)) == (3, 4)


def test_a_new_row_is_listed_with_all_feeds(client: FlaskClient) -> None:
    listed: Any = html.fromstring(client.get("/feeds").data).xpath("//ul[@class='catalogue']//a/@href")

    assert "http://blog.example/sea/rain/entries.json" in listed
    assert "By the sea" in client.get("/feeds.opml").text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_other_file_names_a_scope(path: Path) -> None:
    literals = {node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)}

    assert not literals & {scopes.SITE, scopes.TAG, scopes.AUTHOR, scopes.THOUGHTS, scopes.POST}


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("fmt", FORMATS)
def test_a_newest_document_is_found_by_its_url_and_by_its_key(scope: str, fmt: Format) -> None:
    urls = Urls("http://blog.example/a")
    for name in ("sea", "a/b.rss", "ü c+d?e", "feed.atom") if SCOPES[scope].has_names else ("",):
        address = FeedAddress(scope, fmt, name)

        assert newest_at(urls, address.url(urls)) == address
        assert newest_of(address.key) == address
        assert newest_at(urls, address.url(urls) + "?page=2") is None
