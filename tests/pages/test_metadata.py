"""What pages say to machines: Open Graph (ogp.me), microdata (schema.org), links to older and newer ones."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from feedserver.pages.views import POSTS_ON_A_PAGE
from feedserver.services import WebServices
from tests.feeds.happenings import link, say
from tests.pages import microdata
from tests.pages.builders import QUOTED, elements, hrefs, texts
from tests.posts.builders import edit
from tests.support.fixtures import Publish
from tests.support.outside import Clock

pytestmark = pytest.mark.one_database

SITE_DESCRIPTION = "Posts, and the thoughts of other blogs on them"
HOME, FOG, ANN = "http://blog.example/", "http://blog.example/posts/fog", "http://blog.example/authors/Ann%20Author"


def open_graph(client: FlaskClient, path: str) -> list[tuple[str, str]]:
    found = elements(client.get(path).text, "head meta[property]")
    return [(str(e.attrs["property"]), str(e.attrs["content"])) for e in found]


def neighbours(client: FlaskClient, path: str) -> tuple[list[str], list[str]]:
    """Where `rel=prev` and `rel=next` lead, which the head and the body say alike."""
    page = client.get(path).text
    prev, following = (hrefs(page, f"head link[rel={rel}]") for rel in ("prev", "next"))
    assert (hrefs(page, "main a[rel=prev]"), hrefs(page, "main a[rel=next]")) == (prev, following)
    return prev, following


# --- Open Graph ---


def test_open_graph_says_what_a_post_is(client: FlaskClient, publish: Publish) -> None:
    publish(
        "Fog & “Mist”",
        slug="fog",
        summary="In short.",
        body="![](/fog.png)",
        date="2026-01-31 18:00",
        updated="2026-02-01 08:00",
        authors="[Ann Author, A & B]",
        tags="[sea, a/b]",
        lang="pt-BR",
    )

    assert open_graph(client, "/posts/fog") == [
        ("og:type", "article"),
        ("og:title", "Fog & “Mist”"),
        ("og:url", FOG),
        ("og:site_name", "Example Blog"),
        ("og:locale", "pt_BR"),
        ("og:description", "In short."),
        ("og:image", "http://blog.example/fog.png"),
        ("article:published_time", "2026-01-31T18:00:00Z"),
        ("article:modified_time", "2026-02-01T08:00:00Z"),
        ("article:author", ANN),
        ("article:author", "http://blog.example/authors/A%20%26%20B"),
        ("article:tag", "sea"),
        ("article:tag", "a/b"),
    ]


@pytest.mark.parametrize(
    ("path", "title", "url", "description"),
    [
        ("/", "Example Blog", HOME, SITE_DESCRIPTION),
        ("/?page=1&utm_source=x", "Example Blog", HOME, SITE_DESCRIPTION),
        ("/?page=2", "Example Blog", "http://blog.example/?page=2", SITE_DESCRIPTION),
        ("/tags/a%2Fb", "a/b", "http://blog.example/tags/a%2Fb", "a/b – Example Blog"),
        ("/authors/Ann%20Author", "Ann Author", ANN, "Ann Author – Example Blog"),
    ],
)
def test_open_graph_says_that_a_list_is_part_of_the_site(
    client: FlaskClient, publish: Publish, path: str, title: str, url: str, description: str
) -> None:
    for number in range(POSTS_ON_A_PAGE + 1):
        publish(slug=f"p{number}", tags="[a/b]")

    assert open_graph(client, path) == [
        ("og:type", "website"),
        ("og:title", title),
        ("og:url", url),
        ("og:site_name", "Example Blog"),
        ("og:locale", "en"),
        ("og:description", description),
    ]


# --- microdata ---


def test_microdata_says_what_a_post_is(client: FlaskClient, publish: Publish) -> None:
    publish(
        "Fog",
        "The *sea* ![](/fog.png)",
        slug="fog",
        summary=f"In short {QUOTED}",
        date="2026-01-31 18:00",
        updated="2026-02-01 08:00",
        authors="[Ann Author, Ben]",
        tags="[sea, a/b]",
        lang="de",
    )

    (post,) = microdata.read(client.get("/posts/fog").text)

    assert post.type == "https://schema.org/BlogPosting"
    assert {name: values for name, values in post.properties.items() if name != "author"} == {
        "inLanguage": ["de"],
        "commentCount": ["0"],
        "image": ["http://blog.example/fog.png"],
        "headline": ["Fog"],
        "url": [FOG],
        "mainEntityOfPage": [FOG],
        "datePublished": ["2026-01-31T18:00:00Z"],
        "dateModified": ["2026-02-01T08:00:00Z"],
        "description": [f"In short {QUOTED}"],
        "articleBody": ["The sea"],
        "keywords": ["sea", "a/b"],
    }
    assert [(one.type, one["name"], one["url"]) for one in post.properties["author"]] == [
        ("https://schema.org/Person", "Ann Author", ANN),
        ("https://schema.org/Person", "Ben", "http://blog.example/authors/Ben"),
    ]


def test_microdata_of_an_untitled_post_has_its_first_words(client: FlaskClient, publish: Publish) -> None:
    publish("", "Just a *few* words.", slug="note")

    (post,) = microdata.read(client.get("/posts/note").text)

    assert (post["headline"], post["description"]) == ("Just a few words.", "Just a few words.")


def test_microdata_holds_the_thoughts_as_comments(client: FlaskClient, publish: Publish, services: WebServices) -> None:
    post = publish("Fog", slug="fog")
    link(services, post, "https://other.example/1", "[…] words […]")
    said = say(services, post, "Well said.")

    (found,) = microdata.read(client.get("/posts/fog").text)
    ping, comment = found.properties["comment"]

    assert found["commentCount"] == "2"
    assert (ping.type, ping["url"], ping["text"]) == (
        "https://schema.org/Comment",
        "https://other.example/1",
        "[…] words […]",
    )
    assert (comment.type, comment["url"], comment["text"]) == (
        "https://schema.org/Comment",
        f"{FOG}#thought-{said.id}",
        "Well said.",
    )
    assert comment["author"]["name"] == said.author_label
    assert {one["author"].type for one in (ping, comment)} == {"https://schema.org/Person"}


@pytest.mark.parametrize("path", ["/", "/tags/sea", "/authors/Ann%20Author"])
def test_microdata_of_a_list_says_which_blog_its_posts_belong_to(
    client: FlaskClient, publish: Publish, path: str
) -> None:
    publish("Fog", slug="fog", summary="In short.", tags="[sea]")

    (blog,) = microdata.read(client.get(path).text)

    assert (blog.type, blog["name"], blog["url"]) == ("https://schema.org/Blog", "Example Blog", HOME)
    assert blog["blogPost"].type == "https://schema.org/BlogPosting"
    assert [blog["blogPost"][name] for name in ("headline", "url", "description", "keywords")] == [
        "Fog",
        FOG,
        "In short.",
        "sea",
    ]


# --- the time of a thought ---


def test_the_time_of_a_thought_is_in_whole_seconds(
    client: FlaskClient, publish: Publish, services: WebServices, clock: Clock
) -> None:
    post = publish("Fog", slug="fog")
    clock.now = clock.now.replace(microsecond=987_654)
    say(services, post)
    link(services, post, "https://other.example/1")

    times = [e.attrs["datetime"] for e in elements(client.get("/posts/fog").text, "#thoughts time")]

    assert times == [f"{clock.now:%Y-%m-%dT%H:%M:%S}Z"] * 2


# --- older and newer ones ---


def test_posts_lead_to_the_next_older_and_newer_one_by_name(client: FlaskClient, publish: Publish) -> None:
    publish(f"First {QUOTED}", slug="first", date="2026-01-01")
    publish("Fog", slug="fog", date="2026-01-02")
    publish("", "Last words " + "and more " * 20, slug="last", date="2026-01-03")

    page = client.get("/posts/fog").text

    assert neighbours(client, "/posts/fog") == (
        ["http://blog.example/posts/first"],
        ["http://blog.example/posts/last"],
    )
    assert neighbours(client, "/posts/first") == ([], [FOG])
    assert neighbours(client, "/posts/last") == ([FOG], [])
    named = texts(page, "nav.neighbours a")
    assert [e.attrs["title"] for e in elements(page, "head link[rel=prev], head link[rel=next]")] == named
    assert named[0] == f"First {QUOTED}"
    assert len(named[1]) <= 80


def test_a_post_alone_leads_to_no_other(client: FlaskClient, publish: Publish) -> None:
    publish("Fog", slug="fog")

    assert neighbours(client, "/posts/fog") == ([], [])
    assert elements(client.get("/posts/fog").text, "nav.neighbours") == []


def test_a_page_that_is_cached_follows_what_becomes_of_its_neighbours(
    client: FlaskClient, publish: Publish, services: WebServices, clock: Clock
) -> None:
    publish("First", slug="first", date="2026-01-01")
    publish("Fog", slug="fog", date="2026-01-02")
    publish("Later", slug="later", date=(clock() + timedelta(hours=1)).isoformat())
    assert texts(client.get("/posts/fog").text, "nav.neighbours a") == ["First"]

    edit(services, "first", "First of all")
    services.publisher.rename("first", "start")
    assert neighbours(client, "/posts/fog") == (["http://blog.example/posts/start"], [])
    assert texts(client.get("/posts/fog").text, "nav.neighbours a") == ["First of all"]

    clock.move(hours=1)
    assert texts(client.get("/posts/fog").text, "nav.neighbours a") == ["First of all", "Later"]

    services.publisher.delete("start")
    edit(services, "later", "Later", draft="true")
    assert neighbours(client, "/posts/fog") == ([], [])


@pytest.mark.parametrize("path", ["/", "/tags/sea", "/authors/Ann%20Author"])
def test_pages_of_a_list_lead_to_newer_and_older_ones_in_the_head_too(
    client: FlaskClient, publish: Publish, path: str
) -> None:
    for number in range(2 * POSTS_ON_A_PAGE + 1):
        publish(slug=f"p{number}", tags="[sea]")
    first, second, third = (f"http://blog.example{path}{query}" for query in ("", "?page=2", "?page=3"))

    assert neighbours(client, path) == ([], [second])
    assert neighbours(client, f"{path}?page=2") == ([first], [third])
    assert neighbours(client, f"{path}?page=3") == ([second], [])
