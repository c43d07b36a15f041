"""Request bodies: one deadline for the whole body; late and incomplete ones are answered 408."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest

from feedserver.web.middleware import BodyDeadline
from tests.web.conftest import Environ, Inner


class Answered:
    """start_response: records status and headers."""

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
    """The client's end and ours."""
    sender, ours = socket.socketpair()
    ours.settimeout(5)
    yield sender, ours
    sender.close()
    ours.close()


def drip(sender: socket.socket, enough: threading.Event) -> threading.Thread:
    """Sends a byte every 20 ms until `enough` is set, for 20 seconds at most."""

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
def test_a_dripping_body_is_answered_408_at_the_deadline(
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
    """A chunked body as gunicorn reads it: a truncated one raises OSError."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rb")

    def read(self, size: int) -> bytes:
        body = self._file.read(size)
        if len(body) < size:
            raise OSError("no more data")
        return body


def test_a_socket_timeout_is_answered_408(inner: Inner) -> None:
    class Silent:
        def read(self, size: int) -> bytes:
            raise TimeoutError

    answered = ask(BodyDeadline(inner, seconds=5, max_bytes=100), Silent(), CONTENT_LENGTH="10")

    assert (answered.status, inner.asked) == ("408 Request Timeout", [])


def test_a_truncated_body_is_answered_408(inner: Inner) -> None:
    answered = ask(BodyDeadline(inner, seconds=5, max_bytes=100), BytesIO(b"12345"), CONTENT_LENGTH="10")

    assert (answered.status, inner.asked) == ("408 Request Timeout", [])


def test_a_body_in_time_is_passed_on_and_leaves_no_timer(inner: Inner) -> None:
    ask(BodyDeadline(inner, seconds=60, max_bytes=100), BytesIO(b"12345 and the next request"), CONTENT_LENGTH="5")

    (asked,) = inner.asked
    assert (asked["wsgi.input"].read(), asked["CONTENT_LENGTH"]) == (b"12345", "5")
    assert all(one.finished.is_set() for one in threading.enumerate() if isinstance(one, threading.Timer))


def test_a_chunked_body_gets_its_length(inner: Inner) -> None:
    ask(BodyDeadline(inner, seconds=60, max_bytes=100), BytesIO(b"12345"), **{"wsgi.input_terminated": True})

    (asked,) = inner.asked
    assert (asked["wsgi.input"].read(), asked["CONTENT_LENGTH"]) == (b"12345", "5")


def test_of_a_long_chunked_body_one_byte_more_than_allowed_is_read(inner: Inner) -> None:
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
def test_other_requests_are_passed_on_unread(inner: Inner, environ: Environ) -> None:
    class Unread:
        def read(self, size: int) -> bytes:
            raise AssertionError("must not be read")

    ask(BodyDeadline(inner, seconds=60, max_bytes=100), Unread(), **environ)

    assert len(inner.asked) == 1


def test_a_long_chunked_body_gets_a_content_length_above_the_limit(inner: Inner) -> None:
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

    ask(BodyDeadline(inner, seconds=5, max_bytes=100), BytesIO(b"x" * 500), **chunked)

    (asked,) = inner.asked
    assert asked["CONTENT_LENGTH"] == "101"
    assert "HTTP_TRANSFER_ENCODING" not in asked  # Flask would take the length for unknown
