"""Bodies that come late, too long or compressed, under a real gunicorn: none of their bytes is read as a request."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPResponse
from pathlib import Path

import pytest

from feedserver.thoughts import comments
from tests.support.serving import Site, clean_environ, free_port, request, running_site
from tests.support.waiting import SECONDS, wait_until

DEADLINE = 1.0
TOO_LONG = comments.MAX_BODY + 1
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"POST /pingback HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n"
LENGTH = HEAD + b"Content-Length: 5000\r\n\r\n<?xml"
CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n<?xml\r\n"
# An application that takes nothing but bodies, and tells on its standard error what it was asked.
PROGRAM = f"""
import sys
import time
from feedserver.server import gunicorn_settings
from feedserver.web.bodies import Bodies, BodyDeadline, BodyRule

def answer(environ, start_response):
    print("asked", environ["RAW_URI"], file=sys.stderr, flush=True)
    start_response("200 OK", [("Content-Length", "0")])
    return []

in_time = BodyDeadline(answer, Bodies(BodyRule.whole(5000, {DEADLINE}), {{}}))

def app(environ, start_response):
    answered = in_time(environ, start_response)
    time.sleep(0.5)  # more bytes arrive before the connection is ended
    return answered

settings = gunicorn_settings()
post_request, worker_class = settings["post_request"], settings["worker_class"]
keepalive = 600
threads = 1  # so that a later request is answered after earlier ones
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port of a gunicorn with our hook, and its log."""
    folder, port = tmp_path_factory.mktemp("late"), free_port()
    (folder / "late.py").write_text(PROGRAM)
    log = folder / "log"
    with log.open("wb") as errors:
        command = [sys.executable, "-m", "gunicorn", "-c", "late.py", "-b", f"127.0.0.1:{port}", "late:app"]
        process = subprocess.Popen(command, cwd=folder, env=clean_environ(), stdout=errors, stderr=errors)
    try:
        wait_until(lambda: b"Booting worker" in log.read_bytes(), 30, log.read_text)
        yield port, log
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site"), workers=1) as site:
        yield site


def talk(port: int, first: bytes, late: bytes, *, until: float) -> bytes:
    """All that comes back for `first`, and for `late` every 50 ms until the connection ends, within `until` seconds."""
    end = time.monotonic() + until
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall(first)
        connection.settimeout(0.05)
        while time.monotonic() < end:
            try:
                if not (some := connection.recv(65536)):
                    return received
                received += some
            except TimeoutError:
                pass
            except OSError:  # reset
                return received
            with suppress(OSError):  # ended; what has come is still to be read
                connection.sendall(late)
    raise AssertionError(f"the connection is still open after {until} s: {received!r}")


@pytest.mark.parametrize("first", [LENGTH, CHUNKS], ids=["length", "chunks"])
def test_the_connection_of_a_late_body_ends_and_its_late_bytes_are_never_answered(
    served: tuple[int, Path], first: bytes
) -> None:
    port, log = served

    received = talk(port, first, SMUGGLED, until=SECONDS)
    assert request(f"http://127.0.0.1:{port}/last")[0] == 200

    assert received.startswith(b"HTTP/1.1 4")
    assert received.count(b"HTTP/1.1 ") == 1
    assert "asked /last" in log.read_text()
    assert "asked /smuggled" not in log.read_text()


def test_the_connection_of_a_late_body_ends_though_nothing_more_comes(served: tuple[int, Path]) -> None:
    port, _ = served
    began = time.monotonic()

    received = talk(port, LENGTH, b"", until=SECONDS)

    assert received.count(b"HTTP/1.1 408 ") == 1
    assert time.monotonic() - began < DEADLINE + 5


@pytest.mark.parametrize(
    ("first", "status"),
    [
        (HEAD + b"Content-Length: %d\r\n\r\n" % TOO_LONG + b"x" * 10, b"413"),
        (HEAD + b"Content-Length: 99999999999\r\n\r\n" + b"x" * 10, b"413"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + b"x" * TOO_LONG, b"413"),
        (HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % TOO_LONG + b"x" * 10, b"415"),
    ],
    ids=["too long", "far too long", "too many chunks", "compressed"],
)
def test_the_rest_of_a_refused_body_is_not_read_as_requests(site: Site, first: bytes, status: bytes) -> None:
    received = talk(site.port, first, SMUGGLED, until=SECONDS)

    assert received.startswith(b"HTTP/1.1 " + status)
    assert received.count(b"HTTP/1.1 ") == 1
    assert "/smuggled" not in site.log()


UNREAD = b"Host: x\r\nContent-Type: text/xml\r\nContent-Length: 1000000\r\n\r\n"
DRIBBLED = {
    "too long": (b"POST /pingback HTTP/1.1\r\n" + UNREAD, b"x"),
    "nowhere": (b"POST /nowhere HTTP/1.1\r\n" + UNREAD, b"x"),
    "not this way": (b"POST /feed.rss HTTP/1.1\r\n" + UNREAD, b"x"),
    "to read a feed": (b"GET /feed.rss HTTP/1.1\r\n" + UNREAD, b"x"),
    "to read a page": (b"HEAD / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
}


@pytest.mark.parametrize(("first", "late"), DRIBBLED.values(), ids=DRIBBLED)
def test_the_connection_of_a_body_that_is_not_wanted_ends_at_once_and_the_answer_says_so(
    site: Site, first: bytes, late: bytes
) -> None:
    began = time.monotonic()

    received = talk(site.port, first, late, until=SECONDS)

    assert b"\r\nConnection: close\r\n" in received
    assert time.monotonic() - began < 4, "gunicorn would read for 5 s"


def test_the_connection_of_chunks_that_are_too_many_ends_at_once(site: Site) -> None:
    began = time.monotonic()

    received = talk(
        site.port, HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + b"x" * TOO_LONG, b"x", until=SECONDS
    )

    assert received.startswith(b"HTTP/1.1 413 ")
    assert time.monotonic() - began < 4, "gunicorn would read for 5 s"


def test_clients_that_do_not_end_their_connections_make_nobody_wait(site: Site) -> None:
    began = time.monotonic()
    with ExitStack() as opened:
        for first in (b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", DRIBBLED["too long"][0]) * 3:
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", site.port), timeout=SECONDS))
            connection.sendall(first)
            assert connection.recv(65536)
        assert request(f"http://127.0.0.1:{site.port}/healthz")[0] == 200

    assert time.monotonic() - began < 4, "gunicorn would wait 2 s for each"


def test_a_refused_body_that_came_whole_leaves_the_connection_open(site: Site) -> None:
    whole = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    with socket.create_connection(("127.0.0.1", site.port), timeout=SECONDS) as connection:
        for _ in range(2):
            connection.sendall(whole)
            answer = HTTPResponse(connection)
            answer.begin()
            assert (answer.status, answer.will_close) == (404, False)
            answer.read()
