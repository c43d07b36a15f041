"""Posts as they are served: thoughts, endpoints, autodiscovery, microformats, old addresses."""

import itertools
import re
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from feedserver.services import WebServices
from tests.feeds.happenings import link, say
from tests.pages.builders import CLIENT_PATTERN, WEBMENTION_PATTERN, elements, get, hrefs, texts
from tests.support.fixtures import Publish
from tests.support.moderating import moderate

ENDPOINT = "http://blog.example/pingback"
WEBMENTION = '<link rel="webmention" href="http://blog.example/webmention">'
QUOTING = """\
Blogs say `<link rel="pingback" href="http://quoted.example/">` and `<link rel="webmention" href="x">` in their head:

    <link rel="pingback" href="http://indented.example/">

```html
<link rel="pingback" href="http://fenced.example/">
<link rel="webmention" href="http://fenced.example/">
```

<p title='<link rel="pingback" href="http://attribute.example/">'>Raw</p>

<!-- <link rel="pingback" href="http://comment.example/"> -->

<link rel="pingback" href="http://raw.example/" />
<link rel="webmention" href="http://raw.example/" />
"""
ONLY_WEBMENTIONS = """\
<p title='<link rel="webmention" href="http://attribute.example/">'>Raw</p>

<link href="http://raw.example/" rel="webmention">
"""


def test_a_post_shows_title_date_authors_body_tags_and_what_is_related(client: FlaskClient, publish: Publish) -> None:
    publish("Fog over the harbour", tags="[ferry, fog]", body="The ferry waits in the fog.")
    publish("Ferry strike", slug="strike", tags="[ferry, fog]", body="The ferry does not run.", date="2026-01-31 18:00")
    publish("Cake", tags="[kitchen]", body="Eggs.")
    publish(
        "Ferry runs again",
        slug="runs",
        tags="[ferry, fog]",
        authors="[Ann, Ben]",
        body="## At last\n\nThe *ferry* runs.",
    )

    page = client.get("/posts/runs").text

    assert texts(page, "h1") == ["Ferry runs again"]
    assert texts(page, ".e-content h2") == ["At last"]
    assert texts(page, "article > .byline a") == ["March 8, 2026", "Ann", "Ben"]
    assert texts(page, ".tags a") == ["ferry", "fog"]
    assert texts(page, "#related-posts") == ["Related posts"]
    assert set(texts(page, ".related a")) == {"Fog over the harbour", "Ferry strike"}
    assert texts(page, "#leave-a-comment") == ["Leave a Comment"]


@pytest.mark.parametrize(
    ("number", "heading"),
    [(0, "No thoughts on “Fog” yet"), (1, "1 Thought to “Fog”"), (2, "2 Thoughts to “Fog”")],
)
def test_a_post_counts_the_thoughts_that_are_shown(
    client: FlaskClient, publish: Publish, services: WebServices, number: int, heading: str
) -> None:
    post = publish("Fog", slug="fog")
    shown = [link(services, post, f"https://other.example/{n}", f"[…] words {n} […]") for n in range(number)]
    say(services, post, state="held")
    moderate(services.database, say(services, post).id, "spam", services.clock())

    page = client.get("/posts/fog").text

    assert texts(page, "#thoughts-heading") == [heading]
    assert [li.attrs["id"] for li in elements(page, "ol#thoughts > li")] == [f"thought-{one.id}" for one in shown]
    assert texts(page, "#thoughts blockquote") == [f"[…] words {n} […]" for n in range(number)]
    assert texts(client.get("/").text, ".count a") == ([heading] if number else [])


