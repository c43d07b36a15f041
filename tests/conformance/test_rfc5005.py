"""RFC 5005, feed paging and archiving, as a reader of the site meets it; the numbers are the RFC's sections.

The site under test shows three entries to a document.
"""

import json
from dataclasses import replace
from urllib.parse import urlsplit

import feedparser
import pytest
from flask.testing import FlaskClient
from lxml import etree

from feedserver.app import create_app
from feedserver.installation import init
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.settings import FeedsSettings, Settings
from tests.feeds.happenings import say
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock

ATOM = "{http://www.w3.org/2005/Atom}"
SYNDICATION = "{http://purl.org/rss/1.0/modules/syndication/}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
FORMATS = ["rss", "atom", "json"]
LISTS = ["/feed", "/tags/sea/feed", "/authors/Ann%20Author/feed"]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, feeds=FeedsSettings(entries=3))


@pytest.fixture
def eleven(publish: Publish, clock: Clock) -> list[Post]:
    """Eleven posts, the oldest first: three full archives, and two posts that no archive holds yet."""
    posts = []
    for number in range(1, 12):
        posts.append(publish(f"Post {number}", slug=f"post-{number}", tags="[sea]"))
        clock.move(hours=1)
    return posts


def links(body: bytes) -> dict[str, str]:
    """The links of the feed itself, not of its entries, by relation."""
    root = etree.fromstring(body)
    return {
        str(link.get("rel")): str(link.get("href"))
        for link in (root if root.tag != "rss" else root[0]).findall(ATOM + "link")
    }


def titles(body: bytes) -> list[str]:
    if body.startswith(b"{"):
        return [item["title"] for item in json.loads(body)["items"]]
    parsed = feedparser.parse(body)
    assert not parsed.bozo, parsed.get("bozo_exception")
    return [entry.title for entry in parsed.entries]


def get(client: FlaskClient, url: str) -> bytes:
    parts = urlsplit(url)
    answer = client.get(f"{parts.path}?{parts.query}")
    assert answer.status_code == 200, url
    return answer.get_data()


def archives(client: FlaskClient, path: str) -> list[list[str]]:
    """The titles in each archive, the newest archive first, as `prev-archive` (JSON: `next_url`) leads to them."""
    found: list[list[str]] = []
    url = path
    while (url := _before(get(client, url))) and len(found) < 20:
        found.append(titles(get(client, url)))
    return found


def flat(documents: list[list[str]]) -> list[str]:
    return [title for document in documents for title in document]


def _before(body: bytes) -> str:
    if body.startswith(b"{"):
        return str(json.loads(body).get("next_url", ""))
    return links(body).get("prev-archive", "")


def marked(body: bytes) -> set[str]:
    root = etree.fromstring(body)
    return {name for name in ("archive", "complete") if next(root.iter(HISTORY + name), None) is not None}


@pytest.mark.parametrize("path", ["/feed.rss", "/feed.atom", "/thoughts.rss", "/posts/post-1/thoughts.atom"])
def test_section_2_a_feed_that_fits_into_its_document_says_that_it_is_complete_and_has_no_other_documents(
    client: FlaskClient, publish: Publish, path: str
) -> None:
    for number in (1, 2, 3):
        publish(f"Post {number}", slug=f"post-{number}")

    body = get(client, path)

    assert marked(body) == {"complete"}
    assert set(links(body)) == {"self", "hub", "alternate"} - ({"alternate"} if path.endswith("rss") else set())


@pytest.mark.parametrize("fmt", ["rss", "atom"])
def test_section_3_pages_hold_every_entry_once_the_newest_first(
    client: FlaskClient, eleven: list[Post], fmt: str
) -> None:
    found: list[list[str]] = []
    url: str | None = f"/feed.{fmt}?page=1"
    while url:
        body = get(client, url)
        assert marked(body) == set()
        found.append(titles(body))
        url = links(body).get("next")

    assert [len(page) for page in found] == [3, 3, 3, 2]
    assert flat(found) == [f"Post {number}" for number in range(11, 0, -1)]


