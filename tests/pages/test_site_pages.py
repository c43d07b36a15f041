"""Pages that are no posts: `/SLUG`, in the navigation, in no list and no feed."""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from feedserver.errors import SlugReserved, SlugTaken
from feedserver.posts import slugs
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.storage.schema import jobs, listed, outgoing_pings, related
from tests.pages.builders import elements, hrefs, texts
from tests.posts import builders
from tests.support.fixtures import Publish
from tests.support.outside import Clock
from tests.support.pinging import ping_body, read_answer

pytestmark = pytest.mark.one_database

SITE = "http://blog.example"
NAVIGATION = "nav[aria-label=Site] a"
PublishPage = Callable[..., Post]


@pytest.fixture
def page(publish: Publish) -> PublishPage:
    return partial(publish, page="true")


def menu(client: FlaskClient, path: str) -> list[str]:
    """The pages in the navigation of what is at `path`."""
    return texts(client.get(path).text, NAVIGATION)[5:]


# --- the page itself ---


def test_a_page_lives_at_its_slug(page: PublishPage, client: FlaskClient) -> None:
    page("About us", "Some *words* and ![a](roof.jpg).", summary="In short.", lang="de")

    answer = client.get("/about-us")

    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    assert texts(answer.text, "title") == ["About us – Example Blog"]
    assert texts(answer.text, "h1") == ["About us"]
    assert hrefs(answer.text, "link[rel=canonical]") == [f"{SITE}/about-us"]
    assert elements(answer.text, "meta[property='og:url']")[0].attrs["content"] == f"{SITE}/about-us"
    assert elements(answer.text, "meta[name=description]")[0].attrs["content"] == "In short."
    assert elements(answer.text, "article")[0].attrs["lang"] == "de"
    assert "Some <em>words</em>" in answer.text
    assert hrefs(answer.text, "link[rel=alternate]")[0] == f"{SITE}/feed.rss"


def test_it_takes_no_pings_and_no_comments(page: PublishPage, client: FlaskClient) -> None:
    page("About", "Words.", pings="open", comments="open")

    answer = client.get("/about")

    assert "X-Pingback" not in answer.headers
    assert "Link" not in answer.headers
    assert 'rel="pingback"' not in answer.text
    assert not elements(answer.text, "form, #thoughts, time, .byline, nav.related")
    assert client.post("/posts/about/comments", data={"comment": "x", "name": "A"}).status_code == 404


def test_an_untitled_page_has_a_heading_that_is_not_seen(page: PublishPage, client: FlaskClient) -> None:
    page(None, "First words.", slug="about")

    assert elements(client.get("/about").text, "h1")[0].attrs["class"] == ["unseen"]


def test_other_spellings_and_former_slugs_lead_to_it(
    page: PublishPage, services: WebServices, client: FlaskClient
) -> None:
    page("About", slug="old")
    services.publisher.rename("old", "about")

    for sent, leads_to in {
        "/about/": "/about",
        "/about/?a=b": "/about?a=b",
        "/old": "/about",
        "/old/": "/about",
        "/posts/about": "/about",
        "/posts/about/": "/about",
        "/posts/old?a=b": "/about?a=b",
    }.items():
        answer = client.get(sent)
        assert (answer.status_code, answer.headers["Location"]) == (301, SITE + leads_to), sent


def test_a_doubled_slash_leads_to_a_page_that_is_there_alone(page: PublishPage, client: FlaskClient) -> None:
    page("About")

    found, other = (client.get("/", environ_overrides={"PATH_INFO": path}) for path in ("//about", "//other.example"))

    assert (found.status_code, found.headers["Location"]) == (301, f"{SITE}/about")
    assert other.status_code == 404


NOTHING_ELSE = [
    ("GET", "/a-post", 404),
    ("GET", "/a-post/", 404),
    ("GET", "/nothing", 404),
    ("GET", "/nothing/", 404),
    ("GET", "/draft", 404),
    ("GET", "/posts/draft", 404),
    ("GET", "/later", 404),
    ("GET", "/gone", 410),
    ("GET", "/posts/gone", 404),
    ("GET", "/about/embed", 404),
    ("GET", "/posts/about/embed", 404),
    ("GET", "/posts/about/thoughts.rss", 404),
    ("GET", f"/oembed?url={SITE}/about", 404),
    ("GET", f"/oembed?url={SITE}/posts/about", 404),
    ("POST", "/about", 405),
    ("POST", "/nothing", 404),
    ("HEAD", "/about", 200),
]


