"""Bodies of requests: read within one deadline for all of it, dropped when they take longer, too long or broken off."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest

from feedserver.web.middleware import BodyDeadline

Environ = dict[str, Any]


class Inner:
    """The application behind: remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Environ] = []

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.append(dict(environ))
        start_response("200 OK", [])
        return [b"answer"]


@pytest.fixture
def inner() -> Inner:
    return Inner()


class Answered:
    """start_response: remembers the status."""

    status = ""

    def __call__(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status = status
        self.headers = dict(headers)


def ask(app: BodyDeadline, body: Any, **environ: Any) -> Answered:
    answered = Answered()
    app({"REQUEST_METHOD": "POST", "wsgi.input": body} | environ, answered)
    return answered


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A sender's end and ours."""
    sender, ours = socket.socketpair()
    ours.settimeout(5)
    yield sender, ours
    sender.close()
    ours.close()


def drip(sender: socket.socket, enough: threading.Event) -> threading.Thread:
    """Sends a byte now and then, each one well within any timeout, for 20 seconds or until it is enough."""

    def send() -> None:
        for _ in range(1000):
            if enough.wait(0.02):
                return
            with suppress(OSError):
                sender.send(b"x")

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@pytest.mark.parametrize(
    "environ", [{"CONTENT_LENGTH": "1000"}, {"wsgi.input_terminated": True}], ids=["length", "chunked"]
)
def test_a_body_that_drips_is_dropped_when_its_time_is_up(
    inner: Inner, connection: tuple[socket.socket, socket.socket], environ: Environ
) -> None:
    sender, ours = connection
    enough = threading.Event()
    dripping = drip(sender, enough)
    body = _Truncated(ours) if "wsgi.input_terminated" in environ else ours.makefile("rb")
    began = time.monotonic()

    answered = ask(BodyDeadline(inner, seconds=0.15, max_bytes=5000), body, **environ, **{"gunicorn.socket": ours})

    took = time.monotonic() - began
    enough.set()
    dripping.join()
    assert 0.15 <= took < 10
    assert answered.status == "408 Request Timeout"
    assert inner.asked == []


class _Truncated:
    """A chunked body as gunicorn reads it: one that ends in the middle is an OSError."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rb")

    def read(self, size: int) -> bytes:
        body = self._file.read(size)
        if len(body) < size:
            raise OSError("no more data")
        return body


def test_a_sender_who_falls_silent_is_dropped_by_the_sockets_own_timeout(inner: Inner) -> None:
    class Silent:
        def read(self, size: int) -> bytes:
            raise TimeoutError

    answered = ask(BodyDeadline(inner, seconds=5, max_bytes=100), Silent(), CONTENT_LENGTH="10")

    assert (answered.status, inner.asked) == ("408 Request Timeout", [])


def test_a_sender_who_leaves_in_the_middle_is_dropped(inner: Inner) -> None:
    answered = ask(BodyDeadline(inner, seconds=5, max_bytes=100), BytesIO(b"12345"), CONTENT_LENGTH="10")

    assert (answered.status, inner.asked) == ("408 Request Timeout", [])


def test_a_body_that_comes_in_time_is_handed_on_whole_and_leaves_no_timer(inner: Inner) -> None:
    ask(BodyDeadline(inner, seconds=60, max_bytes=100), BytesIO(b"12345 and the next request"), CONTENT_LENGTH="5")

    (asked,) = inner.asked
    assert (asked["wsgi.input"].read(), asked["CONTENT_LENGTH"]) == (b"12345", "5")
    assert all(one.finished.is_set() for one in threading.enumerate() if isinstance(one, threading.Timer))


def test_a_chunked_body_gets_its_length(inner: Inner) -> None:
    ask(BodyDeadline(inner, seconds=60, max_bytes=100), BytesIO(b"12345"), **{"wsgi.input_terminated": True})

    (asked,) = inner.asked
    assert (asked["wsgi.input"].read(), asked["CONTENT_LENGTH"]) == (b"12345", "5")


def test_of_a_chunked_body_that_is_too_long_only_so_much_is_read_as_shows_it(inner: Inner) -> None:
    sent = BytesIO(b"x" * 1000)

    ask(BodyDeadline(inner, seconds=60, max_bytes=100), sent, **{"wsgi.input_terminated": True})

    assert len(inner.asked[0]["wsgi.input"].read()) == 101
    assert sent.tell() == 101


@pytest.mark.parametrize(
    "environ",
    [
        {"CONTENT_LENGTH": "101"},
        {"CONTENT_LENGTH": "0"},
        {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": "-1"},
        {},
        {"REQUEST_METHOD": "GET", "CONTENT_LENGTH": "5"},
        {"REQUEST_METHOD": "HEAD", "wsgi.input_terminated": True},
    ],
    ids=["too-long", "empty", "unknown", "negative", "none", "get", "head"],
)
def test_what_need_not_be_read_is_not_read(inner: Inner, environ: Environ) -> None:
    class Unread:
        def read(self, size: int) -> bytes:
            raise AssertionError("nobody should read this")

    ask(BodyDeadline(inner, seconds=60, max_bytes=100), Unread(), **environ)

    assert len(inner.asked) == 1


def test_a_chunked_body_that_is_too_long_is_known_to_be(inner: Inner) -> None:
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

    ask(BodyDeadline(inner, seconds=5, max_bytes=100), BytesIO(b"x" * 500), **chunked)

    (asked,) = inner.asked
    assert asked["CONTENT_LENGTH"] == "101"
    assert "HTTP_TRANSFER_ENCODING" not in asked  # Flask would take the length for unknown
