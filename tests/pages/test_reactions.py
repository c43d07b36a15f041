"""Likes, reposts and bookmarks as readers see them: lines of names above the thoughts, and entries in feeds."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import feedparser
import mf2py
import pytest
from flask.testing import FlaskClient

from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.thoughts.model import Response
from tests.feeds.happenings import of_id, respond, say, say_much, says
from tests.pages.builders import elements, hrefs, texts
from tests.support.fixtures import Publish

PERMALINK = "http://blog.example/posts/fog"


@pytest.fixture
def fog(publish: Publish) -> Post:
    return publish("Fog", slug="fog")


def lines(page: str) -> list[str]:
    return texts(page, "p.reactions")


def ids(page: str) -> list[str]:
    return [str(element.attrs["id"]) for element in elements(page, "[id^=thought-]")]


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (["Ann"], "Liked by Ann"),
        (["Ann", "Bo"], "Liked by Ann and Bo"),
        (["Ann", "Bo", "Cy"], "Liked by Ann, Bo and Cy"),
        (["Ann", "Bo", "Cy", "Di"], "Liked by Ann, Bo and 2 others"),
        (["Ann", "Bo", "Cy", "Di", "Ed"], "Liked by Ann, Bo and 3 others"),
        (["Ann", "Ann", "Bo"], "Liked by Ann and Bo"),
    ],
    ids=lambda value: str(len(value)) if isinstance(value, list) else None,
)
def test_the_line_names_people_and_counts_the_others(
    client: FlaskClient, services: WebServices, fog: Post, names: list[str], line: str
) -> None:
    for name in names:
        respond(services, fog, "like", name)

    page = client.get("/posts/fog").text

    assert lines(page) == [line]
    assert set(ids(page)) == {f"thought-{number}" for number in range(1, len(names) + 1)}, "each has its address"


def test_each_way_to_react_has_a_line_above_the_thoughts(client: FlaskClient, services: WebServices, fog: Post) -> None:
    respond(services, fog, "mention", words="[…] the fog […]")
    respond(services, fog, "bookmark", "Bo")
    respond(services, fog, "repost", "Cy")
    respond(services, fog, "like", "Di")

    page = client.get("/posts/fog").text

    assert lines(page) == ["Liked by Di", "Reposted by Cy", "Bookmarked by Bo"]
    assert sorted(ids(page)) == ["thought-1", "thought-2", "thought-3", "thought-4"]
    assert [li.attrs["id"] for li in elements(page, "ol#thoughts > li")] == ["thought-1"]
    assert texts(page, "#thoughts-heading") == ["1 Thought to “Fog”"]
    assert page.index('id="thoughts-heading"') < page.index('class="reactions"') < page.index('<ol id="thoughts"')


def test_a_name_is_linked_to_its_source_and_vouched_for_by_nobody(
    client: FlaskClient, services: WebServices, fog: Post
) -> None:
    respond(
        services, fog, "like", "<b>Ann</b>", at="https://ann.example/likes/ä?a=1&b=<2>", url="https://ann.example/me"
    )

    page = client.get("/posts/fog").text

    (link,) = elements(page, "p.reactions a")
    assert link.attrs["href"] == "https://ann.example/likes/%C3%A4?a=1&b=%3C2%3E"
    assert link.attrs["rel"] == ["nofollow", "ugc"]
    assert lines(page) == ["Liked by <b>Ann</b>"]


def test_readers_of_microformats_find_who_responded_and_how(
    client: FlaskClient, services: WebServices, fog: Post
) -> None:
    before = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    kinds: tuple[Response, ...] = ("like", "repost", "bookmark", "reply", "mention", "rsvp")
    for kind in kinds:
        respond(services, fog, kind, "Ann", "Words.", at=f"https://ann.example/{kind}", published_at=before)

    (entry,) = mf2py.parse(doc=client.get("/posts/fog").text, url=PERMALINK)["items"]

    found = {name: [cite["properties"] for cite in entry["properties"][name]] for name in (*kinds[:3], "comment")}
    assert [cite["url"] for name in found for cite in found[name]] == [
        [f"https://ann.example/{kind}"] for kind in kinds
    ]
    for cite in (cite for name in found for cite in found[name]):
        assert [author["properties"]["name"] for author in cite["author"]] == [["Ann"]]
        assert cite["published"] == ["2024-05-06T07:08:09Z"]
    assert [cite["content"] for cite in found["comment"]] == [["Words."]] * 3
    assert not any("content" in cite for name in kinds[:3] for cite in found[name])


def test_reactions_count_as_no_thoughts(client: FlaskClient, services: WebServices, fog: Post) -> None:
    respond(services, fog, "like")
    respond(services, fog, "repost")

    page, home = client.get("/posts/fog").text, client.get("/").text
    atom, rss = (client.get(f"/feed.{fmt}").text for fmt in ("atom", "rss"))

    assert texts(page, "#thoughts-heading") == ["No thoughts on “Fog” yet"]
    assert [meta.attrs["content"] for meta in elements(page, "meta[itemprop=commentCount]")] == ["0"]
    assert texts(home, ".count") == []
    assert "<thr:total>0</thr:total>" in atom
    assert 'thr:count="0"' in atom
    assert "thr:updated" not in atom
    assert "<slash:comments>0</slash:comments>" in rss
    say(services, fog)
    assert texts(client.get("/").text, ".count") == ["1 Thought to “Fog”"]
    assert "<slash:comments>1</slash:comments>" in client.get("/feed.rss").text


def test_the_lines_stand_on_the_first_page_alone(client: FlaskClient, services: WebServices, fog: Post) -> None:
    say_much(services, fog, 101)
    respond(services, fog, "like")

    assert lines(client.get("/posts/fog").text) == ["Liked by Ann"]
    assert lines(client.get("/posts/fog?thoughts=2").text) == []


def test_the_newest_of_many_reactions_have_addresses_too(client: FlaskClient, services: WebServices, fog: Post) -> None:
    for number in range(105):
        respond(services, fog, "like", f"P{number}")

    page = client.get("/posts/fog").text

    assert lines(page) == ["Liked by P0, P1 and 103 others"]
    assert ids(page) == [f"thought-{number}" for number in (1, 2, *range(6, 106))]


def test_a_reply_shows_its_own_words_as_paragraphs_and_a_mention_quotes(
    client: FlaskClient, services: WebServices, fog: Post
) -> None:
    respond(services, fog, "reply", words="Well <said>.\nIndeed.\n\nBut no.")
    respond(services, fog, "rsvp", words="I will be there.")
    respond(services, fog, "mention", words="[…] the fog […]")
    respond(services, fog, "mention")

    page = client.get("/posts/fog").text

    assert texts(page, "#thoughts div.p-content p") == ["Well <said>.Indeed.", "But no.", "I will be there."]
    assert texts(page, "#thoughts blockquote.p-content p") == ["[…] the fog […]"]
    assert len(elements(page, "#thoughts .p-content")) == 3


@pytest.mark.parametrize("response", ["like", "reply"])
def test_the_time_is_that_of_its_publication_and_no_later_than_it_came(
    client: FlaskClient, services: WebServices, fog: Post, response: Response
) -> None:
    before = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    now = services.clock().replace(microsecond=0)
    for moment in (before, now + timedelta(days=1), None):
        respond(services, fog, response, published_at=moment)

    items = json.loads(client.get("/posts/fog/thoughts.json").data)["items"]
    parsed = feedparser.parse(client.get("/posts/fog/thoughts.atom").data)

    came = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    expected = {1: "2024-05-06T07:08:09Z", 2: came, 3: came}
    assert {int(item["url"].rpartition("-")[2]): item["date_published"] for item in items} == expected
    dates = sorted(entry.published.replace("+00:00", "Z") for entry in parsed.entries)
    assert dates == sorted(expected.values())
    page = client.get("/thoughts").text
    assert sorted(str(time.attrs["datetime"]) for time in elements(page, "time.dt-published")) == sorted(
        expected.values()
    )


def test_in_feeds_a_reaction_is_an_entry_that_says_what_was_done(
    client: FlaskClient, services: WebServices, fog: Post
) -> None:
    like = respond(services, fog, "like", words="Words around a link.")

    for path in ("/posts/fog/thoughts", "/thoughts"):
        (item,) = json.loads(client.get(f"{path}.json").data)["items"]
        assert item["_feedserver"] == {"kind": "webmention", "response": "like", "in_reply_to": fog.guid}
        assert item["url"] == f"{PERMALINK}#thought-{like.id}"
        assert (item["title"], item["content_text"]) == ("Ann liked “Fog”", "Ann liked this.")
        assert (item["external_url"], item["authors"]) == (
            like.source,
            [{"name": "Ann", "url": "https://ann.example/about"}],
        )
        for fmt in ("rss", "atom"):
            (entry,) = feedparser.parse(client.get(f"{path}.{fmt}").data).entries
            assert (entry.title, entry.link) == ("Ann liked “Fog”", item["url"])
            assert entry.content[0].value == "<p>Ann liked this.</p>"


@pytest.mark.parametrize("response", ["mention", "reply", "repost", "bookmark", "rsvp"])
def test_feeds_tell_what_a_thought_is_to_the_post(
    client: FlaskClient, services: WebServices, fog: Post, response: Response
) -> None:
    respond(services, fog, response, words="One.\n\nTwo.")

    (item,) = json.loads(client.get("/thoughts.json").data)["items"]

    assert item["_feedserver"]["response"] == response
    titles = {"reply": "Ann replied to “Fog”", "rsvp": "Ann answered “Fog”", "mention": "Ann on “Fog”"}
    if response in titles:
        for fmt in ("rss", "atom"):
            (entry,) = feedparser.parse(client.get(f"/thoughts.{fmt}").data).entries
            assert entry.title == item["title"] == titles[response]
    if response in ("mention", "reply", "rsvp"):
        assert item["content_text"] == "One.\n\nTwo."


def test_comments_have_no_response(client: FlaskClient, services: WebServices, fog: Post) -> None:
    say(services, fog)

    (item,) = json.loads(client.get("/thoughts.json").data)["items"]

    assert item["_feedserver"] == {"kind": "comment", "response": None, "in_reply_to": fog.guid}


def test_the_list_of_all_thoughts_says_what_was_done_with_which_post(
    client: FlaskClient, services: WebServices, fog: Post
) -> None:
    respond(services, fog, "mention", "Bo", "[…] the fog […]")
    respond(services, fog, "like")

    page = client.get("/thoughts").text

    assert [text.rpartition(" Mar")[0] for text in texts(page, "#thoughts .byline")] == ["Ann liked Fog", "Bo on Fog"]
    assert hrefs(page, "#thoughts .when") == [f"{PERMALINK}#thought-2", f"{PERMALINK}#thought-1"]
    assert ids(page) == ["thought-2", "thought-1"]


def test_a_receipt_leads_to_the_line(client: FlaskClient, services: WebServices, fog: Post) -> None:
    say_much(services, fog, 150)
    like = respond(services, fog, "like")

    receipt = json.loads(client.get(f"/receipts/{like.receipt_token}.json").data)

    assert receipt["thought"] == f"{PERMALINK}#thought-{like.id}"
    assert f"thought-{like.id}" in ids(client.get("/posts/fog").text)


def test_a_reply_on_a_further_page_that_becomes_a_reaction_is_found_on_the_first(
    client: FlaskClient, services: WebServices, fog: Post
) -> None:
    say_much(services, fog, 100)
    reply = respond(services, fog, "reply", words="Not so.")
    assert ids(client.get("/posts/fog?thoughts=2").text) == [f"thought-{reply.id}"]

    says(services, of_id(services, reply.id), replace(reply.content, response="like"))

    receipt = json.loads(client.get(f"/receipts/{reply.receipt_token}.json").data)
    assert receipt["thought"] == f"{PERMALINK}#thought-{reply.id}"
    assert lines(client.get("/posts/fog").text) == ["Liked by Ann"]
    assert client.get("/posts/fog?thoughts=2").status_code == 404
