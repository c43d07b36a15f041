"""oEmbed 1.0: the post as JSON for embed blocks, its discovery, and the card that other sites may frame."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import nh3
import pytest
import turbohtml
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedserver.app import create_app
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.pages.builders import QUOTED, elements, get, hrefs, texts
from tests.posts.builders import edit
from tests.posts.builders import publish as publish_on
from tests.support.fixtures import Assemble, Publish

FOG = "http://blog.example/posts/fog"
NONE = (404, "There is no post at this address.\n")


def ask(client: FlaskClient, url: str, **more: str) -> TestResponse:
    return client.get("/oembed", query_string={"url": url, **more})


def told(client: FlaskClient, url: str = FOG, **more: str) -> dict[str, Any]:
    answer = ask(client, url, **more)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    found: dict[str, Any] = answer.get_json()
    return found


# --- the document ---


def test_a_post_is_told_with_its_author_and_its_site(client: FlaskClient, publish: Publish) -> None:
    publish("Fog & “Mist” <1>", slug="fog", summary="In short & sweet.")

    assert told(client, format="json") == {
        "version": "1.0",
        "type": "rich",
        "title": "Fog & “Mist” <1>",
        "author_name": "Ann Author",
        "author_url": "http://blog.example/authors/Ann%20Author",
        "provider_name": "Example Blog",
        "provider_url": "http://blog.example/",
        "cache_age": 3600,
        "html": f'<blockquote><a href="{FOG}">Fog &amp; “Mist” &lt;1&gt;</a> – In short &amp; sweet.</blockquote>'
        f'<iframe src="{FOG}/embed" width="600" height="200" title="Fog &amp; “Mist” &lt;1&gt;"></iframe>',
        "width": 600,
        "height": 200,
    }


def test_several_authors_are_named_and_none_is_linked_for_all(client: FlaskClient, publish: Publish) -> None:
    publish("Fog", slug="fog", authors="[Ann, B & C]")

    found = told(client)

    assert found["author_name"] == "Ann, B & C"
    assert "author_url" not in found


def test_an_untitled_post_has_its_first_words_once(client: FlaskClient, publish: Publish) -> None:
    publish("", "Just a *few* words.", slug="fog")

    found = told(client)

    assert found["title"] == "Just a few words."
    assert found["html"].count("Just a few words.") == 2  # of the link, and of the frame


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({"maxwidth": "320", "maxheight": "100"}, (320, 100)),
        ({"maxwidth": "601", "maxheight": "100000"}, (600, 200)),
        ({"maxwidth": "1", "maxheight": "1"}, (1, 1)),
        ({"maxwidth": "480"}, (480, 200)),
        ({"maxwidth": "320"}, (320, 320)),
        ({"maxwidth": "320", "maxheight": "1000"}, (320, 320)),
        ({"maxwidth": "0", "maxheight": "-1"}, (600, 200)),
        ({"maxwidth": "wide", "maxheight": ""}, (600, 200)),
        ({"maxwidth": "9" * 500, "maxheight": "²"}, (600, 200)),
    ],
)
def test_the_card_is_no_larger_than_is_asked_for(
    client: FlaskClient, publish: Publish, asked: dict[str, str], size: tuple[int, int]
) -> None:
    publish("Fog", slug="fog")

    found = told(client, **asked)

    assert (found["width"], found["height"]) == size
    assert f'width="{size[0]}" height="{size[1]}"' in found["html"]


def test_wordpress_keeps_the_quotation_and_the_frame(client: FlaskClient, publish: Publish) -> None:
    """It takes `rich` of an unknown site only with a frame, and keeps three elements with few attributes."""
    publish(f'</blockquote><iframe src="//evil.example"></iframe> {QUOTED}', slug="fog", summary="</blockquote> 1 < 2")
    html = told(client)["html"]
    framed = {"src", "width", "height", "title"}

    kept = nh3.clean(
        html, tags={"a", "blockquote", "iframe"}, attributes={"a": {"href"}, "iframe": framed}, link_rel=None
    )
    quotation, frame = re.fullmatch("(<blockquote>.*?</blockquote>)(<iframe [^<>]*></iframe>)", kept).groups()  # type: ignore[union-attr]

    assert hrefs(quotation, "a") == [FOG]
    assert texts(quotation, "blockquote")[0].endswith(f"{QUOTED} – </blockquote> 1 < 2")
    assert [e.attrs["src"] for e in elements(frame, "iframe")] == [f"{FOG}/embed"]


# --- which posts, which requests ---


@pytest.mark.parametrize(
    "url",
    [
        FOG,
        f" {FOG} ",
        f"{FOG}/",
        f"{FOG}?utm_source=x#thoughts",
        "https://BLOG.example:443/posts/./f%6Fg",
        "http://blog.example/posts/haze",
    ],
)
def test_a_post_is_found_at_all_its_addresses(
    client: FlaskClient, publish: Publish, services: WebServices, url: str
) -> None:
    publish("Fog", slug="haze")
    services.publisher.rename("haze", "fog")

    assert f'<a href="{FOG}">' in told(client, url)["html"]


@pytest.mark.parametrize(
    "url",
    [
        "http://blog.example/",
        "http://blog.example/tags/sea",
        "http://blog.example/feed.rss",
        f"{FOG}/embed",
        "http://blog.example/posts/",
        "http://blog.example/posts/never",
        "http://blog.example/posts/draft",
        "http://blog.example/posts/scheduled",
        "http://blog.example/posts/deleted",
        "http://other.example/posts/fog",
        "//blog.example/posts/fog",
        "posts/fog",
        "http://[/posts/fog",
        "\0",
        "http://blog.example/posts/" + "x" * 3_000,
    ],
)
def test_what_is_no_post_that_readers_see_is_answered_alike(
    client: FlaskClient, publish: Publish, services: WebServices, url: str
) -> None:
    publish("Fog", slug="fog", tags="[sea]")
    publish("Draft", slug="draft", draft="true")
    publish("Scheduled", slug="scheduled", date="2030-01-01")
    publish("Deleted", slug="deleted")
    services.publisher.delete("deleted")

    answer = ask(client, url)

    assert (answer.status_code, answer.text) == NONE
    assert answer.headers == ask(client, "http://blog.example/posts/none").headers


@pytest.mark.parametrize("query", ["", "?format=json", "?url=", "?url=%20", f"?URL={FOG}"])
def test_an_address_that_is_missing_is_asked_for_in_a_line(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/oembed{query}")

    assert (answer.status_code, answer.mimetype) == (400, "text/plain")
    assert answer.text.splitlines() == ["The address of a post is missing: ?url=ADDRESS"]


@pytest.mark.parametrize("asked", ["xml", "XML", "yaml"])
def test_other_formats_are_not_implemented(client: FlaskClient, publish: Publish, asked: str) -> None:
    publish("Fog", slug="fog")

    assert ask(client, FOG, format=asked).status_code == 501
    assert ask(client, FOG, format="").status_code == ask(client, FOG, format="JSON").status_code == 200


def test_every_answer_may_be_read_by_scripts_of_other_sites(client: FlaskClient, publish: Publish) -> None:
    publish("Fog", slug="fog")

    for answer in (ask(client, FOG), ask(client, "x"), ask(client, ""), ask(client, FOG, format="xml")):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers


def test_what_has_not_changed_is_not_sent_again(client: FlaskClient, publish: Publish, services: WebServices) -> None:
    publish("Fog", slug="fog")
    first = ask(client, FOG)
    condition = {"If-None-Match": first.headers["ETag"]}

    again = client.get("/oembed", query_string={"url": FOG}, headers=condition)
    edit(services, "fog", "Mist")
    changed = client.get("/oembed", query_string={"url": FOG}, headers=condition)

    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert (changed.status_code, changed.get_json()["title"]) == (200, "Mist")
    assert again.headers["Access-Control-Allow-Origin"] == "*"
    assert {answer.headers["Cache-Control"] for answer in (first, again, changed)} == {"no-cache"}


def test_other_methods_and_spellings_of_the_address_are_answered_as_elsewhere(
    client: FlaskClient, publish: Publish
) -> None:
    publish("Fog", slug="fog")
    head = client.head("/oembed", query_string={"url": FOG})
    post = client.post("/oembed", query_string={"url": FOG})
    slash = client.get(f"/oembed/?url={quote(FOG)}&maxwidth=300")

    assert (head.status_code, head.data, head.mimetype) == (200, b"", "application/json")
    assert (post.status_code, set(post.headers["Allow"].split(", "))) == (405, {"GET", "HEAD", "OPTIONS"})
    assert slash.status_code == 301
    assert slash.headers["Location"] == f"http://blog.example/oembed?url={quote(FOG)}&maxwidth=300"


# --- discovery ---


def test_each_post_says_where_it_is_told(client: FlaskClient, publish: Publish) -> None:
    publish("Fog & “Mist”", slug="nébel~1")

    page = client.get("/posts/n%C3%A9bel~1").text
    (link,) = elements(page, "head link[rel=alternate][type='application/json+oembed']")

    assert link.attrs["title"] == "Fog & “Mist”"
    assert get(client, str(link.attrs["href"])).get_json()["title"] == "Fog & “Mist”"
    for path in ("/", "/authors/Ann%20Author", "/none", "/posts/n%C3%A9bel~1/embed"):
        assert "oembed" not in client.get(path).text


def test_all_addresses_follow_the_site_below_a_path_too(settings: Settings, assemble: Assemble) -> None:
    services = assemble(replace(settings, site=replace(settings.site, url="https://new.example/a/b")))
    publish_on(services, "Fog", slug="fog")
    client = create_app(services=services).test_client()

    (link,) = elements(client.get("/a/b/posts/fog").text, "link[type='application/json+oembed']")
    address = str(link.attrs["href"])
    found = client.get(address.removeprefix("https://new.example")).get_json()

    assert address.startswith("https://new.example/a/b/oembed?url=https%3A%2F%2Fnew.example%2Fa%2Fb%2Fposts%2Ffog&")
    assert found["provider_url"] == "https://new.example/a/b/"
    assert re.findall('(?:href|src)="([^"]*)"', found["html"]) == [
        "https://new.example/a/b/posts/fog",
        "https://new.example/a/b/posts/fog/embed",
    ]
    assert client.get("/a/b/posts/fog/embed").status_code == 200
    assert client.get("/a/b/oembed?url=https://new.example/posts/fog").status_code == 404


# --- the card ---


def test_the_card_shows_the_post_in_short_and_leads_out_of_the_frame(client: FlaskClient, publish: Publish) -> None:
    publish("Fog & Mist", slug="fog", summary="In short " + "and long " * 50, lang="ar")

    page = client.get("/posts/fog/embed").text

    assert texts(page, "h1") == ["Fog & Mist"]
    assert texts(page, "main > p")[0].startswith("In short and long")
    assert len(texts(page, "main > p")[0]) <= 200
    assert texts(page, ".byline") == ["Ann Author, March 8, 2026, Example Blog"]
    assert [(e.attrs["href"], e.attrs["target"]) for e in elements(page, "a")] == [
        (FOG, "_top"),
        ("http://blog.example/", "_top"),
    ]
    assert [e.attrs["lang"] for e in elements(page, "html, .byline")] == ["ar", "en"]
    assert elements(page, "meta[name=robots]")[0].attrs["content"] == "noindex"
    assert elements(page, "script, form, iframe, img, [style]") == []
    assert page.startswith("<!doctype html>")
    assert turbohtml.parse(page).errors == []


def test_the_card_alone_may_be_framed_by_other_sites(client: FlaskClient, publish: Publish) -> None:
    publish("Fog", slug="fog")

    card, page = client.get("/posts/fog/embed"), client.get("/posts/fog")

    assert "frame-ancestors *" in card.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in card.headers
    assert "X-Pingback" not in card.headers
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    ours = card.headers["Content-Security-Policy"].replace("frame-ancestors *", "frame-ancestors 'none'")
    assert ours == page.headers["Content-Security-Policy"]


def test_the_card_goes_where_its_post_goes(client: FlaskClient, publish: Publish, services: WebServices) -> None:
    publish("Fog", slug="haze")
    publish("Secret", slug="secret", draft="true")
    assert client.get("/posts/haze/embed").status_code == 200

    edit(services, "haze", "Mist")
    services.publisher.rename("haze", "fog")

    assert texts(client.get("/posts/fog/embed").text, "h1") == ["Mist"]
    moved = client.get("/posts/haze/embed")
    assert (moved.status_code, moved.headers["Location"]) == (301, f"{FOG}/embed")
    assert client.get("/posts/fog/embed/").headers["Location"] == f"{FOG}/embed"
    assert client.get("/posts/secret/embed").status_code == client.get("/posts/never/embed").status_code == 404
    services.publisher.delete("fog")
    assert client.get("/posts/fog/embed").status_code == client.get("/posts/haze/embed").status_code == 410
