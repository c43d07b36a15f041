"""Newest documents name the hubs, in themselves and in one `Link` header (WebSub section 4)."""

import json
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from lxml import etree

from feedserver.app import create_app
from feedserver.posts.model import Post
from feedserver.settings import Settings, WebSubSettings
from tests.support.fixtures import Assemble, Publish

OURS = "http://blog.example/hub"
NEWEST = [
    f"{feed}.{fmt}"
    for feed in ("/feed", "/tags/sea/feed", "/authors/Ann%20Author/feed", "/thoughts", "/posts/fog/thoughts")
    for fmt in ("rss", "atom", "json")
]


def named_in(body: bytes, rel: str) -> list[str]:
    """The hubs, or the document's own URLs, that a document names."""
    if body.startswith(b"{"):
        feed = json.loads(body)
        assert {hub["type"] for hub in feed.get("hubs", [])} <= {"WebSub"}
        return [hub["url"] for hub in feed.get("hubs", [])] if rel == "hub" else [feed["feed_url"]]
    root = etree.fromstring(body)
    of_feed = [*root, *root.iterfind("channel/*")]
    return [link.get("href", "") for link in of_feed if link.tag == ATOM_LINK and link.get("rel") == rel]


ATOM_LINK = "{http://www.w3.org/2005/Atom}link"


@pytest.mark.parametrize("path", NEWEST)
def test_a_newest_document_names_the_hub_and_itself_once_in_itself_and_in_one_header(
    client: FlaskClient, fog: Post, path: str
) -> None:
    full = client.get(path)
    unchanged = client.get(path, headers={"If-None-Match": full.headers["ETag"]})

    assert (full.status_code, unchanged.status_code) == (200, 304)
    assert named_in(full.data, "hub") == [OURS]
    assert named_in(full.data, "self") == [f"http://blog.example{path}"]
    for answer in (full, unchanged):
        assert answer.headers.getlist("Link") == [f'<{OURS}>; rel="hub", <http://blog.example{path}>; rel="self"']


@pytest.mark.parametrize("fmt", ["rss", "atom", "json"])
def test_further_pages_and_archives_name_no_hub(client: FlaskClient, publish: Publish, fmt: str) -> None:
    for number in range(41):
        publish(f"Post {number}")

    for path in (f"/feed.{fmt}?page=2", f"/feed.{fmt}?page=1", f"/feed.{fmt}?archive=1", f"/thoughts.{fmt}?page=1"):
        answer = client.get(path)

        assert answer.status_code == 200
        assert named_in(answer.data, "hub") == []
        assert answer.headers.getlist("Link") == [f'<http://blog.example{path}>; rel="self"']


@pytest.mark.parametrize(
    ("websub", "expected"),
    [
        (WebSubSettings(), [OURS]),
        (WebSubSettings(hubs=("https://hub.example/", OURS, "https://b.example/?x=1&y")), [OURS, *"12"]),
        (WebSubSettings(hub=False, hubs=("https://hub.example/", "https://b.example/?x=1&y")), ["1", "2"]),
        (WebSubSettings(hub=False), []),
    ],
    ids=["ours", "ours and others", "others", "none"],
)
@pytest.mark.parametrize("fmt", ["rss", "atom", "json"])
def test_our_hub_comes_first_then_the_others_in_their_order(
    settings: Settings, assemble: Assemble, fmt: str, websub: WebSubSettings, expected: list[str]
) -> None:
    client = create_app(services=assemble(replace(settings, websub=websub))).test_client()
    others = {"1": "https://hub.example/", "2": "https://b.example/?x=1&y"}
    urls = [others.get(url, url) for url in expected]

    answer = client.get(f"/feed.{fmt}")

    assert named_in(answer.data, "hub") == urls
    hubs = [f'<{url}>; rel="hub"' for url in urls]
    assert answer.headers.getlist("Link") == [", ".join([*hubs, f'<http://blog.example/feed.{fmt}>; rel="self"'])]
