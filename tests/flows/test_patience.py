"""Connections that say nothing, or half of what they have to say, never keep others waiting (real gunicorn)."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.support.serving import FEEDSERVER, Site, free_port

THREADS = 4
QUICK = 2.0  # seconds; a held thread would take five at least


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with one worker and few threads, which is soon stopped by whoever can stop it."""
    site = Site(tmp_path_factory.mktemp("patience"), free_port(), {}, FEEDSERVER)
    site.start(workers=1, threads=THREADS)
    yield site
    site.stop()


@pytest.fixture
def connect(site: Site) -> Iterator[Callable[[bytes], socket.socket]]:
    with ExitStack() as stack:

        def opened(sent: bytes) -> socket.socket:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", site.port), timeout=20))
            connection.sendall(sent)
            return connection

        yield opened


def seconds_for_a_feed(site: Site) -> float:
    start = time.monotonic()
    assert site.get("/feed.rss")[0] == 200
    return time.monotonic() - start


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing at all"),
        pytest.param(b"G", id="one byte"),
        pytest.param(b"GET /feed.rss HTTP/1.1\r\nHost: blog.exam", id="half a header"),
    ],
)
def test_ten_times_as_many_half_sent_requests_as_threads_hold_nobody_up(
    site: Site, connect: Callable[[bytes], socket.socket], sent: bytes
) -> None:
    for _ in range(10 * THREADS):
        connect(sent)

    assert seconds_for_a_feed(site) < QUICK
    assert seconds_for_a_feed(site) < QUICK


def test_a_request_whose_head_comes_in_two_parts_is_answered(
    site: Site, connect: Callable[[bytes], socket.socket]
) -> None:
    connection = connect(b"GET /healthz HTTP/1.1\r\nHo")
    time.sleep(0.2)
    connection.sendall(b"st: x\r\nConnection: close\r\n\r\n")

    assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_two_requests_sent_at_once_on_one_connection_are_both_answered(
    site: Site, connect: Callable[[bytes], socket.socket]
) -> None:
    connection = connect(
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )

    answers = b""
    while part := connection.recv(65536):
        answers += part

    assert answers.count(b"HTTP/1.1 200 OK") == 2


def test_a_head_that_never_ends_is_dropped_within_its_deadline(
    site: Site, connect: Callable[[bytes], socket.socket]
) -> None:
    connection = connect(b"GET / HTTP/1.1\r\nX-Slow: ")
    start = time.monotonic()

    connection.settimeout(0.5)
    ended = False
    while not ended and time.monotonic() - start < 15:
        try:
            ended = connection.recv(1) == b""
        except TimeoutError:
            connection.sendall(b"x")  # a byte now and then does not buy more time
        except OSError:
            ended = True

    assert ended
    assert time.monotonic() - start < 13