def test_section_3_json_pages_lead_on_by_next_url(client: FlaskClient, eleven: list[Post]) -> None:
    second = json.loads(get(client, "/feed.json?page=2"))

    assert second["feed_url"] == "http://blog.example/feed.json?page=2"
    assert second["next_url"] == "http://blog.example/feed.json?page=3"
    assert "next_url" not in json.loads(get(client, "/feed.json?page=4"))


@pytest.mark.parametrize("fmt", ["rss", "atom"])
def test_section_3_a_page_links_to_its_neighbours_and_to_both_ends(
    client: FlaskClient, eleven: list[Post], fmt: str
) -> None:
    base = f"http://blog.example/feed.{fmt}"

    middle = links(get(client, f"/feed.{fmt}?page=3"))

    assert {rel: href for rel, href in middle.items() if rel != "alternate"} == {
        "self": f"{base}?page=3",
        "first": f"{base}?page=1",
        "previous": f"{base}?page=2",
        "next": f"{base}?page=4",
        "last": f"{base}?page=4",
    }


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("query", ["page=0", "page=5", "page=-1", "page=x", "page=", "page=9999999999", "page=2.0"])
def test_section_3_a_page_out_of_range_is_not_found(
    client: FlaskClient, eleven: list[Post], fmt: str, query: str
) -> None:
    assert client.get(f"/feed.{fmt}?{query}").status_code == 404
    assert client.get(f"/feed.{fmt}?{query.replace('page', 'archive')}").status_code == 404


@pytest.mark.parametrize("fmt", FORMATS)
def test_section_3_thoughts_have_pages_too(
    client: FlaskClient, services: WebServices, publish: Publish, clock: Clock, fmt: str
) -> None:
    post = publish("Fog", slug="fog")
    for number in range(7):
        say(services, post, name=f"Bob {number}")
        clock.move(minutes=1)

    for path in (f"/thoughts.{fmt}", f"/posts/fog/thoughts.{fmt}"):
        pages = [titles(get(client, f"{path}?page={number}")) for number in (1, 2, 3)]
        assert [title.split(" on ")[0] for page in pages for title in page] == [f"Bob {n}" for n in range(6, -1, -1)]
        assert client.get(f"{path}?page=4").status_code == 404
        assert client.get(f"{path}?archive=1").status_code == 404
        assert client.get(f"{path}?page=2").headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("path", LISTS)
def test_section_4_archives_hold_full_documents_counted_from_the_oldest_each_post_once(
    client: FlaskClient, eleven: list[Post], path: str, fmt: str
) -> None:
    assert archives(client, f"{path}.{fmt}") == [
        ["Post 9", "Post 8", "Post 7"],
        ["Post 6", "Post 5", "Post 4"],
        ["Post 3", "Post 2", "Post 1"],
    ]
    assert titles(get(client, f"{path}.{fmt}")) == ["Post 11", "Post 10", "Post 9"]


@pytest.mark.parametrize("fmt", ["rss", "atom"])
def test_section_4_an_archive_is_marked_and_leads_to_the_feed_and_to_the_archive_before(
    client: FlaskClient, eleven: list[Post], fmt: str
) -> None:
    base = f"http://blog.example/feed.{fmt}"
    second, first = get(client, f"/feed.{fmt}?archive=2"), get(client, f"/feed.{fmt}?archive=1")

    assert marked(second) == {"archive"}
    assert links(second)["current"] == base
    assert links(second)["prev-archive"] == f"{base}?archive=1"
    assert links(second)["self"] == f"{base}?archive=2"
    assert "prev-archive" not in links(first)
    assert links(second)["next-archive"] == f"{base}?archive=3"


@pytest.mark.parametrize("fmt", FORMATS)
def test_section_4_what_follows_the_last_archive_is_the_feed_until_it_is_full(
    client: FlaskClient, eleven: list[Post], publish: Publish, fmt: str
) -> None:
    path = f"/feed.{fmt}?archive=4"
    for headers in ({}, {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}):
        filling = client.get(path, headers=headers)
        assert (filling.status_code, filling.headers["Location"]) == (307, f"http://blog.example/feed.{fmt}")

    publish("Post 12")

    assert titles(get(client, path)) == ["Post 12", "Post 11", "Post 10"]
    assert client.get(f"/feed.{fmt}?archive=6").status_code == 404


