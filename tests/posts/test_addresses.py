"""Addresses in a post are those of the present site, whatever it was called when the post was written."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from feedserver.app import create_app
from feedserver.feeds.scopes import FORMATS, Format
from feedserver.posts.addresses import absolute_html
from feedserver.posts.sanitising import for_feeds
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.posts.builders import publish
from tests.support.fixtures import Assemble
from tests.support.outside import Clock

BODY = (
    "![roof](roof.jpg) [other](rel?a=1&b=2) [n](#notes) [top](/top) [up](../up)"
    ' <img src="s.jpg" srcset="s.jpg 1x, /t.jpg 2x"> <video poster="p.jpg" src="v.mp4"></video>'
    ' <q cite="c">q</q> <iframe src="frame"></iframe> [own](http://blog.example/posts/old)'
)
FILES = "[{url: talk.mp3, type: audio/mpeg, length: 5}, {url: /cover.png, type: image/png, length: 6}]"

Visit = Callable[[str], FlaskClient]


@pytest.fixture
def visit(settings: Settings, assemble: Assemble) -> Visit:
    """A client of the site under another `site.url`, with the same database."""

    def at(url: str) -> FlaskClient:
        return create_app(services=assemble(replace(settings, site=replace(settings.site, url=url)))).test_client()

    return at


def addresses(html: str) -> list[str]:
    """Every address in attributes, and in texts that look like one."""
    return re.findall(r'https?://[^\s"<>,]+', html)


def item(client: FlaskClient, prefix: str = "") -> dict[str, Any]:
    feed: dict[str, Any] = json.loads(client.get(f"{prefix}/feed.json").data)
    (entry,) = feed["items"]
    assert isinstance(entry, dict)
    return entry


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_site_that_moves_takes_all_addresses_along(services: WebServices, visit: Visit, fmt: Format) -> None:
    publish(services, "Moving", BODY, slug="moving", enclosures=FILES)

    document = visit("https://new.example").get(f"/feed.{fmt}").text

    found = addresses(document.replace('\\"', '"'))
    ours = {url for url in found if "blog.example" in url}
    assert ours == {"http://blog.example/posts/old"}  # the author's own words
    for address in (
        "posts/roof.jpg",
        "posts/moving#notes",
        "top",
        "up",
        "posts/s.jpg",
        "t.jpg",
        "posts/p.jpg",
        "posts/v.mp4",
        "posts/c",
        "posts/frame",
        "posts/talk.mp3",
        "cover.png",
    ):
        assert any(url == f"https://new.example/{address}" for url in found), address


@pytest.mark.parametrize(
    ("url", "prefix", "roof", "top", "up"),
    [
        ("https://new.example", "", "/posts/roof.jpg", "/top", "/up"),
        ("https://new.example/a/b", "/a/b", "/a/b/posts/roof.jpg", "/top", "/a/b/up"),
        ("http://blog.example", "", "/posts/roof.jpg", "/top", "/up"),
    ],
    ids=["another host", "below a path", "back"],
)
def test_references_lead_where_they_lead_on_the_page(
    services: WebServices, visit: Visit, url: str, prefix: str, roof: str, top: str, up: str
) -> None:
    publish(services, "Moving", BODY, slug="moving")
    item(visit("https://between.example/deep"), "/deep")

    html = item(visit(url), prefix)["content_html"]

    origin = "/".join(url.split("/")[:3])
    assert [f'"{origin}{path}"' in html for path in (roof, top, up)] == [True] * 3
    assert f'"{url}/posts/moving#notes"' in html
    assert f'"{url}/posts/rel?a=1&amp;b=2"' in html


def test_the_thoughts_of_our_own_posts_move_with_the_site(services: WebServices, visit: Visit) -> None:
    publish(services, "Moving", "Words.", slug="moving")
    old = services.urls.post("moving")
    publish(services, "Second", f"I read [this]({old}).", slug="second")
    services.receiver.receive(services.urls.post("second"), old, "198.51.100.7")
    moved = visit("https://new.example/sub")

    page = moved.get("/sub/posts/moving").text
    feed = moved.get("/sub/thoughts.json").text

    (entry,) = json.loads(feed)["items"]
    assert entry["external_url"] == "https://new.example/sub/posts/second"
    assert entry["authors"][0]["url"] == "https://new.example/sub/"
    assert 'href="https://new.example/sub/posts/second"' in page
    assert "//blog.example" not in page + feed.replace(entry["id"], "")


def test_the_picture_of_a_post_moves_with_the_site(services: WebServices, visit: Visit) -> None:
    publish(services, "Moving", "![roof](roof.jpg)", slug="moving")
    moved = visit("https://new.example")

    assert item(moved)["image"] == "https://new.example/posts/roof.jpg"
    assert 'thumbnail url="https://new.example/posts/roof.jpg"' in moved.get("/feed.rss").text
    assert 'thumbnail url="https://new.example/posts/roof.jpg"' in moved.get("/feed.atom").text
    assert '<meta property="og:image" content="https://new.example/posts/roof.jpg">' in moved.get("/posts/moving").text


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_moved_site_has_new_validators_and_the_old_ids(
    services: WebServices, client: FlaskClient, clock: Clock, visit: Visit, fmt: Format
) -> None:
    post = publish(services, "Moving", BODY, slug="moving")
    before = client.get(f"/feed.{fmt}")

    after = visit("https://new.example").get(f"/feed.{fmt}", headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.last_modified is not None
    assert before.last_modified is not None
    assert after.last_modified > before.last_modified
    assert post.guid in after.text


def test_relative_links_lead_to_the_same_place_when_a_comment_is_refused(
    services: WebServices, client: FlaskClient
) -> None:
    publish(services, "Linking", "[b](b) ![c](c.png)", slug="a")

    page = client.post("/posts/a/comments", data={"comment": ""})

    assert page.status_code == 422
    assert '<a href="http://blog.example/posts/b">b</a>' in page.text
    assert '<img src="http://blog.example/posts/c.png"' in page.text


def test_a_reference_that_looks_like_a_mark_is_text() -> None:
    html = for_feeds('<p title="\ufdd0x\ufdd0">\ufdd0/a\ufdd0 &#xfdd0;</p><a href="\ufdd0b\ufdd0">b</a>')

    assert absolute_html(html, "http://h/p/q") == '<p title="x">/a </p><a href="http://h/p/%EF%B7%90b%EF%B7%90">b</a>'
