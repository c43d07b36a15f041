"""Pages and endpoints that lie, hang or answer without end: they cost what a hostile source costs."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

import pytest

from feedserver.net.exchange import Exchange
from feedserver.sending.answers import Answer, Endpoint
from feedserver.sending.discovery import discover
from feedserver.sending.pingback import send_pingback
from feedserver.sending.webmention import send_webmention
from feedserver.urls import Urls
from tests.hostile.answers import BROKEN, CUT_SHORT, TOO_LATE, TOO_LONG
from tests.hostile.server import Server
from tests.support.serving import LONG

ANSWERS = {**TOO_LATE, **BROKEN, **CUT_SHORT, **TOO_LONG}
NOW = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)
SOURCE = "http://blog.example/posts/a"
Ask = Callable[[str], Endpoint | Answer]


@pytest.fixture(params=["page", "webmention", "pingback"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ask(kind: str, way_out: Exchange, urls: Urls) -> Ask:
    """Asks a server of that kind, within a fifth of a second."""

    def as_endpoint(url: str) -> Answer:
        send = send_webmention if kind == "webmention" else send_pingback
        return send(way_out, Endpoint("webmention", url, ""), SOURCE, url, urls, NOW, timeout=0.2)

    as_page = partial(discover, partial(way_out, timeout=0.2), urls=urls, now=NOW)
    return as_page if kind == "page" else as_endpoint


@pytest.fixture
def cost() -> Iterator[None]:
    """Fails a test that costs more than a hostile source may."""
    tracemalloc.start()
    worked, began = time.thread_time(), time.monotonic()
    yield
    worked, took = time.thread_time() - worked, time.monotonic() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert worked < 1
    assert peak < 16_000_000
    assert took < 5


def answered(ask: Ask, reply: object) -> str:
    """What it means; "endpoint" if one was found."""
    server = Server(reply)
    try:
        found = ask(server.url)
    finally:
        server.close()
    return found.meaning if isinstance(found, Answer) else "endpoint"


@pytest.mark.parametrize("name", ["silence", "header drips"])
def test_a_server_that_does_not_answer_in_time_is_tried_again(ask: Ask, cost: None, name: str) -> None:
    assert answered(ask, TOO_LATE[name]) == "again"


@pytest.mark.parametrize("name", ["nothing", "endless header"])
def test_an_answer_without_a_head_is_tried_again(ask: Ask, cost: None, name: str) -> None:
    assert answered(ask, BROKEN[name]) == "again"


@pytest.mark.parametrize("name", ["endless chunks", "three gzip bombs, one in the other"])
def test_an_answer_without_end_is_read_as_far_as_it_may(ask: Ask, kind: str, cost: None, name: str) -> None:
    # Of a Webmention that was taken nothing is read; what a Pingback answers has an end.
    expected = {"page": "none", "webmention": "told", "pingback": "again"}

    assert answered(ask, TOO_LONG[name]) == expected[kind]


def test_a_body_that_drips_takes_no_more_than_the_time(ask: Ask, kind: str, cost: None) -> None:
    assert answered(ask, TOO_LATE["body drips"]) == ("told" if kind == "webmention" else "again")


def test_a_body_that_breaks_off_is_no_answer(ask: Ask, kind: str, cost: None) -> None:
    assert answered(ask, CUT_SHORT["body shorter than said"]) == ("told" if kind == "webmention" else "again")


@pytest.mark.parametrize("name", ANSWERS if LONG else ["endless empty gzip members"])
def test_whatever_a_server_answers_its_cost_is_bounded_and_it_announces_nothing(
    ask: Ask, cost: None, name: str
) -> None:
    assert answered(ask, ANSWERS[name]) in ("again", "none", "told")
