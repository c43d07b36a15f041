"""Feeds in memory are answered without a thread, exactly as a thread would answer them (real gunicorn)."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from tests.support.serving import FEEDSERVER, Site, free_port, request, wait_until

THREADS = 2
COPIES = 5
PERSON = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
FEEDS = ["/feed.rss", "/feed.atom", "/feed.json", "/thoughts.rss", "/feed.rss?page=1"]
Ask = Callable[..., tuple[int, list[tuple[str, str]], bytes]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("promptness"), free_port(), {"FEEDSERVER_LIMITS_COPIES": "0"}, FEEDSERVER)
    site.start(workers=1, threads=THREADS)
    yield site
    site.stop()


@pytest.fixture
def no_thread_is_free(site: Site) -> Iterator[None]:
    """As many bodies that do not come as there are threads; each holds one until it ends."""
    with ExitStack() as stack:
        for _ in range(THREADS):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", site.port), timeout=20))
            connection.sendall(b"POST /pingback HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<")
        wait_until(lambda: not answers(site, "/healthz"), 5, lambda: "a thread is still free")
        yield


def answers(site: Site, path: str, headers: dict[str, str] | None = None) -> bool:
    connection = HTTPConnection("127.0.0.1", site.port, timeout=0.5)
    try:
        connection.request("GET", path, headers=headers or {})
        return connection.getresponse().status in (200, 304)
    except TimeoutError:
        return False
    finally:
        connection.close()


@pytest.fixture
def ask(site: Site) -> Iterator[Ask]:
    """Asks on one connection, which is kept: status, headers but the date, body."""
    connection = HTTPConnection("127.0.0.1", site.port, timeout=20)

    def asked(path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> object:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers=named)
        response = connection.getresponse()
        return response.status, [item for item in response.getheaders() if item[0] != "Date"], response.read()

    yield asked  # type: ignore[misc]
    connection.close()


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_is_answered_while_every_thread_is_taken(site: Site, path: str, request: pytest.FixtureRequest) -> None:
    status, headers, _ = site.get(path)
    assert status == 200
    request.getfixturevalue("no_thread_is_free")

    assert answers(site, path)
    assert answers(site, path, {"Accept-Encoding": "gzip"})
    assert answers(site, path, {"If-None-Match": headers["etag"]})


def test_what_takes_a_template_is_left_to_a_thread_and_holds_no_feed_up(
    site: Site, request: pytest.FixtureRequest
) -> None:
    site.get("/feed.rss")
    request.getfixturevalue("no_thread_is_free")

    assert not answers(site, "/feed.rss", PERSON)
    assert answers(site, "/feed.rss")


def test_a_body_that_does_not_come_holds_nobody_up(site: Site) -> None:
    site.get("/feed.rss")
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        for field in (b"Content-Length: 100", b"Transfer-Encoding: chunked"):
            connection.sendall(b"GET /feed.rss HTTP/1.1\r\nHost: x\r\n" + field + b"\r\n\r\n")
            time.sleep(0.1)
            assert answers(site, "/feed.rss")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept_Encoding": "br"},
        {"If_Modified_Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"If_None_Match": '"another"'},
        {"Sec_Fetch_Dest": "document", "Sec_Fetch_Mode": "navigate"},
        {"A_IM": "feed", "If_None_Match": '"another"'},
        {"Connection": "close"},
    ],
    ids=["whole", "br", "not modified", "modified", "a person", "a delta", "the last one"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_it_makes_no_difference_to_the_answer(ask: Ask, method: str, headers: dict[str, str]) -> None:
    """What has a body, if it is an empty one, is left to a thread."""
    ask("/feed.atom")
    by_a_thread = ask("/feed.atom", method, b"", Content_Length="0", **headers)
    at_once = ask("/feed.atom", method, **headers)

    assert at_once == by_a_thread


def test_one_connection_may_ask_for_all_sorts_of_things_by_turns(ask: Ask, site: Site) -> None:
    etag = dict(ask("/feed.atom")[1])["ETag"]
    site.command("post", "add", "-", given="---\ntitle: By turns\n---\nWords.\n")
    for _ in range(3):
        assert b"By turns" in ask("/feed.atom")[2]
        assert ask("/feed.atom", A_IM="feed", If_None_Match=etag)[0] == 226
        assert b"<html" in ask("/feed.atom", Sec_Fetch_Dest="document", Sec_Fetch_Mode="navigate")[2]
        assert ask("/feed.atom", "POST", b"words")[0] == 405
        assert ask("/feed.atom", body=b"words that nobody wants")[0] == 200
        assert b"By turns" in ask("/")[2]
        assert ask("/feed.atom?x=1")[0] == 200


def test_what_was_published_is_in_the_next_answer(site: Site, ask: Ask) -> None:
    for number in range(5):
        ask("/feed.json")
        title = f"Published {number}"
        site.command("post", "add", "-", given=f"---\ntitle: {title}\n---\nWords.\n")
        assert title.encode() in ask("/feed.json")[2]


def test_copies_are_limited_as_ever(tmp_path_factory: pytest.TempPathFactory) -> None:
    site = Site(tmp_path_factory.mktemp("copies"), free_port(), {"FEEDSERVER_LIMITS_COPIES": str(COPIES)}, FEEDSERVER)
    site.start(workers=1, threads=THREADS)
    try:
        statuses = [request(site.url + "/feed.rss")[0] for _ in range(3 * COPIES)]
    finally:
        site.stop()

    # A minute may end meanwhile, and begin with as many again.
    assert statuses[:COPIES] == [200] * COPIES
    assert COPIES <= statuses.count(200) <= 2 * COPIES
    assert statuses.count(429) == len(statuses) - statuses.count(200)
