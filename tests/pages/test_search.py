"""Search for people and feed readers: `/search`, its feeds, its limit, and its description for browsers."""

import json
from dataclasses import replace

import feedparser
import pytest
import turbohtml
from flask.testing import FlaskClient
from sqlalchemy import func, select

from feedserver.app import create_app
from feedserver.settings import FeedsSettings, Settings
from feedserver.storage.engine import Database
from feedserver.storage.schema import feed_versions
from tests.pages.builders import elements, get, hrefs, texts
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock

SEARCH = "http://blog.example/search"


@pytest.fixture
def unlimited(settings: Settings, assemble: Assemble) -> FlaskClient:
    """Of a site that does not count searches."""
    limits = replace(settings.limits, search=0)
    return create_app(services=assemble(replace(settings, limits=limits))).test_client()


def test_what_is_found_is_shown_with_its_matches_marked(client: FlaskClient, publish: Publish) -> None:
    publish("Moon & landing", 'One small step on the <b>moon</b>, "and" more.', slug="moon", tags="[space]")
    publish("About", "The moon is <i>about</i>.", slug="about", page="true", date="2026-01-01")
    publish("Mars", slug="mars")

    page = get(client, f"{SEARCH}?q=moon")

    assert texts(page.text, "article h2") == ["Moon & landing", "About"]
    assert hrefs(page.text, "article h2 a") == ["http://blog.example/posts/moon", "http://blog.example/about"]
    assert "<mark>Moon</mark> &amp; landing" in page.text
    assert "step on the <mark>moon</mark>, “and” more." in page.text
    assert "The <mark>moon</mark> is about." in page.text
    assert texts(page.text, "title") == ["moon – Search – Example Blog"]


def test_a_page_that_is_found_links_to_no_list_as_it_stands_in_none(client: FlaskClient, publish: Publish) -> None:
    publish("About the moon", slug="about", page="true", tags="[space]", authors="[Pia Pang, Ann Author]")

    links = hrefs(get(client, f"{SEARCH}?q=moon").text, "article a")
    (found,) = client.get("/search.json?q=moon").get_json()["items"]

    assert links == ["http://blog.example/about"]
    assert found["authors"] == [
        {"name": "Pia Pang"},
        {"name": "Ann Author", "url": "http://blog.example/authors/Ann%20Author"},
    ]


def test_the_words_around_a_match_far_behind_signs_that_fold_to_words_are_shown(
    client: FlaskClient, publish: Publish
) -> None:
    publish(
        "Pudding", "\n".join(["- ½ cup of milk, 20℃, shop № 5 ™"] * 12) + "\n\nadd the cardamom, and stir.", slug="p"
    )

    assert "add the <mark>cardamom</mark>, and stir." in client.get("/search?q=cardamom").text


def test_all_that_is_typed_is_text(client: FlaskClient, publish: Publish) -> None:
    publish("Tags", "What <script>alert(1)</script> `<b>bold</b>` does.", slug="tags")

    for typed in ('"><script>alert(1)</script>', "<b>bold", "%00\u202eevil", "{{ 7 * 7 }}"):
        page = client.get("/search", query_string={"q": typed})

        assert page.status_code == 200
        assert not elements(page.text, "script, main b")
        assert "\u202e" not in page.text
    assert "<mark>bold</mark>" in client.get("/search?q=bold").text
    assert "&lt;b&gt;" in client.get("/search?q=bold").text


@pytest.mark.parametrize("query", ["", "?q=", "?q=-moon", "?q=%2B%2B", "?p=1"])
def test_without_a_word_there_is_the_form(client: FlaskClient, publish: Publish, query: str) -> None:
    publish("Moon", slug="moon")

    page = client.get(f"/search{query}")

    assert page.status_code == 200
    assert elements(page.text, "main form[role=search] input[name=q]")
    assert not elements(page.text, "article, .empty")


def test_nothing_found_is_said_and_what_was_typed_stays_in_the_form(client: FlaskClient) -> None:
    page = get(client, f"{SEARCH}?q=m%22oon")

    assert texts(page.text, ".empty") == ['Nothing was found for “m"oon”.']
    (field,) = elements(page.text, "main input[name=q]")
    assert field.attrs["value"] == 'm"oon'


def test_pages_of_ten(unlimited: FlaskClient, publish: Publish) -> None:
    for number in range(12):
        publish(f"Moon {number}", slug=f"moon-{number}", date=f"2026-01-{number + 1:02}")

    first, second = (get(unlimited, f"{SEARCH}?q=moon{page}").text for page in ("", "&page=2"))

    assert len(texts(first, "article")) == 10
    assert texts(second, "article h2") == ["Moon 1", "Moon 0"]
    assert hrefs(first, "link[rel=next]") == [f"{SEARCH}?q=moon&page=2"]
    assert hrefs(second, "link[rel=prev]") == [f"{SEARCH}?q=moon"]
    assert unlimited.get("/search?q=moon&page=3").status_code == 404
    assert unlimited.get("/search?q=moon&page=x").status_code == 404