def test_there_is_nothing_else(page: PublishPage, publish: Publish, services: WebServices, client: FlaskClient) -> None:
    publish("A post")
    for slug, front in {"about": {}, "draft": {"draft": "true"}, "later": {"date": "2999-01-01"}, "gone": {}}.items():
        page("T", slug=slug, **front)
    services.publisher.delete("gone")

    for method, path, status in NOTHING_ELSE:
        assert client.open(path, method=method).status_code == status, (method, path)


def test_a_page_that_was_public_and_is_a_draft_again_is_gone_until_it_is_back(
    page: PublishPage, services: WebServices, client: FlaskClient
) -> None:
    page("About")

    builders.edit(services, "about", "About", page="true", draft="true")
    assert client.get("/about").status_code == 410

    builders.edit(services, "about", "About", page="true")
    assert client.get("/about").status_code == 200
    services.publisher.delete("about")
    assert client.get("/about").status_code == 410
    services.publisher.restore("about")
    assert client.get("/about").status_code == 200


def test_a_scheduled_page_appears_by_the_clock_and_is_remembered(
    page: PublishPage, services: WebServices, client: FlaskClient, clock: Clock
) -> None:
    page("About", date=(clock() + timedelta(hours=1)).isoformat(), menu="About")
    assert (client.get("/about").status_code, menu(client, "/")) == (404, [])

    clock.move(hours=1)
    services.runner.run_due()

    assert (client.get("/about").status_code, menu(client, "/")) == (200, ["About"])
    services.publisher.delete("about")
    assert client.get("/about").status_code == 410


# --- where it stands ---


def test_it_is_in_no_list_and_no_feed(page: PublishPage, publish: Publish, client: FlaskClient) -> None:
    words = "harbour lantern compass seagull " * 3
    publish("A post", words, tags="[sea]")
    page("Nowhere to be listed", words, tags="[sea, only]", authors="[Somebody]")

    paths = ["/", "/tags/sea", "/archive", "/archive/2026", "/posts/a-post", "/feed.json", "/feed.rss", "/feed.atom"]
    paths += ["/tags/sea/feed.json", "/feeds", "/feeds.opml", "/feed.json?archive=1", "/thoughts"]
    for path in paths:
        assert "Nowhere to be" not in client.get(path).text, path
    for path in ("/tags/only", "/authors/Somebody", "/tags/only/feed.rss"):
        assert client.get(path).status_code == 404, path


def test_nothing_is_kept_of_it_that_only_posts_have(page: PublishPage, publish: Publish, services: WebServices) -> None:
    words = "harbour lantern compass seagull " * 3
    publish("A post", words)
    page("About", f"{words} [x](http://elsewhere.example/)", tags="[sea]")

    with services.database.read() as connection:
        lists = connection.execute(select(listed.c.list).where(listed.c.post_id == 2)).scalars().all()
        assert lists == ["pages"]
        assert not connection.execute(select(related)).all()
        assert not connection.execute(select(outgoing_pings)).all()
        assert not connection.execute(select(jobs.c.kind)).scalars().all()


def test_it_is_in_the_sitemap(page: PublishPage, publish: Publish, client: FlaskClient) -> None:
    publish("A post")
    page("About")
    page("Hidden", draft="true")

    assert texts(client.get("/sitemap.xml").text, "loc") == [f"{SITE}/", f"{SITE}/about", f"{SITE}/posts/a-post"]


# --- the navigation ---


def test_pages_with_a_menu_stand_in_the_navigation_everywhere_the_oldest_first(
    page: PublishPage, publish: Publish, client: FlaskClient
) -> None:
    publish("A post", tags="[sea]")
    page("Second", menu="Ways to write", date="2026-02-01")
    page("First", menu="<About>", date="2026-01-01")
    page("Third")

    everywhere = ["/", "/posts/a-post", "/tags/sea", "/archive", "/archive/2026", "/thoughts", "/feeds", "/webmention"]
    everywhere += ["/first", "/third", "/nothing", "/posts/a-post?comment=held"]
    for path in everywhere:
        assert menu(client, path) == ["<About>", "Ways to write"], path
    assert hrefs(client.get("/").text, NAVIGATION)[5:] == [f"{SITE}/first", f"{SITE}/second"]
    assert hrefs(client.get("/first").text, f"{NAVIGATION}[aria-current=page]") == [f"{SITE}/first"]


