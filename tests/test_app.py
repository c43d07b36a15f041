"""The application as a whole: security headers, error pages, and no trace of a request's Host header."""

import logging
import re
from dataclasses import replace
from typing import NoReturn
from urllib.parse import unquote_to_bytes

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.test import TestResponse

from feedserver.app import create_app
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.feeds.happenings import link, say, take_the_database_away
from tests.support.fixtures import Assemble, Publish

PAGES = ["/", "/posts/fog", "/tags/sea", "/authors/Ann%20Author", "/none", "/posts/gone"]
INTERNAL_WORDS = re.compile(
    r"traceback|exception|sqlalchemy|werkzeug|flask|error:|feedserver/|\.py\b|select ", re.IGNORECASE
)


@pytest.fixture
def fog(publish: Publish, services: WebServices) -> Post:
    """A post with two thoughts, one that was renamed and one that was deleted."""
    publish("Gone", slug="gone", tags="[sea]")
    services.publisher.delete("gone")
    publish("New", slug="old", tags="[sea]")
    services.publisher.rename("old", "new")
    post = publish("Fog", slug="fog", tags="[sea]", body="Fog.\n\n| a | b |\n|---|--:|\n| 1 | 2 |")
    say(services, post)
    link(services, post, "https://other.example/1")
    return post


@pytest.fixture
def broken(app: Flask) -> FlaskClient:
    """A client of an application whose post pages raise an unexpected error."""
    app.testing = False

    def fail(**_: object) -> NoReturn:
        raise RuntimeError("a secret of ours: SELECT password FROM users")

    app.view_functions["pages.post"] = fail
    return app.test_client()


# --- headers ---


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_a_strict_content_security_policy(client: FlaskClient, fog: Post, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))

    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == policy["form-action"] == "'self' http://blog.example"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert not {"script-src", "connect-src", "object-src", "worker-src", "font-src"} & set(policy)
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-cache"
    assert "Permissions-Policy" in headers
    assert "Set-Cookie" not in headers


def test_the_policy_has_the_origin_of_the_site(settings: Settings, assemble: Assemble) -> None:
    site = replace(settings.site, url="https://host.example:8443/blog")

    answer = create_app(services=assemble(replace(settings, site=site))).test_client().get("/blog/")

    assert "style-src 'self' https://host.example:8443;" in answer.headers["Content-Security-Policy"]


def test_the_stylesheet_is_cacheable_for_a_year_at_a_url_with_its_digest(client: FlaskClient) -> None:
    (address,) = re.findall(r'<link rel="stylesheet" href="http://blog\.example([^"]+)">', client.get("/").text)

    answer = client.get(address, buffered=True)

    assert answer.status_code == 200
    assert re.search(r"\?v=[0-9a-f]{12}$", address)
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    assert client.head(address, buffered=True).headers["Content-Length"] == str(len(answer.data))