@pytest.mark.parametrize("path", ["/search?q=moon", "/search", "/search.rss?q=moon", "/search.json?q=moon"])
def test_no_search_engine_keeps_what_is_found(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "hub" not in answer.headers.get("Link", "")
    assert 'rel="hub"' not in answer.text


@pytest.mark.parametrize("fmt", ["rss", "atom", "json"])
def test_the_feeds_hold_the_posts_under_their_own_ids(
    client: FlaskClient, publish: Publish, fmt: str, database: Database
) -> None:
    moon = publish("Moon & landing", "*Words*.", slug="moon")
    about = publish("About the moon", slug="about", page="true", date="2026-01-01")
    publish("Mars", slug="mars")

    answer = client.get(f"/search.{fmt}?q=moon")

    if fmt == "json":
        found = json.loads(answer.data)
        assert [item["id"] for item in found["items"]] == [moon.guid, about.guid]
        assert found["feed_url"] == f"{SEARCH}.json?q=moon"
        assert found["home_page_url"] == f"{SEARCH}?q=moon"
        assert "hubs" not in found
    else:
        read = feedparser.parse(answer.data)
        assert [entry.id for entry in read.entries] == [moon.guid, about.guid]
        assert [entry.link for entry in read.entries] == ["http://blog.example/posts/moon", "http://blog.example/about"]
        assert read.feed.title == "moon – Example Blog"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(feed_versions)).scalar_one() == 0


def test_feeds_have_pages_of_feeds_entries(settings: Settings, assemble: Assemble, publish: Publish) -> None:
    for number in range(5):
        publish(f"Moon {number}", slug=f"moon-{number}", date=f"2026-01-{number + 1:02}")
    client = create_app(services=assemble(replace(settings, feeds=FeedsSettings(entries=2)))).test_client()

    titles, url = [], "/search.json?q=moon"
    while url:
        found = json.loads(client.get(url).data)
        titles.append([item["title"] for item in found["items"]])
        url = found.get("next_url", "").removeprefix("http://blog.example")

    assert titles == [["Moon 4", "Moon 3"], ["Moon 2", "Moon 1"], ["Moon 0"]]
    assert client.get("/search.rss?q=moon&page=4").status_code == 404


def test_a_feed_that_has_not_changed_is_not_sent_again(client: FlaskClient, publish: Publish) -> None:
    publish("Moon", slug="moon")
    answer = client.get("/search.atom?q=moon", headers={"Accept-Encoding": "gzip"})
    same = client.get("/search.atom?q=moon", headers={"If-None-Match": answer.headers["ETag"]})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert (same.status_code, same.data) == (304, b"")
    assert same.headers["ETag"] == answer.headers["ETag"]
    publish("Another moon", slug="another")
    assert client.get("/search.atom?q=moon", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200


def test_thirty_searches_a_minute_from_one_address_with_their_feeds(client: FlaskClient, clock: Clock) -> None:
    paths = ["/search?q=moon", "/search.rss?q=moon", "/search.json?q=mars"]
    for number in range(30):
        assert client.get(paths[number % 3]).status_code == 200

    refused = [client.get(path) for path in paths]

    assert [answer.status_code for answer in refused] == [429, 429, 429]
    assert all(1 <= int(answer.headers["Retry-After"]) <= 61 for answer in refused)
    assert client.get("/search").status_code == 200
    assert client.get("/search?q=moon", environ_base={"REMOTE_ADDR": "127.0.2.9"}).status_code == 200
    clock.move(seconds=61)
    assert client.get("/search?q=moon").status_code == 200


def test_where_the_limit_is_zero_no_search_is_counted(unlimited: FlaskClient) -> None:
    assert {unlimited.get("/search?q=moon").status_code for _ in range(40)} == {200}


def test_the_description_for_browsers(client: FlaskClient, publish: Publish) -> None:
    publish("Moon", slug="moon")
    answer = client.get("/opensearch.xml")

    assert answer.content_type == "application/opensearchdescription+xml; charset=utf-8"
    tree = turbohtml.parse_fragment(answer.text)
    assert f'template="{SEARCH}?q={{searchTerms}}"' in answer.text
    assert f'template="{SEARCH}.rss?q={{searchTerms}}"' in answer.text
    assert tree.text.split()[:2] == ["Example", "Blog"]
    for path in ("/", "/posts/moon", "/archive", "/nowhere", "/search"):
        assert hrefs(client.get(path).text, "link[rel=search]") == ["http://blog.example/opensearch.xml"]


def test_other_software_searches_at_home(client: FlaskClient) -> None:
    answer = client.get("/", query_string={"s": "a & b"})

    assert (answer.status_code, answer.headers["Location"]) == (301, f"{SEARCH}?q=a%20%26%20b")
    assert client.get("/search/?q=moon").status_code == 301