def test_section_4_a_feed_without_archives_has_none_to_come(client: FlaskClient, publish: Publish) -> None:
    publish("Post 1")

    assert client.get("/feed.rss?archive=1").status_code == 404


@pytest.mark.parametrize("path", LISTS)
def test_section_4_an_archive_never_changes_with_what_comes_later(
    client: FlaskClient, services: WebServices, eleven: list[Post], publish: Publish, path: str
) -> None:
    urls = [f"{path}.{fmt}?archive={number}" for fmt in FORMATS for number in (1, 2, 3)]
    before = {url: client.get(url) for url in urls}

    publish("Back-dated", tags="[sea]", date="2001-01-01")
    publish("To come", tags="[sea]", date="2026-12-24")
    for number in range(6):
        publish(f"Later {number}", tags="[sea]")
    say(services, eleven[0])

    for url, answer in before.items():
        after = client.get(url)
        assert (after.data, after.headers) == (answer.data, answer.headers)


def test_section_4_archives_stay_as_they_are_when_documents_become_longer_or_shorter(
    settings: Settings, assemble: Assemble, eleven: list[Post]
) -> None:
    init(assemble(settings), example=False)
    for entries in (2, 5, 50):
        changed = assemble(replace(settings, feeds=FeedsSettings(entries=entries)))
        init(changed, example=False)
        client = create_app(services=changed).test_client()

        assert titles(get(client, "/feed.rss?archive=2")) == ["Post 6", "Post 5", "Post 4"]
        newest = titles(get(client, "/feed.rss"))
        archived = flat([titles(get(client, f"/feed.rss?archive={number}")) for number in (1, 2, 3)])
        assert {*newest, *archived} == {post.title for post in eleven}
        assert len(newest) == max(min(entries, 11), 2)


