"""Newest documents name the hubs, in themselves and in one `Link` header (WebSub section 4)."""

import json
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from lxml import etree

from feedserver.app import create_app
from feedserver.feeds.scopes import FORMATS
from feedserver.posts.model import Post
from feedserver.settings import Settings, WebSubSettings
from tests.support.fixtures import Assemble, Publish

OURS = "http://blog.example/hub"
NEWEST = [
    f"{feed}.{fmt}"
    for feed in ("/feed", "/tags/sea/feed", "/authors/Ann%20Author/feed", "/thoughts", "/posts/fog/thoughts")
    for fmt in FORMATS
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


def test_a_newest_document_names_the_hub_and_itself_once_in_itself_and_in_one_header(
    client: FlaskClient, fog: Post
) -> None:
    for path in NEWEST:
        full = client.get(path)
        unchanged = client.get(path, headers={"If-None-Match": full.headers["ETag"]})

        assert (full.status_code, unchanged.status_code) == (200, 304)
        assert named_in(full.data, "hub") == [OURS]
        assert named_in(full.data, "self") == [f"http://blog.example{path}"]
        for answer in (full, unchanged):
            assert answer.headers.getlist("Link") == [f'<{OURS}>; rel="hub", <http://blog.example{path}>; rel="self"']


def test_further_pages_and_archives_name_no_hub(client: FlaskClient, publish: Publish) -> None:
    for number in range(41):
        publish(f"Post {number}")

    for fmt in FORMATS:
        for path in (f"/feed.{fmt}?page=2", f"/feed.{fmt}?page=1", f"/feed.{fmt}?archive=1", f"/thoughts.{fmt}?page=1"):
            answer = client.get(path)

            assert answer.status_code == 200
            assert named_in(answer.data, "hub") == []
            assert answer.headers.getlist("Link") == [f'<http://blog.example{path}>; rel="self"']


FIRST, SECOND = "https://hub.example/", "https://b.example/?x=1&y"


@pytest.mark.parametrize(
    ("websub", "expected"),
    [
        (WebSubSettings(), [OURS]),
        (WebSubSettings(hubs=(FIRST, OURS, SECOND)), [OURS, FIRST, SECOND]),
        (WebSubSettings(hub=False, hubs=(FIRST, SECOND)), [FIRST, SECOND]),
        (WebSubSettings(hub=False), []),
    ],
    ids=["ours", "ours and others", "others", "none"],
)
def test_our_hub_comes_first_then_the_others_in_their_order(
    settings: Settings, assemble: Assemble, websub: WebSubSettings, expected: list[str]
) -> None:
    client = create_app(services=assemble(replace(settings, websub=websub))).test_client()

    for fmt in FORMATS:
        answer = client.get(f"/feed.{fmt}")

        assert named_in(answer.data, "hub") == expected
        links = [*(f'<{url}>; rel="hub"' for url in expected), f'<http://blog.example/feed.{fmt}>; rel="self"']
        assert answer.headers.getlist("Link") == [", ".join(links)]