def test_a_post_that_takes_pings_names_each_endpoint_once_in_head_and_header(
    client: FlaskClient, publish: Publish
) -> None:
    publish("About pingback", slug="open", body=QUOTING, summary=f"'{QUOTING.splitlines()[2].strip()}'")
    publish("About webmention", slug="other", body=ONLY_WEBMENTIONS)

    for method, path in itertools.product(
        ("GET", "HEAD"), ("/posts/open", "/posts/open?comment=held", "/posts/other?thoughts=1")
    ):
        answer = client.open(path, method=method)
        assert answer.headers.getlist("X-Pingback") == [ENDPOINT]
        assert answer.headers.getlist("Link") == ['<http://blog.example/webmention>; rel="webmention"']
    for path in ("/posts/open", "/posts/other", "/posts/open?comment=held"):
        page = client.get(path).text
        assert CLIENT_PATTERN.findall(page) == [ENDPOINT]
        assert WEBMENTION_PATTERN.findall(page) == [WEBMENTION]
        assert page.count(f'<link rel="pingback" href="{ENDPOINT}">\n{WEBMENTION}\n') == 1
    page = client.get("/posts/open").text
    assert "quoted.example" in page
    assert "fenced.example" in page


def test_other_posts_and_pages_announce_no_endpoint(client: FlaskClient, publish: Publish) -> None:
    publish("Closed", slug="closed", body=QUOTING, pings="closed", tags="[sea]")

    for path in ("/posts/closed", "/", "/tags/sea", "/authors/Ann%20Author", "/none"):
        answer = client.get(path)
        assert "X-Pingback" not in answer.headers
        assert "Link" not in answer.headers
        assert CLIENT_PATTERN.findall(answer.text) == []
        assert WEBMENTION_PATTERN.findall(answer.text) == []
        assert elements(answer.text, "link[rel=pingback], [rel~=webmention]") == []


@pytest.mark.parametrize("query", ["", "?comment=held", "?page=7", "?utm_source=x"])
def test_the_canonical_address_of_a_post_is_its_permalink(client: FlaskClient, publish: Publish, query: str) -> None:
    publish("Ünïcode", slug="ünïcode")

    for path in ("/posts/ünïcode", "/posts/%C3%BCn%C3%AFcode", "/posts/%c3%bcn%c3%afcode"):
        page = client.get(path + query).text
        assert hrefs(page, "link[rel=canonical]") == ["http://blog.example/posts/%C3%BCn%C3%AFcode"]


def test_every_feed_that_a_page_names_is_there_and_of_the_type_it_is_said_to_be(
    client: FlaskClient, publish: Publish
) -> None:
    publish("Fog", slug="fog", tags='["a/b", "50%"]', authors='["A & B"]')

    for path, number in (
        ("/", 6),
        ("/posts/fog", 9),
        ("/tags/a%2Fb", 9),
        ("/tags/50%25", 9),
        ("/authors/A%20%26%20B", 9),
    ):
        links = elements(client.get(path).text, "link[rel=alternate]")
        named = [e for e in links if e.attrs["type"] != "application/json+oembed"]
        assert len(named) == number
        assert len({e.attrs["title"] for e in named}) == number
        for element in named:
            answer = get(client, str(element.attrs["href"]))
            assert (answer.status_code, answer.mimetype) == (200, element.attrs["type"])


def test_every_link_of_ours_leads_somewhere(client: FlaskClient, publish: Publish, services: WebServices) -> None:
    publish("Mist", slug="mist", tags="[sea]")
    say(services, publish("Fog", slug="fog", tags="[sea]"))

    for path in ("/", "/posts/fog", "/tags/sea", "/authors/Ann%20Author", "/none"):
        for url in {*hrefs(client.get(path).text, "[href]")}:
            if urlsplit(url).netloc == "blog.example" and url != ENDPOINT:
                asks_who = url in (services.urls.micropub(), *map(services.urls.indieauth, ("authorize", "token")))
                expected = (303, 401) if asks_who else (200,)
                assert get(client, url.partition("#")[0]).status_code in expected, url


def test_a_page_loads_its_stylesheet_and_nothing_else(
    client: FlaskClient, publish: Publish, services: WebServices
) -> None:
    say(services, publish("Fog", slug="fog", tags="[sea]"))

    for path in ("/", "/posts/fog", "/none"):
        page = client.get(path).text
        assert elements(page, "script, style, iframe, img, audio, video, object, embed, [style], [onload]") == []
        assert [urlsplit(url).path for url in hrefs(page, "link[rel=stylesheet]")] == ["/static/style.css"]
        assert len(re.findall(r"(?i)\bstylesheet\b", page)) == 1


