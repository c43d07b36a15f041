"""What a callback is asked (WebSub section 5.3), and which answers confirm it."""

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import cast

import pytest

from feedserver.net.exchange import Exchange, Request, Response
from feedserver.websub import callbacks
from tests.support.elsewhere import Received
from tests.support.outside import Clock
from tests.support.subscribers import Answer, Reader, say
from tests.support.waiting import SECONDS
from tests.websub.conftest import TOPIC, Site

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the other one is told nothing else
DAY = 86_400


def test_the_callback_is_asked_what_the_specification_says(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a", lease_seconds=str(2 * DAY))

    (call,) = reader.requests
    asked = dict(call.asked)
    challenge = asked.pop("hub.challenge")
    assert call.method == "GET"
    assert asked == {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.lease_seconds": str(2 * DAY)}
    assert 20 <= len(challenge) <= 100
    assert set(challenge) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_the_query_of_the_callback_is_kept(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a?key=1&x=%20y")

    assert reader.requests[0].target.partition("?")[2].startswith("key=1&x=%20y&hub.mode=subscribe&")


def test_a_callback_as_long_as_one_may_be_is_asked(site: Site, reader: Reader) -> None:
    callback = (reader.url + "/a?").ljust(2048, "x")

    assert site.subscribe(callback).state == "active"


def test_each_challenge_is_another_one(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a")
    site.subscribe(reader.url + "/a")

    first, second = (call.asked["hub.challenge"] for call in reader.requests)
    assert first != second


def test_the_token_of_pubsubhubbub_comes_back(site: Site, reader: Reader) -> None:
    """As NewsBlur and Inoreader want it; `hub.verify` says when, and is ignored."""
    site.subscribe(reader.url + "/a", verify="sync", verify_token="a+b&c")

    assert reader.requests[0].asked["hub.verify_token"] == "a+b&c"


def test_without_a_token_none_is_sent(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a")

    assert "hub.verify_token" not in reader.requests[0].asked


def repeated(more: bytes) -> Answer:
    return lambda handler, call: say(200, call.asked["hub.challenge"].encode() + more)(handler, call)


def hang(reader: Reader) -> Answer:
    def answer(_handler: BaseHTTPRequestHandler, _call: Received) -> None:
        reader.closing.wait(SECONDS)

    return answer


def cut_short(handler: BaseHTTPRequestHandler, call: Received) -> None:
    say(200, call.asked["hub.challenge"].encode(), Content_Length="1000")(handler, call)


def endless(handler: BaseHTTPRequestHandler, call: Received) -> None:
    say(200, call.asked["hub.challenge"].encode(), Content_Length="100000000")(handler, call)
    while True:
        handler.wfile.write(b"x" * 1_000)


REFUSALS = {
    "not found": (say(404), "the callback answered 404"),
    "redirect": (say(302, Location="/b"), "the callback answered 302"),
    "in trouble": (say(500), "the callback answered 500"),
    "something else": (say(200, b"yes"), "the callback did not repeat the challenge"),
    "nothing": (say(204), "the callback did not repeat the challenge"),
    "a line too much": (repeated(b"\n"), "the callback did not repeat the challenge"),
    "cut short": (cut_short, "the callback did not repeat the challenge"),
    "endless": (endless, "the callback did not repeat the challenge"),
}


@pytest.mark.parametrize(("answer", "why"), REFUSALS.values(), ids=REFUSALS)
def test_any_other_answer_ends_it(site: Site, reader: Reader, answer: Answer, why: str) -> None:
    reader.answers["/a"] = answer

    found = site.subscribe(reader.url + "/a")

    assert (found.state, found.detail) == ("ended", f"not confirmed: {why}")
    assert [call.path for call in reader.requests] == ["/a"]  # once; no redirect is followed
    assert site.jobs() == []


def with_status(status: int) -> Answer:
    return lambda handler, call: say(status, call.asked["hub.challenge"].encode())(handler, call)


def test_any_2xx_will_do(site: Site, reader: Reader) -> None:
    for status in (200, 201, 202, 299):
        reader.answers[f"/{status}"] = with_status(status)

        assert site.subscribe(f"{reader.url}/{status}").state == "active"


def test_a_callback_that_hangs_is_waited_for_five_seconds_at_most(
    site: Site, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callbacks._SECONDS == 5
    monkeypatch.setattr(callbacks, "_SECONDS", 0.2)
    reader.answers["/a"] = hang(reader)

    begun = time.monotonic()
    found = site.subscribe(reader.url + "/a")

    assert found.state == "pending"
    assert time.monotonic() - begun < 3


def test_where_nobody_answers_it_is_tried_twice_more(site: Site, clock: Clock) -> None:
    callback = "http://127.0.2.9:9/nobody"
    states = [site.subscribe(callback).state]
    for seconds in (10, 60):
        clock.move(seconds=seconds)
        site.work()
        states.append(site.find(callback).state)

    assert states == ["pending", "pending", "ended"]
    assert site.find(callback).detail == "not confirmed: the connection to the callback failed"
    assert site.jobs() == []


def test_a_name_that_leads_to_a_forbidden_address_is_told_like_one_that_does_not_resolve(site: Site) -> None:
    forbidden, unknown = site.subscribe("http://localhost/a"), site.subscribe("http://nowhere.invalid/a")

    assert (forbidden.state, unknown.state) == ("ended", "ended")
    assert forbidden.detail == unknown.detail


def test_little_of_an_answer_is_read_and_nothing_of_one_that_is_a_no(database_url: str) -> None:
    asked: list[tuple[int | None, bool, bool]] = []

    def exchange(request: Request, *, wants_body: Callable[[Response], bool], **_: object) -> Response:
        found = [wants_body(Response(request.url, status, ())) for status in (200, 404)]
        asked.append((request.max_bytes, found[0], found[1]))
        return Response(request.url, 200, ())

    callbacks.tell(cast(Exchange, exchange), "http://127.0.2.1/", {})

    assert asked == [(1_024, True, False)]
