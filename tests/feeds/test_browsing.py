"""Feeds for people: the page in a browser, the list of all feeds, and OPML."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree, html
from werkzeug.test import TestResponse

from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.feeds.happenings import say
from tests.feeds.reading import ALL_FEEDS
from tests.support.fixtures import Publish

pytestmark = pytest.mark.one_database

BROWSER = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Accept": "text/html,*/*;q=0.8"}


def opened(client: FlaskClient, path: str) -> TestResponse:
    answer = client.get(path, headers=BROWSER)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8"), path
    return answer


@pytest.mark.parametrize("path", ALL_FEEDS)
def test_a_person_who_opens_a_feed_sees_what_it_is_its_entries_and_the_address_to_copy(
    client: FlaskClient,
    fog: Post,
    path: str,
) -> None:
    page = html.fromstring(opened(client, path).data)

    assert "This is a feed" in page.findtext(".//p[@class='notice']", "")
    assert page.xpath("//input[@id='feed-address']/@value") == [f"http://blog.example{path}"]
    assert page.find(".//label[@for='feed-address']") is not None
    assert any("Fog" in (link.text or "") for link in page.iterfind(".//ol[@class='entries']//a"))
    assert page.xpath("//a[text()='The feed itself']/@href") == [f"http://blog.example{path}?raw=1"]


@pytest.mark.parametrize("path", ALL_FEEDS)
def test_the_raw_feed_is_one_click_away_and_the_same_bytes(
    client: FlaskClient,
    fog: Post,
    path: str,
) -> None:
    feed = client.get(path)

    raw = client.get(f"{path}?raw=1", headers=BROWSER)

    assert (raw.status_code, raw.data, raw.headers) == (200, feed.data, feed.headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "text/html"},
        {"Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"},
        {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/153.0", "Accept": "text/html"},
    ],
    ids=lambda headers: ", ".join(headers),
)
def test_everything_else_gets_the_feed(client: FlaskClient, fog: Post, headers: dict[str, str]) -> None:
    assert client.get("/feed.rss", headers=headers).data.startswith(b"<?xml")


def test_vary_names_the_fields_that_select_the_page(client: FlaskClient, fog: Post) -> None:
    page = opened(client, "/feed.rss")

    assert {"Sec-Fetch-Dest", "Sec-Fetch-Mode"} <= set(page.headers["Vary"].split(", "))
    assert page.headers["Vary"] == client.get("/feed.rss").headers["Vary"]
    assert page.headers["Cache-Control"] == "no-cache"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "ETag" not in page.headers


def test_a_page_of_a_feed_keeps_its_number_in_the_link_to_the_raw_one(client: FlaskClient, fog: Post) -> None:
    page = opened(client, "/feed.rss?page=1").get_data(as_text=True)

    assert "http://blog.example/feed.rss?page=1&amp;raw=1" in page
    assert 'value="http://blog.example/feed.rss"' in page


def test_a_page_about_a_missing_moved_or_deleted_feed_has_the_status_of_the_feed(
    client: FlaskClient,
    services: WebServices,
    fog: Post,
) -> None:
    assert client.get("/tags/none/feed.rss", headers=BROWSER).status_code == 404
    assert client.get("/feed.rss?page=2", headers=BROWSER).status_code == 404
    services.publisher.rename("fog", "mist")
    moved = client.get("/posts/fog/thoughts.rss?page=1", headers=BROWSER)
    assert (moved.status_code, moved.headers["Location"]) == (301, "http://blog.example/posts/mist/thoughts.rss?page=1")
    services.publisher.delete("mist")
    assert client.get("/posts/mist/thoughts.rss", headers=BROWSER).status_code == 410


def test_text_of_others_is_escaped_on_the_page(client: FlaskClient, services: WebServices, publish: Publish) -> None:
    nasty = "<script>alert(1)</script>"
    post = publish(f'"{nasty}"', slug="nasty", summary=f'"{nasty}"', tags=f'["{nasty}"]')
    say(services, post, text=nasty, name=nasty)

    for path in ("/feed.rss", "/thoughts.atom", "/posts/nasty/thoughts.json"):
        page = opened(client, path).data
        assert b"<script" not in page
        assert b"&lt;script&gt;alert(1)" in page
    assert b"<script" not in client.get("/feeds").data


def test_an_empty_feed_says_so(client: FlaskClient) -> None:
    assert b"Nothing has been published here yet" in opened(client, "/feed.rss").data


def test_all_feeds_are_listed_with_their_pages_in_every_format(client: FlaskClient, publish: Publish) -> None:
    publish("One", tags='[sea, "a/b"]', authors="[Ben]")
    publish("Hidden", tags="[secret]", authors="[Nobody]", draft="true")

    page = html.fromstring(client.get("/feeds").data)
    urls: Any = page.xpath("//ul[@class='catalogue']//a/@href")

    feeds = [url for url in urls if re.search(r"\.(rss|atom|json)$", url)]
    lists = ["/feed", "/tags/a%2Fb/feed", "/tags/sea/feed", "/authors/Ann%20Author/feed", "/authors/Ben/feed"]
    assert feeds == [
        f"http://blog.example{path}.{fmt}" for path in [*lists, "/thoughts"] for fmt in ("rss", "atom", "json")
    ]
    for url in urls:
        assert client.get(url.removeprefix("http://blog.example")).status_code == 200, url


def test_the_list_as_opml_holds_every_feed_once(client: FlaskClient, publish: Publish) -> None:
    publish("One", tags='[sea, "a & b"]', authors="[Ben]")

    answer = client.get("/feeds.opml")

    assert answer.headers["Content-Type"] == "text/x-opml; charset=utf-8"
    root = etree.fromstring(answer.data)
    assert (root.tag, root.get("version"), root.findtext("head/title")) == ("opml", "2.0", "Example Blog")
    outlines = root.findall("body/outline/outline")
    assert [one.get("text") for one in outlines] == [
        "Example Blog",
        "a & b",
        "sea",
        "Ann Author",
        "Ben",
        "Thoughts – Example Blog",
    ]
    for one in outlines:
        assert one.get("type") == "rss"
        for name in ("xmlUrl", "htmlUrl"):
            assert client.get(one.get(name, "").removeprefix("http://blog.example")).status_code == 200


def test_below_a_path_all_addresses_keep_it(mounted: FlaskClient, fog: Post) -> None:
    for path in ("/feeds", "/feeds.opml"):
        body = mounted.get(f"/my%20blog{path}").get_data(as_text=True)
        assert "https://host.example/my%20blog/tags/sea/feed.rss" in body
        assert "https://host.example/tags" not in body


def test_pages_lead_to_the_list_of_feeds(client: FlaskClient, fog: Post, settings: Settings) -> None:
    for path in ("/", "/posts/fog", "/nothing"):
        assert b'href="http://blog.example/feeds"' in client.get(path).data
