"""`/thoughts`: the thoughts on all posts, for people."""

import json

import pytest
from flask.testing import FlaskClient

from feedserver.pages.views import THOUGHTS_ON_A_PAGE
from feedserver.services import WebServices
from tests.feeds.happenings import link, say, say_much
from tests.pages.builders import elements, hrefs, texts
from tests.support.fixtures import Publish

PAGE = "http://blog.example/thoughts"


def test_the_newest_thoughts_come_first_each_with_its_post(
    client: FlaskClient, publish: Publish, services: WebServices
) -> None:
    fog, mist = publish("Fog", slug="fog"), publish("Mist", slug="mist")
    say(services, fog, "On the fog.")
    link(services, mist, "https://other.example/1", "[…] the mist […]")
    say(services, publish("Later", slug="later", date="2027-01-01"), "On what is hidden.")
    say(services, fog, "Not yet.", state="held")

    page = client.get("/thoughts").text

    assert texts(page, "#thoughts .p-content") == ["[…] the mist […]", "On the fog."]
    assert [li.attrs["id"] for li in elements(page, "#thoughts > li")] == ["thought-2", "thought-1"]
    assert hrefs(page, "#thoughts .when") == [
        f"http://blog.example/posts/{name}" for name in ("mist#thought-2", "fog#thought-1")
    ]
    assert texts(page, "#thoughts .byline > a:not(.u-url, .when)") == ["Mist", "Fog"]


def test_a_site_without_thoughts_says_so(client: FlaskClient) -> None:
    assert texts(client.get("/thoughts").text, ".empty") == ["Nobody has said anything here yet."]


def test_older_thoughts_are_on_further_pages(client: FlaskClient, publish: Publish, services: WebServices) -> None:
    say_much(services, publish("Fog", slug="fog"), THOUGHTS_ON_A_PAGE + 1)

    first, last = client.get("/thoughts").text, client.get("/thoughts?page=2").text

    assert texts(first, "#thoughts .p-content")[0] == f"Comment {THOUGHTS_ON_A_PAGE + 1}."
    assert texts(last, "#thoughts .p-content") == ["Comment 1."]
    assert hrefs(first, "[rel=next]") == [f"{PAGE}?page=2"] * 2
    assert hrefs(last, "[rel=prev]") == [PAGE] * 2
    assert hrefs(last, "link[rel=canonical]") == [f"{PAGE}?page=2"]
    assert texts(last, "h1") == ["Thoughts, page 2"]


@pytest.mark.parametrize("number", ["0", "2", "x", ""])
def test_there_are_no_other_pages(client: FlaskClient, number: str) -> None:
    assert client.get(f"/thoughts?page={number}").status_code == 404


def test_pages_and_feeds_lead_to_it(client: FlaskClient) -> None:
    page = client.get("/thoughts").text

    assert PAGE in hrefs(client.get("/").text, "header a")
    assert texts(page, "[aria-current=page]") == ["Thoughts"]
    assert json.loads(client.get("/thoughts.json").data)["home_page_url"] == PAGE
    assert hrefs(page, "link[rel=alternate]")[:3] == [f"{PAGE}.{fmt}" for fmt in ("rss", "atom", "json")]
    assert len(hrefs(page, "link[rel=alternate]")) == 6
    assert client.get("/thoughts.rss").mimetype == "application/rss+xml"


def test_another_spelling_leads_to_it(client: FlaskClient) -> None:
    answer = client.get("/thoughts/?page=1")

    assert (answer.status_code, answer.headers["Location"]) == (301, f"{PAGE}?page=1")