def test_the_navigation_follows_each_change_at_once(
    page: PublishPage, services: WebServices, client: FlaskClient
) -> None:
    page("About", menu="About")
    assert menu(client, "/") == menu(client, "/nothing") == ["About"]

    builders.edit(services, "about", "About", page="true", menu="Who")
    assert menu(client, "/") == menu(client, "/nothing") == ["Who"]
    services.publisher.rename("about", "who")
    assert hrefs(client.get("/nothing").text, NAVIGATION)[5:] == [f"{SITE}/who"]
    services.publisher.delete("who")
    assert menu(client, "/") == menu(client, "/nothing") == []


def test_an_error_page_needs_no_database_for_it(
    page: PublishPage, services: WebServices, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page("About", menu="About")
    assert menu(client, "/nothing") == ["About"]

    def fails(*_: object) -> object:
        raise OperationalError("", None, Exception("away"))

    monkeypatch.setattr(type(services.database), "read_public", fails)
    monkeypatch.setattr(type(services.changes), "recent_revision", fails)
    monkeypatch.setattr(type(services.changes), "present_revision", fails)
    answer = client.get("/about")

    assert answer.status_code == 503
    assert texts(answer.text, NAVIGATION)[5:] == ["About"]
    assert client.get("/tags").status_code == 503  # it may be an old address


# --- slugs ---


def test_posts_and_pages_share_one_set_of_slugs(page: PublishPage, publish: Publish) -> None:
    publish("One")
    page("Two")

    with pytest.raises(SlugTaken):
        page("One")
    with pytest.raises(SlugTaken):
        publish("Two")


def test_no_page_lives_at_an_address_of_the_site(page: PublishPage, publish: Publish, services: WebServices) -> None:
    page("About")

    for slug in (
        "posts Tags feed.rss feeds.opml rss sitemap-3.xml search search.atom desk media notices xmlrpc.php rsd.xml"
        " sitemap-a.xml micropub metrics opensearch.xml previews robots.txt hub"
    ).split():
        with pytest.raises(SlugReserved):
            page("T", slug=slug)
        with pytest.raises(SlugReserved):
            services.publisher.rename("about", slug)
    assert publish("T", slug="search").slug == "search"


def test_the_first_steps_of_all_routes_are_reserved(app: Flask) -> None:
    steps = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}

    assert {step for step in steps if step and "<" not in step and not slugs.is_reserved(step)} == set()


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [("GET", "/pingback", 405, "POST"), ("GET", "/hub", 405, "POST"), ("PUT", "/webmention", 405, "GET, HEAD, POST")],
)
def test_our_own_addresses_keep_their_methods(
    client: FlaskClient, method: str, path: str, status: int, allowed: str
) -> None:
    answer = client.open(path, method=method)

    assert answer.status_code == status
    assert set(allowed.split(", ")) <= set(answer.headers["Allow"].split(", "))
    assert "PUT" not in answer.headers["Allow"]


# --- pings ---


@pytest.mark.parametrize(
    ("source", "target", "fault"),
    [
        ("http://else.example/", "/about", 33),
        ("http://else.example/", "/posts/about", 33),
        ("http://else.example/", "/posts/draft", 32),
        (f"{SITE}/about", "/posts/a-post", 16),
        (f"{SITE}/posts/about", "/posts/a-post", 16),
    ],
)
def test_a_page_is_neither_the_target_nor_the_source_of_a_ping(
    page: PublishPage, publish: Publish, client: FlaskClient, source: str, target: str, fault: int
) -> None:
    publish("A post")
    page("About", f"[x]({SITE}/posts/a-post)")
    page("Draft", draft="true")

    answer = client.post("/pingback", data=ping_body(source, SITE + target), content_type="text/xml")
    form = {"source": source, "target": SITE + target}

    assert read_answer(answer.data) == fault
    assert client.post("/webmention", data=form).status_code == 400


def test_the_json_of_thoughts_and_posts_does_not_name_it(page: PublishPage, client: FlaskClient) -> None:
    page("About")

    assert json.loads(client.get("/feed.json").text)["items"] == []