def test_microformats_say_what_a_post_and_its_thoughts_are(
    client: FlaskClient, publish: Publish, services: WebServices
) -> None:
    post = publish("Fog", slug="fog", tags="[sea]")
    link(services, post, "https://other.example/1")
    say(services, post)
    page = client.get("/posts/fog").text

    for selector, number in {
        "article.h-entry": 1,
        ".h-entry > h1.p-name": 1,
        ".h-entry .e-content": 1,
        ".h-entry > .byline a.u-url time.dt-published": 1,
        ".h-entry > .byline a.p-author.h-card": 1,
        ".h-entry a.p-category": 1,
        "li.h-cite.u-comment": 2,
        ".h-cite .p-author.h-card": 2,
        ".h-cite .p-content": 2,
        ".h-cite time.dt-published": 2,
    }.items():
        assert (selector, len(elements(page, selector))) == (selector, number)
    assert len(elements(client.get("/").text, ".h-feed .h-entry")) == 1


def test_a_post_without_a_title_has_its_first_words_as_label(client: FlaskClient, publish: Publish) -> None:
    publish("", slug="note", body="Just a *few* words & no title.")

    page = client.get("/posts/note").text

    assert texts(page, "title") == ["Just a few words & no title. – Example Blog"]
    assert texts(page, "h1") == ["Just a few words & no title."]
    assert texts(client.get("/").text, "article h2") == ["Just a few words & no title."]


def test_the_label_of_a_post_is_cut_between_grapheme_clusters(client: FlaskClient, publish: Publish) -> None:
    publish("", slug="note", body="🇩🇪" * 200)

    assert texts(client.get("/posts/note").text, "h1") == ["🇩🇪" * 39 + "…"]
    feed = client.get("/feed.atom", headers={"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}).text
    assert texts(feed, "ol a") == ["🇩🇪" * 39 + "…"]


def test_a_post_in_another_language_says_so(client: FlaskClient, publish: Publish) -> None:
    publish("Nebel", slug="nebel", lang="de")

    for path in ("/posts/nebel", "/"):
        page = client.get(path).text
        assert [e.attrs["lang"] for e in elements(page, "html, article")] == ["en", "de"]


# --- addresses that were ---


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("/posts/fog", "http://blog.example/posts/mist"),
        ("/posts/fog/", "http://blog.example/posts/mist"),
        ("/posts/haze?a=1&b=%C3%A9&c", "http://blog.example/posts/mist?a=1&b=%C3%A9&c"),
        ("/posts/fog?next=//evil.example", "http://blog.example/posts/mist?next=//evil.example"),
    ],
)
def test_every_former_address_of_a_post_leads_to_it_and_keeps_the_query(
    client: FlaskClient, publish: Publish, services: WebServices, asked: str, answered: str
) -> None:
    publish("Fog", slug="fog")
    services.publisher.rename("fog", "haze")
    services.publisher.rename("haze", "mist")

    for method in ("GET", "HEAD"):
        answer = client.open(asked, method=method)
        assert (answer.status_code, answer.headers["Location"]) == (301, answered)
    services.publisher.delete("mist")
    assert client.get(asked).status_code == 410


@pytest.mark.parametrize("front", [{"draft": "true"}, {"date": "2030-01-01"}], ids=["draft", "scheduled"])
def test_an_invisible_post_answers_like_an_unknown_one(
    client: FlaskClient, publish: Publish, services: WebServices, front: dict[str, str]
) -> None:
    publish("Secret", slug="secret", **front)
    services.publisher.rename("secret", "hidden")

    same_id = {"X-Request-ID": "5ee1"}  # which error pages tell
    never = client.get("/posts/never", headers=same_id)
    for slug in ("secret", "hidden"):
        answer = client.get(f"/posts/{slug}", headers=same_id)
        assert (answer.status_code, answer.data, answer.headers) == (404, never.data, never.headers)