@pytest.mark.parametrize("path", ["/static/", "/static/none.css", "/static/../app.py", "/static/%2e%2e/views.py"])
def test_no_other_file_is_served_as_a_static_file(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


# --- errors ---


@pytest.mark.parametrize(
    ("method", "path", "status", "heading"),
    [
        ("GET", "/none", 404, "Not found"),
        ("GET", "/posts/none", 404, "Not found"),
        ("GET", "/posts/gone", 410, "Gone"),
        ("GET", "/tags/none", 404, "Not found"),
        ("GET", "/receipts/none", 404, "Not found"),
        ("GET", "/posts/%00", 404, "Not found"),
        ("GET", "/posts/%FF", 404, "Not found"),
        ("GET", "/posts/" + "x" * 8000, 404, "Not found"),
        ("GET", "/posts/gone/", 410, "Gone"),
        ("GET", "/posts/none/", 404, "Not found"),
        ("GET", "/none/", 404, "Not found"),
        ("POST", "/posts/fog/", 405, "Not this way"),
        ("POST", "/posts//fog", 404, "Not found"),
        ("POST", "/", 405, "Not this way"),
        ("DELETE", "/posts/fog", 405, "Not this way"),
        ("PUT", "/posts/fog/comments", 405, "Not this way"),
        ("GET", "/pingback/", 405, "Not this way"),
        ("BREW", "/posts/fog", 405, "Not this way"),
        ("POST", "/none", 404, "Not found"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_errors_are_pages_without_internals_that_link_to_the_home_page(
    client: FlaskClient, fog: Post, method: str, path: str, status: int, heading: str
) -> None:
    answer = client.open(path, method=method)

    assert answer.status_code == status
    assert f"<h1>{heading}</h1>" in answer.text
    assert '<a href="http://blog.example/">home page</a>' in answer.text
    assert '<meta name="robots" content="noindex">' in answer.text
    assert not INTERNAL_WORDS.search(answer.text)
    assert "X-Pingback" not in answer.headers
    assert "pingback" not in answer.text.lower()


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", {"GET", "HEAD", "OPTIONS"}),
        ("/posts/fog", {"GET", "HEAD", "OPTIONS"}),
        ("/posts/fog/comments", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/pingback", {"POST"}),
        ("/pingback/", {"POST"}),
        ("/feed", {"GET", "HEAD", "OPTIONS"}),
        ("/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_405_has_an_allow_header(client: FlaskClient, path: str, allowed: set[str]) -> None:
    answer = client.open(path, method="PROPFIND")

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == allowed


def test_an_unexpected_error_is_logged_and_not_shown(
    broken: FlaskClient, fog: Post, caplog: pytest.LogCaptureFixture
) -> None:
    answer = broken.get("/posts/fog")

    assert answer.status_code == 500
    assert "<h1>Our fault</h1>" in answer.text
    assert not INTERNAL_WORDS.search(answer.text)
    assert "secret" not in answer.text
    assert "Content-Security-Policy" in answer.headers
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert "a secret of ours" in str(record.exc_info[1])


@pytest.mark.parametrize("path", ["/", "/posts/fog", "/tags/sea", "/receipts/x", "/receipts/x.json"])
def test_without_a_database_pages_are_503_with_retry_after(
    client: FlaskClient, fog: Post, services: WebServices, path: str
) -> None:
    take_the_database_away(services)

    answer = client.get(path)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "<h1>One moment</h1>" in answer.text
    assert not INTERNAL_WORDS.search(answer.text)


def test_a_comment_that_cannot_be_stored_is_a_503(client: FlaskClient, fog: Post, services: WebServices) -> None:
    take_the_database_away(services)

    assert client.post("/posts/fog/comments", data={"comment": "x"}).status_code == 503


def test_an_exhausted_connection_pool_is_a_503_too(app: Flask, fog: Post) -> None:
    app.testing = False

    def time_out(**_: object) -> NoReturn:
        raise NoConnection

    app.view_functions["pages.post"] = time_out

    answer = app.test_client().get("/posts/fog")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")


# --- one address ---


def ask(client: FlaskClient, target: str, method: str = "GET") -> TestResponse:
    """Sends a request target as it is; the client alone would take `//x` for a host."""
    path, _, query = target.partition("?")
    sent = {"PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "RAW_URI": target}
    return client.open("/", method=method, query_string=query, environ_overrides=sent)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("/posts/fog/", "/posts/fog"),
        ("/posts/fog//", "/posts/fog"),
        ("//posts/fog", "/posts/fog"),
        ("//posts//fog?x=%2F&y", "/posts/fog?x=%2F&y"),
        ("/posts/fog/?next=//evil.example", "/posts/fog?next=//evil.example"),
        ("/./posts/x/../fog", "/posts/fog"),
        ("/tags/sea/", "/tags/sea"),
        ("/tags//sea?page=2", "/tags/sea?page=2"),
        ("/authors/Ann%20Author/", "/authors/Ann%20Author"),
        ("/tags/sea/feed.atom/", "/tags/sea/feed.atom"),
        ("/tags/sea//feed.atom", "/tags/sea/feed.atom"),
        ("/posts/fog/thoughts.rss/", "/posts/fog/thoughts.rss"),
        ("/feed.rss/", "/feed.rss"),
        ("//feed.json", "/feed.json"),
        ("/feed.atom/?page=2", "/feed.atom?page=2"),
        ("/thoughts.rss/", "/thoughts.rss"),
        ("/feeds/", "/feeds"),
        ("/feeds.opml/", "/feeds.opml"),
        ("/healthz/", "/healthz"),
        ("/static/style.css/?v=1", "/static/style.css?v=1"),
        ("/static//./style.css", "/static/style.css"),
        ("//", "/"),
        ("///?page=1", "/?page=1"),
    ],
)
def test_another_spelling_of_an_address_leads_to_it(client: FlaskClient, fog: Post, asked: str, answered: str) -> None:
    for method in ("GET", "HEAD"):
        answer = ask(client, asked, method)

        assert (answer.status_code, answer.headers["Location"]) == (301, f"http://blog.example{answered}")
        assert "X-Pingback" not in answer.headers
    assert client.get(answered, buffered=True).status_code in (200, 404)  # a list has no second page


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/", "/\\evil.example/", "//evil.example/posts/fog/"])
def test_no_spelling_leads_to_another_site(client: FlaskClient, fog: Post, path: str) -> None:
    assert ask(client, path).status_code == 404


def test_the_door_for_comments_leads_readers_to_the_post(client: FlaskClient, fog: Post) -> None:
    for path in ("/posts/fog/comments", "/posts/fog/comments?x", "/posts/fog/comments/"):
        answer = client.get(path)

        assert (answer.status_code, answer.headers["Location"]) == (303, "http://blog.example/posts/fog")
    assert client.get("/posts/gone/comments").status_code == 410
    assert client.get("/posts/none/comments").status_code == 404
    assert client.post("/posts/fog/comments/").status_code == 422


# --- the Host header ---

EVERYTHING = [
    *PAGES,
    "/feed.rss",
    "/feed.atom",
    "/feed.json",
    "/thoughts.json",
    "/posts/fog/thoughts.atom",
    "/feed",
    "/comments/feed/",
    "/posts/old?x=1",
    "/posts/old/thoughts.rss",
    "/healthz",
    "/readyz",
]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:99999", "a..b", "x" * 300, '"><script>', "[::1", ""])
def test_no_answer_depends_on_the_host_header(client: FlaskClient, fog: Post, host: str) -> None:
    same_id = {"X-Request-ID": "a"}
    forged = same_id | {"Host": host, "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}

    for path in EVERYTHING:
        honest, asked = client.get(path, headers=same_id), client.get(path, headers=forged)

        same = re.compile(r'name="token" value="[^"]+"')  # each form has its own
        assert (path, asked.status_code) == (path, honest.status_code)
        assert same.sub("", asked.text) == same.sub("", honest.text)
        assert asked.headers.get("Location") == honest.headers.get("Location")
        assert asked.headers.get("X-Pingback") == honest.headers.get("X-Pingback")
        assert "evil.example" not in asked.text + str(asked.headers)


# --- below a path ---


def test_a_site_with_a_path_keeps_it_in_pages_and_redirects(settings: Settings, assemble: Assemble, fog: Post) -> None:
    site = replace(settings.site, url="https://host.example/blog")
    client = create_app(services=assemble(replace(settings, site=site))).test_client()

    for path in PAGES[:4]:
        page = client.get(f"/blog{path}")
        assert page.status_code == 200
        assert not re.search(r'(?:href|src|action)="(?!https://(?:host\.example/blog/|bob|other)|#|data:,)', page.text)
        assert client.get(path).status_code == 404
    for path, plain in (("", "/"), ("//", "/"), ("//posts//fog/", "/posts/fog"), ("/feed.rss/", "/feed.rss")):
        answer = ask(client, f"/blog{path}?a=1")
        assert (answer.status_code, answer.headers["Location"]) == (301, f"https://host.example/blog{plain}?a=1")
    assert ask(client, "//blog//posts/fog").headers["Location"] == "https://host.example/blog/posts/fog"
    assert ask(client, "//evil.example/blog/").status_code == 404
    assert client.get("/blog/posts/fog").headers["X-Pingback"] == "https://host.example/blog/pingback"
    moved = client.get("/blog/posts/old?a=1")
    assert (moved.status_code, moved.headers["Location"]) == (301, "https://host.example/blog/posts/new?a=1")
    assert client.get("/blog/posts/gone").status_code == 410
    assert client.get("/blog/static/style.css", buffered=True).status_code == 200
    assert "https://host.example/blog/" in client.get("/").text
