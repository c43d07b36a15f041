"""Feeds sent before Flask: the same responses, and only for addresses that the router knows."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from feedserver import app as app_module
from feedserver.app import create_app
from feedserver.feeds.documents import FeedDocuments
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.web.feed_fast_path import FeedFastPath
from tests.feeds.happenings import say
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock

pytestmark = pytest.mark.one_database

FEEDS = ["/feed.rss", "/tags/a%2Fb/feed.atom", "/thoughts.json", "/feed.rss?page=1", "/posts/fog/thoughts.rss"]
BROWSER = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture
def routed(app: Flask) -> list[str]:
    """The paths of requests that reached Flask's router."""
    seen: list[str] = []

    def note() -> None:
        seen.append(request.full_path.rstrip("?"))

    app.before_request(note)
    return seen


@pytest.fixture(autouse=True)
def fog(publish: Publish) -> Post:
    return publish("Fog", slug="fog", tags='["a/b"]')


@pytest.mark.parametrize(
    "headers",
    [{}, {"Accept-Encoding": "gzip"}, {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}],
    ids=["whole", "gzip", "condition"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", FEEDS)
def test_the_second_response_needs_no_router_and_is_the_same(
    client: FlaskClient, routed: list[str], path: str, method: str, headers: dict[str, str]
) -> None:
    first = client.open(path, method=method, headers=headers)
    second = client.open(path, method=method, headers=headers)

    assert len(routed) == 1
    assert (second.status, second.data, list(second.headers)) == (first.status, first.data, list(first.headers))


def test_a_document_is_asked_for_once_and_again_only_if_it_is_not_current(
    client: FlaskClient, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def record(name: str) -> None:
        real = getattr(FeedDocuments, name)

        def recording(*given: object) -> object:
            calls.append(name)
            return real(*given)

        monkeypatch.setattr(FeedDocuments, name, recording)

    record("cached")
    record("get")

    client.get("/feed.rss")
    client.get("/feed.rss")
    publish("Rain")
    client.get("/feed.rss")

    assert calls == ["get", "cached", "cached", "get"]


def test_a_change_of_the_site_shows_in_the_next_response(
    client: FlaskClient, services: WebServices, publish: Publish, fog: Post, clock: Clock
) -> None:
    client.get("/feed.atom")
    before = client.get("/feed.atom").headers["ETag"]
    for change in (
        lambda: publish("Rain"),
        lambda: say(services, fog),
        lambda: services.publisher.rename("fog", "mist"),
        lambda: services.publisher.delete("mist"),
    ):
        change()
        after = client.get("/feed.atom", headers={"If-None-Match": before})
        assert after.status_code == 200
        before = after.headers["ETag"]
        assert client.get("/feed.atom", headers={"If-None-Match": before}).status_code == 304


def test_a_scheduled_post_shows_when_it_is_due(client: FlaskClient, publish: Publish, clock: Clock) -> None:
    publish("To come", date=(clock() + timedelta(hours=1)).isoformat())
    for _ in range(2):
        assert b"To come" not in client.get("/feed.rss").data

    clock.move(hours=1)

    assert b"To come" in client.get("/feed.rss").data


def test_a_person_is_shown_a_page_although_the_feed_is_cached(client: FlaskClient) -> None:
    client.get("/feed.rss")

    assert client.get("/feed.rss", headers=BROWSER).headers["Content-Type"].startswith("text/html")
    assert client.get("/feed.rss?raw=1", headers=BROWSER).headers["Content-Type"].startswith("application/rss")


def test_a_tag_with_an_encoded_slash_is_not_taken_for_another_ones_feed(client: FlaskClient, publish: Publish) -> None:
    publish("One", tags='["sea/feed.rss", sea]')
    for _ in range(2):
        assert client.get("/tags/sea/feed.rss").headers["Content-Type"].startswith("application/rss")
        assert client.get("/tags/sea%2Ffeed.rss").headers["Content-Type"].startswith("text/html")


def test_other_methods_go_to_flask(client: FlaskClient) -> None:
    client.get("/feed.rss")

    assert client.post("/feed.rss").status_code == 405
    assert client.options("/feed.rss").headers["Allow"]


def test_a_feed_that_is_gone_is_gone_at_once(client: FlaskClient, services: WebServices) -> None:
    for _ in range(2):
        assert client.get("/posts/fog/thoughts.rss").status_code == 200

    services.publisher.delete("fog")

    assert client.get("/posts/fog/thoughts.rss").status_code == 410


@pytest.fixture
def small(services: WebServices, monkeypatch: pytest.MonkeyPatch) -> tuple[FlaskClient, list[str]]:
    """A client of an application that stores two addresses, and what reached the router."""
    monkeypatch.setattr(app_module, "FeedFastPath", partial(FeedFastPath, most=2))
    app = create_app(services=services)
    routed: list[str] = []
    app.before_request(lambda: routed.append(request.full_path.rstrip("?")))
    return app.test_client(), routed


OTHERS = (
    "/feed.rss?utm_source={}",
    "/feed.rss?x={}&page=1",
    "/feed.rss?x={}.rss",
    "/feed.rss?page=1&x={}",
    "/%66eed.rss",
    "/feed%2Erss",
    "/tags/%61%2Fb/feed.rss",
    "/tags/a%2fb/feed.rss",
    "/tags/a%2Fb/fee%64.rss",
)


def test_other_spellings_and_unknown_queries_are_not_remembered(small: tuple[FlaskClient, list[str]]) -> None:
    client, routed = small
    client.get("/feed.rss")
    for number in range(3):
        for path in OTHERS:
            assert client.get(path.format(number)).status_code == 200

    client.get("/feed.rss")

    assert routed.count("/feed.rss") == 1 + 3 * 2, "once as we write it, and each time in another spelling"


def test_of_more_addresses_than_are_stored_the_oldest_go(small: tuple[FlaskClient, list[str]]) -> None:
    client, routed = small
    for path in ("/feed.rss", "/feed.atom", "/feed.json", "/feed.atom", "/feed.json", "/feed.rss"):
        client.get(path)

    assert routed == ["/feed.rss", "/feed.atom", "/feed.json", "/feed.rss"]


def test_below_a_path_addresses_are_remembered_too(settings: Settings, assemble: Assemble) -> None:
    services = assemble(replace(settings, site=replace(settings.site, url="https://blog.example/caf%C3%A9")))
    app = create_app(services=services)
    routed: list[str] = []
    app.before_request(lambda: routed.append(request.path))

    statuses = [app.test_client().get("/caf%C3%A9/feed.rss").status_code for _ in range(2)]

    assert (statuses, routed) == ([200, 200], ["/feed.rss"])


def test_a_request_without_raw_uri_goes_through_the_router(app: Flask) -> None:
    seen: list[Any] = []
    for _ in range(2):
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/feed.rss",
            "SERVER_NAME": "x",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "REMOTE_ADDR": "192.0.2.1",
            "QUERY_STRING": "",
        }
        application: Any = app.wsgi_app
        body = b"".join(application(environ, lambda status, headers, _=None: seen.append(status)))
        assert body.startswith(b"<?xml")

    assert seen == ["200 OK", "200 OK"]