def test_section_4_archives_may_be_cached_for_a_day(client: FlaskClient, eleven: list[Post]) -> None:
    answer = client.get("/feed.rss?archive=1")

    assert answer.headers["Cache-Control"].startswith("public, max-age=86400")
    assert answer.headers["Cache-Control"].endswith("immutable")
    assert etree.fromstring(answer.data).findtext("channel/ttl") == "1440"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert client.get("/feed.rss?archive=1", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("fmt", ["rss", "atom"])
@pytest.mark.parametrize("query", ["", "?page=2", "?archive=1"])
def test_every_document_names_one_time_to_live_in_header_and_body(
    client: FlaskClient, eleven: list[Post], fmt: str, query: str
) -> None:
    answer = client.get(f"/tags/sea/feed.{fmt}{query}")
    root = etree.fromstring(answer.data)

    age = int(answer.headers["Cache-Control"].split("max-age=")[1].split(",")[0])
    period, frequency = (root.findtext(f".//{SYNDICATION}{name}") for name in ("updatePeriod", "updateFrequency"))
    assert {"hourly": 3600, "daily": 86_400}[str(period)] == age * int(str(frequency))
    assert [60 * int(str(ttl.text)) for ttl in root.iter("ttl")] == [age] * (fmt == "rss")


def test_section_4_a_deleted_post_leaves_its_archive_and_moves_no_other(
    client: FlaskClient, services: WebServices, eleven: list[Post]
) -> None:
    services.publisher.delete("post-5")

    assert archives(client, "/feed.atom") == [
        ["Post 9", "Post 8", "Post 7"],
        ["Post 6", "Post 4"],
        ["Post 3", "Post 2", "Post 1"],
    ]


def test_section_4_what_an_author_corrects_is_corrected_in_the_archive_too(
    client: FlaskClient, services: WebServices, eleven: list[Post], clock: Clock
) -> None:
    edited = services.publisher.read(b"---\ntitle: Post 5, corrected\ntags: [sea]\n---\nBetter words.\n")
    services.publisher.edit("post-5", edited, clock())

    assert archives(client, "/tags/sea/feed.rss")[1] == ["Post 6", "Post 5, corrected", "Post 4"]


def test_section_4_a_post_that_loses_its_tag_leaves_a_gap_in_the_tags_archives(
    client: FlaskClient, services: WebServices, eleven: list[Post], clock: Clock
) -> None:
    services.publisher.edit("post-2", services.publisher.read(b"---\ntitle: Post 2\n---\nNo tag.\n"), clock())

    assert archives(client, "/tags/sea/feed.rss")[2] == ["Post 3", "Post 1"]
    assert archives(client, "/feed.rss")[2] == ["Post 3", "Post 2", "Post 1"]


@pytest.mark.parametrize("fmt", FORMATS)
def test_section_4_a_post_that_was_dated_back_far_reaches_subscribers_and_is_archived_later(
    client: FlaskClient, eleven: list[Post], publish: Publish, fmt: str
) -> None:
    publish("Found in a drawer", tags="[sea]", date="2001-01-01")
    publish("Post 13", tags="[sea]")

    for path in LISTS:
        newest = titles(get(client, f"{path}.{fmt}"))
        archived = flat(archives(client, f"{path}.{fmt}"))
        assert newest == ["Post 13", "Post 11", "Post 10"]
        assert sorted(archived) == sorted([f"Post {n}" for n in range(1, 12)] + ["Found in a drawer"])


@pytest.mark.parametrize("fmt", FORMATS)
def test_section_4_until_then_the_newest_document_holds_it(
    client: FlaskClient, eleven: list[Post], publish: Publish, services: WebServices, fmt: str
) -> None:
    services.publisher.delete("post-11")
    publish("Post 12", tags="[sea]")
    publish("Post 13", tags="[sea]")
    publish("Found in a drawer", tags="[sea]", date="2001-01-01")

    for path in LISTS:
        newest = titles(get(client, f"{path}.{fmt}"))
        archived = flat(archives(client, f"{path}.{fmt}"))
        assert newest == ["Post 13", "Post 12", "Post 10", "Found in a drawer"]
        assert "Found in a drawer" not in archived
        assert len(archived) == len(set(archived))
        assert {*newest, *archived} == {f"Post {n}" for n in range(1, 14) if n != 11} | {"Found in a drawer"}


def test_section_4_a_scheduled_post_is_archived_in_the_order_in_which_it_came(
    client: FlaskClient, services: WebServices, publish: Publish, clock: Clock
) -> None:
    publish("To come", date=f"{clock():%Y-%m-%d} 23:00", tags="[sea]")
    publish("Post 1", tags="[sea]")
    publish("Post 2", tags="[sea]")
    clock.move(hours=13)
    services.runner.run_due()
    for number in (3, 4, 5):
        publish(f"Post {number}", tags="[sea]")

    assert archives(client, "/tags/sea/feed.atom") == [["Post 5", "Post 4", "Post 3"], ["To come", "Post 2", "Post 1"]]


def test_section_4_a_new_author_of_the_site_gets_the_posts_without_authors_in_archives_too(
    settings: Settings, assemble: Assemble, eleven: list[Post], publish: Publish
) -> None:
    publish("Of another", authors="[Zoe]")
    renamed = assemble(replace(settings, site=replace(settings.site, author="Zoe")))
    init(renamed, example=False)
    client = create_app(services=renamed).test_client()

    found = archives(client, "/authors/Zoe/feed.rss")

    assert len(found) == 4
    assert sorted(flat(found)) == sorted([*(post.title for post in eleven), "Of another"])


def test_appendix_b_in_rss_the_links_are_atoms_own_elements(client: FlaskClient, eleven: list[Post]) -> None:
    channel = etree.fromstring(get(client, "/feed.rss"))[0]

    assert {link.get("rel") for link in channel.findall(ATOM + "link")} == {
        "self",
        "hub",
        "prev-archive",
        "first",
        "next",
    }
    assert channel.findtext("link") == "http://blog.example/"
