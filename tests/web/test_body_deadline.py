"""Request bodies: one deadline for the whole body; late and incomplete ones are answered 408."""

import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from werkzeug.exceptions import RequestEntityTooLarge

from feedserver.web import bodies
from feedserver.web.bodies import FILES_LEFT_OUT, MUST_CLOSE, Bodies, BodyDeadline, BodyRule
from feedserver.web.routing import WsgiApp
from tests.web.conftest import Environ, Inner


class Answered:
    """start_response: records status and headers."""

    status = ""

    def __call__(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status = status
        self.headers = dict(headers)


def limited(app: WsgiApp, rule: BodyRule) -> BodyDeadline:
    """The application with one rule for all addresses."""
    return BodyDeadline(app, Bodies(rule, {}))


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

    answered = ask(limited(inner, BodyRule.whole(5000, 0.15)), body, **environ, **{"gunicorn.socket": ours})

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

    answered = ask(limited(inner, BodyRule.whole(100, 5)), Silent(), CONTENT_LENGTH="10")

    assert (answered.status, inner.asked) == ("408 Request Timeout", [])


def test_a_truncated_body_is_answered_408(inner: Inner) -> None:
    answered = ask(limited(inner, BodyRule.whole(100, 5)), BytesIO(b"12345"), CONTENT_LENGTH="10")

    assert (answered.status, inner.asked) == ("408 Request Timeout", [])


def test_a_body_in_time_is_passed_on_and_leaves_no_timer(inner: Inner) -> None:
    ask(limited(inner, BodyRule.whole(100, 60)), BytesIO(b"12345 and the next request"), CONTENT_LENGTH="5")

    (asked,) = inner.asked
    assert (inner.bodies, asked["CONTENT_LENGTH"]) == ([b"12345"], "5")
    assert all(one.finished.is_set() for one in threading.enumerate() if isinstance(one, threading.Timer))


def test_a_chunked_body_gets_its_length(inner: Inner) -> None:
    ask(limited(inner, BodyRule.whole(100, 60)), BytesIO(b"12345"), **{"wsgi.input_terminated": True})

    (asked,) = inner.asked
    assert (inner.bodies, asked["CONTENT_LENGTH"]) == ([b"12345"], "5")


def test_of_a_long_chunked_body_one_byte_more_than_allowed_is_read(inner: Inner) -> None:
    sent = BytesIO(b"x" * 1000)

    ask(limited(inner, BodyRule.whole(100, 60)), sent, **{"wsgi.input_terminated": True})

    assert sent.tell() == 101
    assert inner.asked[0][MUST_CLOSE]


@pytest.mark.parametrize("environ", [{"CONTENT_LENGTH": "101"}, {"wsgi.input_terminated": True}])
@pytest.mark.parametrize("reading", ["read", "readline", "readlines", "readall", "__next__"])
def test_nobody_can_read_a_body_that_is_too_long(inner: Inner, environ: Environ, reading: str) -> None:
    ask(limited(inner, BodyRule.whole(100, 60)), BytesIO(b"x" * 1000), **environ)

    with pytest.raises(RequestEntityTooLarge):
        getattr(inner.asked[0]["wsgi.input"], reading)()


def test_what_is_read_of_a_body_that_means_nothing_is_empty(inner: Inner) -> None:
    ask(limited(inner, TINY), BytesIO(b"x" * 5), REQUEST_METHOD="GET", CONTENT_LENGTH="5")

    (asked,) = inner.asked
    assert (asked["wsgi.input"].read(), asked["CONTENT_LENGTH"]) == (b"", "0")


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

    ask(limited(inner, BodyRule.whole(100, 60)), Unread(), **environ)

    assert len(inner.asked) == 1


def test_a_long_chunked_body_gets_a_content_length_above_the_limit(inner: Inner) -> None:
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

    ask(limited(inner, BodyRule.whole(100, 5)), BytesIO(b"x" * 500), **chunked)

    (asked,) = inner.asked
    assert asked["CONTENT_LENGTH"] == "101"
    assert "HTTP_TRANSFER_ENCODING" not in asked  # Flask would take the length for unknown


# --- a least rate ---


def at_least_a_kilobyte_in(seconds: float) -> BodyRule:
    return BodyRule(max_bytes=2_000_000, piece=1000, seconds=seconds)


def send_slowly(sender: socket.socket, pieces: int, size: int, pause: float) -> threading.Thread:
    def send() -> None:
        for _ in range(pieces):
            with suppress(OSError):
                sender.send(b"x" * size)
            time.sleep(pause)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_a_long_body_may_take_its_time_at_the_least_rate(
    inner: Inner, connection: tuple[socket.socket, socket.socket]
) -> None:
    sender, ours = connection
    sending = send_slowly(sender, 10, 500, 0.15)
    began = time.monotonic()

    ask(
        limited(inner, at_least_a_kilobyte_in(1)),
        ours.makefile("rb"),
        CONTENT_LENGTH="5000",
        **{"gunicorn.socket": ours},
    )

    sending.join()
    assert time.monotonic() - began > 1, "longer than a piece may take"
    assert [asked["CONTENT_LENGTH"] for asked in inner.asked] == ["5000"]


def test_one_below_the_least_rate_is_answered_408(
    inner: Inner, connection: tuple[socket.socket, socket.socket]
) -> None:
    sender, ours = connection
    enough = threading.Event()
    dripping = drip(sender, enough)

    answered = ask(
        limited(inner, at_least_a_kilobyte_in(0.2)),
        ours.makefile("rb"),
        CONTENT_LENGTH="1000000",
        **{"gunicorn.socket": ours},
    )

    enough.set()
    dripping.join()
    assert (answered.status, inner.asked) == ("408 Request Timeout", [])


def test_a_long_body_is_not_kept_in_memory(inner: Inner) -> None:
    class Endless:
        def read(self, size: int) -> bytes:
            return b"x" * size

    found: list[int] = []

    def measure(environ: Environ, _: Any) -> list[bytes]:
        found.extend((tracemalloc.get_traced_memory()[1], len(environ["wsgi.input"].read(100))))
        return []

    tracemalloc.start()
    try:
        rule = BodyRule(max_bytes=50_000_000, piece=65_536, seconds=60)
        ask(limited(measure, rule), Endless(), CONTENT_LENGTH="50000000")
    finally:
        tracemalloc.stop()

    assert found[0] < 2_000_000
    assert found[1] == 100


# --- doors ---


def test_a_door_has_rules_of_its_own_for_its_path_and_what_is_below_it(inner: Inner) -> None:
    asked: list[str] = []

    def for_uploads(environ: Environ) -> BodyRule:
        asked.append(environ["PATH_INFO"])
        return BodyRule.whole(1000 if environ.get("HTTP_COOKIE") == "known" else 10, 5)

    app = BodyDeadline(inner, Bodies(BodyRule.whole(20, 5), {"/desk": for_uploads, "/desk/small": lambda _: TINY}))

    for path, cookie in [
        ("/desk/media", "known"),
        ("/desk", "known"),
        ("/desk/media", "stranger"),
        ("/desktop", "known"),
        ("/", "known"),
        ("/desk/small", "known"),
    ]:
        chunked = {"wsgi.input_terminated": True}
        ask(app, BytesIO(b"x" * 500), PATH_INFO=path, HTTP_COOKIE=cookie, **chunked)

    assert [asked["CONTENT_LENGTH"] for asked in inner.asked] == ["500", "500", "11", "21", "21", "6"]
    assert asked == ["/desk/media", "/desk", "/desk/media"]


TINY = BodyRule.whole(5, 5)


def test_no_rule_is_asked_for_where_a_body_means_nothing(inner: Inner) -> None:
    def unasked(_: Environ) -> BodyRule:
        raise AssertionError("must not be asked")

    app = BodyDeadline(inner, Bodies(TINY, {"/xmlrpc.php": unasked}))

    ask(app, BytesIO(b"x"), REQUEST_METHOD="GET", PATH_INFO="/xmlrpc.php", CONTENT_LENGTH="1")

    assert len(inner.asked) == 1


# --- who is let in ---


@pytest.mark.parametrize("environ", [{"CONTENT_LENGTH": "900"}, {"wsgi.input_terminated": True}])
def test_a_long_body_is_taken_if_its_first_piece_is_admitted(inner: Inner, environ: Environ) -> None:
    seen: list[bytes] = []

    def admits(beginning: bytes) -> bool:
        seen.append(beginning)
        return True

    ask(limited(inner, BodyRule(1000, 100, 5, admits)), BytesIO(b"x" * 900), **environ)

    assert seen == [b"x" * 100]
    assert inner.bodies == [b"x" * 900]
    assert MUST_CLOSE not in inner.asked[0]


@pytest.mark.parametrize("environ", [{"CONTENT_LENGTH": "900"}, {"wsgi.input_terminated": True}])
def test_of_a_body_that_is_not_admitted_the_application_gets_the_first_piece_and_the_rest_is_thrown_away(
    inner: Inner, environ: Environ
) -> None:
    sent = BytesIO(b"x" * 900)

    ask(limited(inner, BodyRule(1000, 100, 5, lambda _: False)), sent, **environ)

    (asked,) = inner.asked
    assert (inner.bodies, asked["CONTENT_LENGTH"]) == ([b"x" * 100], "100")
    assert asked[MUST_CLOSE]
    assert sent.tell() == 900, "many clients read no answer before they have sent all"


def test_a_body_that_its_first_piece_holds_is_nobody_asked_about(inner: Inner) -> None:
    ask(limited(inner, BodyRule(1000, 100, 5, lambda _: False)), BytesIO(b"x" * 100), CONTENT_LENGTH="100")

    assert inner.bodies == [b"x" * 100]


def test_the_rest_of_a_refused_body_is_read_for_some_seconds_alone(
    inner: Inner, connection: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_REFUSED_SECONDS", 0.2)
    sender, ours = connection
    sender.send(b"x" * 100)
    enough = threading.Event()
    dripping = drip(sender, enough)
    rule = BodyRule(1_000_000, 100, 60, lambda _: False)

    ask(limited(inner, rule), ours.makefile("rb"), CONTENT_LENGTH="900000", **{"gunicorn.socket": ours})

    enough.set()
    dripping.join()
    assert inner.bodies == [b"x" * 100]


# --- forms with files that are too large ---

PART = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
LONG_FORM = PART % (b"body", b"", b"Words") + PART % (b"file", b'; filename="a"', b"x" * 5_000)
LONG_FORM += PART % (b"alt", b"", b"A roof") + b"--b--\r\n"
MULTIPART = {"CONTENT_TYPE": "multipart/form-data; boundary=b"}
FIELDS_KEPT = BodyRule(1_000, 100, 5, max_fields=500)


def test_of_a_form_with_files_that_is_too_long_the_application_gets_the_fields(inner: Inner) -> None:
    sent = BytesIO(LONG_FORM + b"and the next request")

    ask(limited(inner, FIELDS_KEPT), sent, CONTENT_LENGTH=str(len(LONG_FORM)), **MULTIPART)

    (asked,) = inner.asked
    assert inner.bodies == [PART % (b"body", b"", b"Words") + PART % (b"alt", b"", b"A roof") + b"--b--\r\n"]
    assert asked["CONTENT_LENGTH"] == str(len(inner.bodies[0]))
    assert (asked[FILES_LEFT_OUT], asked[MUST_CLOSE]) == (len(LONG_FORM), True)
    assert sent.tell() == len(LONG_FORM)


@pytest.mark.parametrize(
    ("rule", "content_type", "body"),
    [
        (BodyRule(1_000, 100, 5), "multipart/form-data; boundary=b", LONG_FORM),
        (FIELDS_KEPT, "application/x-www-form-urlencoded", LONG_FORM),
        (FIELDS_KEPT, "multipart/form-data; boundary=b", LONG_FORM.replace(b"Words", b"Words" * 200)),
    ],
    ids=["another door", "another type", "long fields"],
)
def test_any_other_body_that_is_too_long_nobody_can_read(
    inner: Inner, rule: BodyRule, content_type: str, body: bytes
) -> None:
    ask(limited(inner, rule), BytesIO(body), CONTENT_LENGTH=str(len(body)), CONTENT_TYPE=content_type)

    (asked,) = inner.asked
    assert FILES_LEFT_OUT not in asked
    with pytest.raises(RequestEntityTooLarge):
        asked["wsgi.input"].read()


def test_a_form_with_files_that_comes_too_late_is_answered_408(inner: Inner) -> None:
    for sent in (LONG_FORM[:900], b""):
        answered = ask(limited(inner, FIELDS_KEPT), BytesIO(sent), CONTENT_LENGTH=str(len(LONG_FORM)), **MULTIPART)
        assert (answered.status, inner.asked) == ("408 Request Timeout", [])


def test_what_comes_after_as_much_as_is_allowed_is_waited_for_some_seconds_and_a_part_of_a_form_is_none(
    inner: Inner, connection: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_REFUSED_SECONDS", 0.2)
    sender, ours = connection
    sender.send(LONG_FORM[:2_000])
    enough = threading.Event()
    dripping = drip(sender, enough)

    ask(
        limited(inner, FIELDS_KEPT),
        ours.makefile("rb"),
        CONTENT_LENGTH="900000",
        **MULTIPART,
        **{"gunicorn.socket": ours},
    )

    enough.set()
    dripping.join()
    (asked,) = inner.asked
    assert FILES_LEFT_OUT not in asked
    with pytest.raises(RequestEntityTooLarge):
        asked["wsgi.input"].read()


def test_its_files_are_neither_in_memory_nor_on_disk(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    form = LONG_FORM.replace(b"x" * 5_000, b"x" * 50_000_000)
    monkeypatch.setattr(bodies, "_IN_MEMORY", 500)
    rule = BodyRule(max_bytes=40_000_000, piece=65_536, seconds=60, max_fields=100_000)
    tracemalloc.start()
    try:
        ask(limited(inner, rule), BytesIO(form), CONTENT_LENGTH=str(len(form)), **MULTIPART)
        used = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert used < 2_000_000
    assert inner.bodies == [PART % (b"body", b"", b"Words") + PART % (b"alt", b"", b"A roof") + b"--b--\r\n"]


def test_of_one_with_very_large_files_nothing_is_read(inner: Inner) -> None:
    sent = BytesIO(LONG_FORM)

    ask(limited(inner, FIELDS_KEPT), sent, CONTENT_LENGTH="300000000", **MULTIPART)

    assert (sent.tell(), FILES_LEFT_OUT in inner.asked[0]) == (0, False)
