"""Old addresses over HTTP: 301 where nothing else answers."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from feedserver.app import create_app
from feedserver.redirects import adding
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.storage import revision
from tests.posts import builders
from tests.support.fixtures import Assemble, Publish

SITE = "http://blog.example"
Redirect = Callable[[str, str], object]


@pytest.fixture
def redirect(services: WebServices) -> Redirect:
    return adder(services)


def adder(services: WebServices) -> Redirect:
    def add(old: str, new: str) -> None:
        with services.database.write() as connection:
            revision.revise(connection)
            adding.add(connection, services.urls, old, new)

    return add


def asked(client: FlaskClient, path: str, method: str = "GET") -> str | int:
    """Where a request is sent, below the site; else its status."""
    answer = client.open(path, method=method)
    if answer.status_code != 301:
        return answer.status_code
    assert "ETag" not in answer.headers
    assert "Last-Modified" not in answer.headers
    return answer.headers["Location"].removeprefix(SITE)


# --- which requests ---


SPELLINGS = [
    ("/2009/05/a-post", "/2009/05/a-post"),
    ("/2009/05/a-post", "/2009/05/a-post/"),
    ("/2009/05/a-post/", "/2009/05/a-post"),
    ("/2009/05/a-post", "/2009/05/a-post?utm_source=x&share=y"),
    ("/2009/05/a-post", "//2009//05/./a-post"),
    ("/caf%c3%a9", "/caf%C3%A9"),
    ("/café", "/caf%C3%A9/"),
    ("/cafe\u0301", "/caf%C3%A9"),
    ("/caf%E9", "/caf%E9"),
    ("/100%25", "/100%25"),
    ("/a%2520b", "/a%2520b"),
    ("/a b", "/a%20b"),
    ("/what%3F", "/what%3f"),
    ("/a%00b", "/a%00b"),
    ("/a%0Ab", "/a%0ab"),
    ("http://old.example/2009/x/#more", "/2009/x"),
    (f"{SITE}/2009/x", "/2009/x"),
    ("/?p=12", "/?p=12"),
    ("?p=12", "/?p=12"),
    ("/?p=12", "/?utm_source=x&p=12&preview=true"),
    ("http://old.example/?page_id=7", "/?page_id=7"),
    ("/?attachment_id=9", "/?attachment_id=9"),
    ("/?cat=3&p=12", "/?p=12&cat=3"),
    ("/index.php?p=12", "/index.php?p=12"),
    ("/blog/?p=12", "/blog?p=12&x="),
    ("/search/label/sea", "/search/label/sea"),
    ("/feeds/old", "/feeds/old"),
    ("/a-post.html", "/a-post.html"),
]


def test_every_spelling_of_an_old_address_leads_to_the_new_one(
    publish: Publish, redirect: Redirect, client: FlaskClient
) -> None:
    publish("A post")
    for old in dict.fromkeys(old for old, _ in SPELLINGS):
        redirect(old, "/posts/a-post")

    for _, sent in SPELLINGS:
        answer = client.get("/", environ_overrides=target(sent)) if sent.startswith("//") else client.get(sent)
        assert (answer.status_code, answer.headers.get("Location")) == (301, f"{SITE}/posts/a-post"), sent


def target(sent: str) -> dict[str, str]:
    return {"PATH_INFO": sent, "RAW_URI": sent}


def test_nothing_else_is_redirected(publish: Publish, redirect: Redirect, client: FlaskClient) -> None:
    publish("A post")
    for old in ("/?p=12", "/?cat=3&q=1", "/a%2520b", "/Old", "/index.php?p=12"):
        redirect(old, "/posts/a-post")

    for sent in ("/", "/?p=13", "/?p=", "/?page=1", "/?cat=3", "/?q=1"):
        assert asked(client, sent) == 200, sent
    for sent in ("/nothing?p=12", "/a%20b", "/old", "/Old/more", "/index.php", "/index.php?p=1"):
        assert asked(client, sent) == 404, sent
    assert asked(client, "/archive?p=12") == 200


PARTS = {
    "/2009/05/a-post/comment-page-2/": "/posts/a-post",
    "/2009/05/a-post/page/2": "/posts/a-post",
    "/2009/05/a-post/index.html": "/posts/a-post",
    "/index.php?p=12": "/posts/a-post",
    "/category/walks/page/3/": "/tags/walks",
    "/page/2/": "/",
    "/index.php": 404,
    "/index.php?p=13": 404,
    "/2009/06/another/page/2": 404,
    "/2009/05/a-post/pages/2": 404,
    "/2009/05/a-post/index.txt": 404,
}


@pytest.mark.parametrize(("asked_for", "led_to"), PARTS.items(), ids=PARTS)
def test_a_part_of_an_old_page_leads_where_the_page_does(
    publish: Publish, redirect: Redirect, client: FlaskClient, asked_for: str, led_to: str | int
) -> None:
    publish("A post", tags=["walks"])
    for old in ("/2009/05/a-post/", "/?p=12"):
        redirect(old, "/posts/a-post")
    redirect("/category/walks/", "/tags/walks")

    assert asked(client, asked_for) == led_to


def test_the_most_exact_one_wins(publish: Publish, redirect: Redirect, client: FlaskClient) -> None:
    for title in ("One", "Two", "Three"):
        publish(title)
    redirect("/x.php", "/posts/one")
    redirect("/x.php?p=1", "/posts/two")
    redirect("/x.php?p=1&q=2", "/posts/three")

    assert [asked(client, f"/x.php{query}") for query in ("", "?p=1", "?q=2&p=1", "?p=2")] == [
        "/posts/one",
        "/posts/two",
        "/posts/three",
        "/posts/one",
    ]


def test_a_post_is_a_404_and_head_and_get_alone_are_redirected(
    publish: Publish, redirect: Redirect, client: FlaskClient
) -> None:
    publish("A post")
    redirect("/old", "/posts/a-post")

    assert asked(client, "/old", "HEAD") == "/posts/a-post"
    assert asked(client, "/old", "POST") == 404


def test_what_appears_at_an_old_address_answers_itself(
    publish: Publish, redirect: Redirect, client: FlaskClient
) -> None:
    redirect("/tags/sea", "http://elsewhere.example/")
    redirect("/about", "http://elsewhere.example/")
    assert (asked(client, "/tags/sea"), asked(client, "/about")) == ("http://elsewhere.example/",) * 2

    publish("A post", tags="[sea]")
    publish("About", page="true")

    assert (asked(client, "/tags/sea"), asked(client, "/about")) == (200, 200)


# --- where they lead ---


def test_it_follows_the_post_wherever_it_goes_in_one_step(
    publish: Publish, redirect: Redirect, services: WebServices, client: FlaskClient
) -> None:
    publish("A post", slug="one")
    services.publisher.rename("one", "two")
    redirect("/old", "/posts/one?thoughts=2#thought-1")

    assert asked(client, "/old") == "/posts/two?thoughts=2#thought-1"
    services.publisher.rename("two", "drei ß".replace(" ", "-"))
    assert asked(client, "/old") == "/posts/drei-%C3%9F?thoughts=2#thought-1"


def test_it_leads_to_a_page_too(publish: Publish, redirect: Redirect, client: FlaskClient) -> None:
    publish("About", page="true")
    redirect("/about-us.html", "/about")

    assert asked(client, "/about-us.html") == "/about"


def test_a_post_that_nobody_sees_yet_is_not_betrayed(
    publish: Publish, redirect: Redirect, services: WebServices, client: FlaskClient
) -> None:
    publish("Secret", draft="true")
    redirect("/old", "/posts/secret")
    assert asked(client, "/old") == 404

    builders.edit(services, "secret", "Secret")
    assert asked(client, "/old") == "/posts/secret"
    services.publisher.delete("secret")
    assert asked(client, "/old") == 410


def test_a_redirect_lies_over_a_deleted_post_and_its_former_addresses(
    publish: Publish, redirect: Redirect, services: WebServices, client: FlaskClient
) -> None:
    publish("One")
    services.publisher.rename("one", "uno")
    publish("Two")
    redirect("/old", "/posts/uno")
    services.publisher.delete("uno")
    assert asked(client, "/posts/uno") == 410

    redirect("/posts/uno", "/posts/two")

    assert [asked(client, path) for path in ("/posts/uno", "/posts/uno/", "/posts/one", "/old")] == ["/posts/two"] * 4
    assert asked(client, "/posts/uno/thoughts.rss") == 410
    services.publisher.restore("uno")
    assert [asked(client, path) for path in ("/posts/uno", "/old")] == [200, "/posts/uno"]


def test_a_site_with_a_path_answers_old_addresses_below_it_and_beside_it(
    settings: Settings, assemble: Assemble
) -> None:
    services = assemble(replace(settings, site=replace(settings.site, url=f"{SITE}/b")))
    builders.publish(services)
    client = create_app(services=services).test_client()
    add = adder(services)
    add("/2009/x", "/posts/a-post")
    add(f"{SITE}/b/2009/y", f"{SITE}/b/posts/a-post")
    add("http://old.example/blog/z", "/posts/a-post")

    for path in ("/b/2009/x", "/2009/x", "/b/2009/y/", "/blog/z"):
        assert asked(client, path) == "/b/posts/a-post", path
    assert asked(client, "/blog/none") == 404


# --- feeds of other systems ---


OLD_FEEDS = [
    ("/feeds/posts/default", "/feed.atom"),
    ("/feeds/posts/default?alt=rss", "/feed.rss"),
    ("/feeds/posts/default/-/Sea", "/tags/Sea/feed.atom"),
    ("/feeds/comments/default", "/thoughts.atom"),
    ("/blog/feed/", "/feed.rss"),
    ("/blog/feed/atom/", "/feed.atom"),
    ("/blog/index.xml", "/feed.rss"),
    ("/comments/feed/", "/thoughts.rss"),
    ("/comments/feed/atom/", "/thoughts.atom"),
    ("/blog/comments/feed/", "/thoughts.rss"),
    ("/x/feed/", "/feed.rss"),
    ("/feed/rss2/", "/feed.rss"),
    ("/atom", "/feed.atom"),
    ("/category/sea/feed/", "/tags/Sea/feed.rss"),
    ("/tag/sea/rss/", "/tags/Sea/feed.rss"),
    ("/tags/sea/index.xml", "/tags/Sea/feed.rss"),
    ("/author/ann%20author/feed/", "/authors/Ann%20Author/feed.rss"),
    ("/2009/05/a-post/feed/", "/posts/a-post/thoughts.rss"),
    ("/posts/a-post/feed/", "/posts/a-post/thoughts.rss"),
    ("/category/deep-sea/feed/", "/tags/Sea/feed.rss"),
    ("/?feed=rss2", "/feed.rss"),
    ("/?feed=atom", "/feed.atom"),
    ("/?feed=comments-rss2", "/thoughts.rss"),
    ("/?feed=rss2&p=12", "/posts/a-post/thoughts.rss"),
    ("/?feed=special", "http://elsewhere.example/"),
    ("/special/feed", "/posts/a-post"),
]


def test_addresses_of_old_feeds_lead_to_the_feed_that_is_meant(
    publish: Publish, redirect: Redirect, client: FlaskClient
) -> None:
    publish("A post", tags="[Sea]", authors="[Ann Author]")
    for old in ("/2009/05/a-post", "/?p=12", "/special/feed"):
        redirect(old, "/posts/a-post")
    redirect("/category/deep-sea", "/tags/Sea")
    redirect("/?feed=special", "http://elsewhere.example/")

    assert [(sent, asked(client, sent)) for sent, _ in OLD_FEEDS] == OLD_FEEDS


def test_feeds_that_are_not_there_stay_away(publish: Publish, client: FlaskClient) -> None:
    publish("A post")

    for sent in (
        *("/tags/none/feed.rss", "/category/none/feed/", "/tags/none/feed", "/posts/none/thoughts.rss"),
        *("/feeds/none/default", "/feed.rss?page=7", "/posts/a-post/embed/x", "/nothing"),
    ):
        assert asked(client, sent) == 404, sent


def test_a_reader_who_follows_gets_304_as_ever(publish: Publish, client: FlaskClient) -> None:
    publish("A post")
    etag = client.get("/feed.rss").headers["ETag"]

    answer = client.get("/blog/feed/", headers={"If-None-Match": etag}, base_url=SITE, follow_redirects=True)

    assert answer.status_code == 304
