"""The pages of a post's thoughts: a hundred on each, cut by positions that never move."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Row

from feedserver.pages.thought_pages import ThoughtPages
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.thoughts import shown, store
from feedserver.thoughts.model import Thought
from feedserver.thoughts.moderation.actions import moderate_all
from tests.feeds.happenings import say, say_much
from tests.pages.builders import CLIENT_PATTERN, elements, get, hrefs, texts
from tests.support.fixtures import Publish

PERMALINK = "http://blog.example/posts/fog"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def fog(publish: Publish) -> Post:
    return publish("Fog", slug="fog", body="## In the *mist*", summary="In short.", tags="[sea]")


def shown_on(page: str) -> list[str]:
    """The thoughts on a page, each by its id and words."""
    return [f"{li.attrs['id']} {li.select('.p-content')[0].text}" for li in elements(page, "ol#thoughts > li")]


@pytest.mark.parametrize(
    ("number", "counts", "linked", "beside"),
    [
        (1, {}, [1], (None, None)),
        (1, {1: 100}, [1], (None, None)),
        (1, {1: 100, 2: 1}, [1, 2], (None, 2)),
        (2, {1: 100, 2: 1}, [1, 2], (1, None)),
        (3, {3: 1}, [1, 3], (1, None)),
        (1, dict.fromkeys(range(1, 6), 100), [1, 2, 3, None, 5], (None, 2)),
        (9, dict.fromkeys(range(1, 21), 100), [1, None, 7, 8, 9, 10, 11, None, 20], (8, 10)),
        (20, dict.fromkeys((1, 2, 10, 20), 7), [1, 2, 10, 20], (10, None)),
    ],
    ids=["none", "one", "first of two", "last", "first is empty", "left out", "in the middle", "some are gone"],
)
def test_a_page_links_to_those_beside_it_and_at_the_ends(
    number: int, counts: dict[int, int], linked: list[int | None], beside: tuple[int | None, int | None]
) -> None:
    pages = ThoughtPages(number, counts)

    assert pages.exists
    assert pages.linked == linked
    assert (pages.previous, pages.next) == beside


def test_a_page_counts_what_is_shown_and_not_the_places() -> None:
    pages = ThoughtPages(3, {1: 98, 2: 0, 3: 100, 4: 1})

    assert (pages.start, pages.total) == (99, 199)
    assert not ThoughtPages(5, {1: 98}).exists


def test_the_first_hundred_stand_on_the_posts_page_and_later_ones_on_their_own(
    client: FlaskClient, services: WebServices, fog: Post
) -> None:
    say_much(services, fog, 201)

    pages = [client.get(f"/posts/fog{query}").text for query in ("", "?thoughts=2", "?thoughts=3")]

    assert [shown_on(page) for page in pages] == [
        [f"thought-{n} Comment {n}." for n in places] for places in (range(1, 101), range(101, 201), [201])
    ]
    for page in pages:
        assert texts(page, "#thoughts-heading") == ["201 Thoughts to “Fog”"]
        assert texts(page, "h1") == ["Fog"]
        assert CLIENT_PATTERN.findall(page) == ["http://blog.example/pingback"]
        assert len(elements(page, "#comment-form form[method=post]")) == 1
    assert [elements(page, "ol#thoughts")[0].attrs.get("start") for page in pages] == [None, "101", "201"]
    assert [hrefs(page, "#thoughts .when")[0] for page in pages] == [
        f"{PERMALINK}#thought-1",
        f"{PERMALINK}?thoughts=2#thought-101",
        f"{PERMALINK}?thoughts=3#thought-201",
    ]


def test_a_further_page_leads_to_the_post_and_to_the_pages_beside_it(
    client: FlaskClient, services: WebServices, publish: Publish, fog: Post
) -> None:
    publish("Mist", slug="mist", tags="[sea]")
    say_much(services, fog, 201)

    first, second = (client.get(f"/posts/fog{query}").text for query in ("", "?thoughts=2"))

    assert hrefs(second, "article > p > a:not(.u-url, .p-author)") == [PERMALINK]
    assert elements(second, ".e-content, .related, .neighbours") == []
    assert texts(second, "title") == ["Thoughts to “Fog”, page 2 – Example Blog"]
    assert hrefs(second, "link[rel=canonical]") == [f"{PERMALINK}?thoughts=2"]
    assert hrefs(second, "link[rel=prev]") == [PERMALINK]
    assert hrefs(second, "link[rel=next]") == [f"{PERMALINK}?thoughts=3"]
    assert hrefs(second, ".pages a") == [
        f"{PERMALINK}{query}#thoughts" for query in ("", "", "?thoughts=3", "?thoughts=3")
    ]
    assert texts(second, ".pages [aria-current=page]") == ["Page 2"]
    assert hrefs(first, ".pages a[rel=next]") == [f"{PERMALINK}?thoughts=2#thoughts"]
    assert hrefs(first, "link[rel=canonical]") == [PERMALINK]
    assert len(elements(first, ".e-content")) == 1


@pytest.mark.parametrize("number", ["0", "3", "-1", "x", "", "1e1", "9999999999"])
def test_there_are_no_other_pages(client: FlaskClient, services: WebServices, fog: Post, number: str) -> None:
    say_much(services, fog, 101)
    client.get("/posts/fog?thoughts=2")
    before = len(services.page_cache)

    assert client.get(f"/posts/fog?thoughts={number}").status_code == 404
    assert len(services.page_cache) == before


def test_the_first_page_is_the_post(client: FlaskClient, fog: Post) -> None:
    page = client.get("/posts/fog?thoughts=1").text

    assert hrefs(page, "link[rel=canonical]") == [PERMALINK]
    assert len(elements(page, ".e-content")) == 1
    assert elements(page, ".pages") == []


def test_a_former_address_leads_to_the_same_page(client: FlaskClient, services: WebServices, fog: Post) -> None:
    say_much(services, fog, 101)
    services.publisher.rename("fog", "mist")

    answer = client.get("/posts/fog?thoughts=2")

    assert (answer.status_code, answer.headers["Location"]) == (301, "http://blog.example/posts/mist?thoughts=2")
    assert shown_on(get(client, answer.headers["Location"]).text) == ["thought-101 Comment 101."]


def test_what_leaves_moves_no_other_thought(client: FlaskClient, services: WebServices, fog: Post) -> None:
    say_much(services, fog, 201)
    moderate_all(services.database, [1, *range(101, 201)], "spam", services.clock())

    first, third = client.get("/posts/fog").text, client.get("/posts/fog?thoughts=3").text

    assert len(shown_on(first)) == 99
    assert client.get("/posts/fog?thoughts=2").status_code == 404
    assert texts(third, "#thoughts-heading") == ["100 Thoughts to “Fog”"]
    assert elements(third, "ol#thoughts")[0].attrs["start"] == "100"
    assert shown_on(third) == ["thought-201 Comment 201."]
    assert texts(first, ".pages a") == ["Page 3", "Later thoughts →"]


def test_a_thought_that_is_approved_late_stands_at_the_end(
    client: FlaskClient, services: WebServices, fog: Post
) -> None:
    waiting = say(services, fog, "I waited.", state="held")
    say_much(services, fog, 100)
    moderate_all(services.database, [waiting.id], "approve", services.clock())

    assert len(shown_on(client.get("/posts/fog").text)) == 100
    assert shown_on(client.get("/posts/fog?thoughts=2").text) == [f"thought-{waiting.id} I waited."]


def test_feeds_lead_to_the_page_of_each_thought(client: FlaskClient, services: WebServices, fog: Post) -> None:
    say_much(services, fog, 101)
    newest = [f"{PERMALINK}?thoughts=2#thought-101", f"{PERMALINK}#thought-100"]

    for path in ("/posts/fog/thoughts", "/thoughts"):
        items = json.loads(client.get(f"{path}.json").data)["items"]
        entries = ElementTree.fromstring(client.get(f"{path}.atom").data).findall(f"{ATOM}entry")
        rss = ElementTree.fromstring(client.get(f"{path}.rss").data).findall("channel/item/link")
        assert [item["url"] for item in items][:2] == newest
        assert [entry.find(f"{ATOM}link").attrib["href"] for entry in entries][:2] == newest  # type: ignore[union-attr]
        assert [link.text for link in rss][:2] == newest


@pytest.mark.parametrize("path", ["/posts/fog", "/posts/fog?thoughts=2", "/posts/fog/thoughts.json"])
def test_a_page_reads_no_thoughts_but_its_own(
    client: FlaskClient, services: WebServices, fog: Post, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    say_much(services, fog, 350)
    read: list[Thought] = []

    def thought_of(row: Row[Any]) -> Thought:
        read.append(store.thought_of(row))
        return read[-1]

    monkeypatch.setattr(shown, "thought_of", thought_of)

    assert client.get(path).status_code == 200
    assert 20 < len(read) <= 100
