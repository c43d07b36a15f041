"""Lists as they are served: pages of a list, empty ones, and whose posts are in the list of the site's author."""

import pytest
from flask.testing import FlaskClient

from feedserver.pages.views import POSTS_ON_A_PAGE
from feedserver.services import WebServices
from tests.pages.builders import get, hrefs, texts
from tests.support.fixtures import Publish


@pytest.fixture
def many(publish: Publish) -> int:
    """Posts for two full pages and a third with one."""
    number = 2 * POSTS_ON_A_PAGE + 1
    for n in range(number):
        publish(f"Post {n:02}", date=f"2026-01-01 00:{n:02}", tags="[sea]")
    return number


def test_a_list_is_cut_into_pages_that_lead_to_each_other(client: FlaskClient, many: int) -> None:
    for path in ("/", "/tags/sea", "/authors/Ann%20Author"):
        seen: list[str] = []
        url, turns = f"http://blog.example{path}", 0
        while url:
            page = get(client, url).text
            seen += texts(page, "article h2")
            assert hrefs(page, "link[rel=canonical]") == [url]
            url, turns = next(iter(hrefs(page, "a[rel=next]")), ""), turns + 1
            assert turns <= 3

        assert seen == [f"Post {n:02}" for n in reversed(range(many))]
        assert hrefs(page, "a[rel=prev]") == [f"http://blog.example{path}?page=2"]


def test_missing_pages_are_404(client: FlaskClient, many: int) -> None:
    for path in ("/", "/tags/sea", "/authors/Ann%20Author"):
        for page, status in (
            ("1", 200),
            ("3", 200),
            ("4", 404),
            ("0", 404),
            ("-1", 404),
            ("abc", 404),
            ("", 404),
            ("1.0", 404),
            ("²", 404),
            ("١", 404),
            ("9" * 30, 404),
            ("%00", 404),
        ):
            assert (page, client.get(f"{path}?page={page}").status_code) == (page, status)
        assert client.get(f"{path}?other=4").status_code == 200


def test_an_empty_site_has_a_home_and_a_list_of_its_author(client: FlaskClient) -> None:
    assert "Nothing has been published here yet" in client.get("/").text
    assert client.get("/authors/Ann%20Author").status_code == 200
    assert client.get("/tags/sea").status_code == 404
    assert client.get("/authors/Ben").status_code == 404


def test_the_list_of_the_sites_author_holds_posts_without_author_too(client: FlaskClient, publish: Publish) -> None:
    publish("Unnamed", date="2026-01-01")
    publish("Named", authors="[Ben, Ann Author]", date="2026-01-02")
    publish("Of another", authors="[Ben]", date="2026-01-03")

    assert texts(client.get("/authors/Ann%20Author").text, "article h2") == ["Named", "Unnamed"]
    assert texts(client.get("/authors/Ben").text, "article h2") == ["Of another", "Named"]
    assert hrefs(client.get("/posts/unnamed").text, "a[rel=author]") == ["http://blog.example/authors/Ann%20Author"]


def test_drafts_scheduled_and_deleted_posts_are_in_no_list(
    client: FlaskClient, publish: Publish, services: WebServices
) -> None:
    publish("A draft", tags="[sea]", draft="true")
    publish("To come", tags="[sea]", date="2030-01-01")
    publish("Gone", slug="gone", tags="[sea]")
    services.publisher.delete("gone")

    assert texts(client.get("/").text, "article h2") == []
    assert client.get("/tags/sea").status_code == 404


def test_the_feeds_that_a_list_links_to_list_the_same_posts(client: FlaskClient, publish: Publish) -> None:
    publish("Fog", tags="[sea]", authors="[Bob]")
    publish("Hay", tags="[land]")

    for path in ("/tags/sea", "/authors/Bob"):
        (*_, json_feed) = hrefs(client.get(path).text, "main .feeds a")
        items = get(client, json_feed).get_json()["items"]
        assert [item["title"] for item in items] == ["Fog"], path
