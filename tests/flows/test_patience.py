"""Connections that say nothing, or half of what they have to say, never keep others waiting (real gunicorn)."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.support.serving import FEEDSERVER, Site, free_port

THREADS = 4
LONG = 900_000  # bytes of a page, at least
TIMES = 6
LARGE = b"GET / HTTP/1.1\r\nHost: x\r\n" + (b"X-Long: " + bytes(8_000).replace(b"\0", b"x") + b"\r\n") * 9
QUICK = 2.0  # seconds; a held thread would take five at least


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with one worker and few threads, which is soon stopped by whoever can stop it."""
    site = Site(tmp_path_factory.mktemp("patience"), free_port(), {}, FEEDSERVER)
    site.start(workers=1, threads=THREADS)
    words = "Words of a long post, again and again. " * 40
    site.command(
        "post", "add", "-", given="---\ntitle: Long\nslug: long\ncomments: closed\n---\n" + "\n\n".join([words] * 600)
    )
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


@pytest.fixture
def unread(site: Site) -> Iterator[Callable[..., socket.socket]]:
    """Opens a connection that asks for something long, more often than it and the kernel have room for."""
    with ExitStack() as stack:

        def opened(path: str = "/posts/long") -> socket.socket:
            connection = stack.enter_context(socket.socket())
            connection.settimeout(20)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.connect(("127.0.0.1", site.port))
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * TIMES)
            return connection

        yield opened


def read_slowly(connection: socket.socket, seconds: float) -> None:
    """Takes some 80 kB a second."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection.recv(8192)
        time.sleep(0.1)


def everything(connection: socket.socket) -> bytes:
    """What still comes, until the other end ends it in whatever way."""
    data = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            data += part
    return data


def seconds_for_a_page(site: Site) -> float:
    start = time.monotonic()
    assert site.get("/healthz")[0] == 200  # which takes a thread
    return time.monotonic() - start


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing at all"),
        pytest.param(b"G", id="one byte"),
        pytest.param(b"GET /feed.rss HTTP/1.1\r\nHost: blog.exam", id="half a header"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /h", id="one and a half"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nb", id="half a body"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5", id="half a chunk"),
        pytest.param(
            b"POST /pingback HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n<",
            id="a bit of far too large a body",
        ),
        pytest.param(LARGE, id="the larger half of a large head"),
    ],
)
def test_ten_times_as_many_half_sent_requests_as_threads_hold_nobody_up(
    site: Site, connect: Callable[[bytes], socket.socket], sent: bytes
) -> None:
    for _ in range(10 * THREADS):
        connect(sent)

    time.sleep(0.3)
    assert seconds_for_a_page(site) < QUICK
    assert seconds_for_a_page(site) < QUICK


def test_a_request_whose_head_comes_in_two_parts_is_answered(
    site: Site, connect: Callable[[bytes], socket.socket]
) -> None:
    connection = connect(b"GET /healthz HTTP/1.1\r\nHo")
    time.sleep(0.2)
    connection.sendall(b"st: x\r\nConnection: close\r\n\r\n")

    assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_a_head_that_is_too_large_is_refused(site: Site, connect: Callable[[bytes], socket.socket]) -> None:
    assert everything(connect(LARGE)).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("pause", [0.0, 0.2])
def test_the_rest_of_a_second_request_is_waited_for(
    site: Site, connect: Callable[[bytes], socket.socket], pause: float
) -> None:
    connection = connect(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /hea")
    time.sleep(pause)
    connection.sendall(b"lthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert everything(connection).count(b"HTTP/1.1 200 OK") == 2


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


@pytest.mark.parametrize("ending", ["Connection: close", "X-Odd: 1\r\nBroken"], ids=["asked for", "after an error"])
def test_who_does_not_hang_up_at_the_end_of_a_connection_holds_nobody_up(
    site: Site, connect: Callable[[bytes], socket.socket], ending: str
) -> None:
    leaving = [connect(f"GET /healthz HTTP/1.1\r\nHost: x\r\n{ending}\r\n\r\n".encode()) for _ in range(10)]
    for connection in leaving:
        assert connection.recv(65536).startswith(b"HTTP/1.1 ")

    assert seconds_for_a_page(site) < QUICK


def test_what_is_still_sent_to_a_connection_that_ends_does_not_cost_its_sender_the_answer(
    site: Site, connect: Callable[[bytes], socket.socket]
) -> None:
    """Closing with bytes unread resets a connection, and takes from the other end what it has not read yet."""
    connection = connect(b"GET /posts/long HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    time.sleep(0.3)
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")

    assert len(everything(connection)) > LONG


def test_ten_times_as_many_unread_answers_as_threads_hold_nobody_up(
    site: Site, unread: Callable[..., socket.socket]
) -> None:
    for _ in range(10 * THREADS):
        unread()

    assert seconds_for_a_page(site) < QUICK
    assert site.get("/posts/long")[0] == 200


@pytest.mark.parametrize("path", ["/posts/long", "/feed.atom"])
def test_who_reads_slowly_gets_the_whole_answer_and_the_next_one(
    site: Site, unread: Callable[..., socket.socket], path: str
) -> None:
    whole = site.get(path)[2]
    connection = unread(path)
    time.sleep(0.5)
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    answers = everything(connection)
    assert answers.count(whole) == TIMES
    assert answers.count(b"HTTP/1.1 200 OK") == TIMES + 1


def test_who_drips_a_head_and_who_takes_no_answer_is_dropped_within_a_deadline(
    site: Site, connect: Callable[[bytes], socket.socket], unread: Callable[..., socket.socket]
) -> None:
    deaf, slow = unread(), unread()
    reading = threading.Thread(target=read_slowly, args=(slow, 12))
    reading.start()
    dripping = connect(b"GET / HTTP/1.1\r\nX-Slow: ")
    start = time.monotonic()

    dripping.settimeout(0.5)
    ended = False
    while not ended and time.monotonic() - start < 15:
        try:
            ended = dripping.recv(1) == b""
        except TimeoutError:
            dripping.sendall(b"x")  # a byte now and then does not buy more time
        except OSError:
            ended = True

    assert ended
    assert time.monotonic() - start < 13
    time.sleep(max(0.0, start + 12 - time.monotonic()))
    assert len(everything(deaf)) < TIMES * LONG
    reading.join()
    slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert everything(slow).endswith(b'{"status":"ok"}\n'), "who reads slowly is no fault"
