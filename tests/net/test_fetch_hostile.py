"""What hostile sources cost: at most 1 s of CPU, 16 MB of memory, the time of the policy, `max_bytes` of body."""

import gzip
import socket
import struct
import threading
import time
import tracemalloc
import zlib
from dataclasses import replace

import pytest

from feedserver.errors import ConnectionFailed, FetchError, TimedOut
from feedserver.net.fetch import fetch
from feedserver.net.guarded_socket import Deadline, GuardedSocket
from tests.hostile.answers import (
    BROKEN,
    CHUNKED,
    CUT_SHORT,
    DOUBLE_BOMB,
    GZIP_BOMB,
    MEGABYTE,
    OK,
    TOO_LATE,
    TOO_LONG,
    for_ever,
    packed,
)
from tests.support.waiting import ends_in_time


@pytest.fixture
def cost():
    """Fails a test that costs more than a hostile source may."""
    tracemalloc.start()
    worked = time.thread_time()
    yield
    worked = time.thread_time() - worked
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert worked < 1, f"{worked:.2f} s of CPU"
    assert peak < 16_000_000, f"{peak:,} bytes of memory"


@pytest.mark.parametrize("reply", TOO_LATE.values(), ids=TOO_LATE)
def test_the_deadline_ends_every_kind_of_stall(serve, policy, cost, reply):
    server = serve(reply)
    started = time.monotonic()

    with ends_in_time(), pytest.raises(TimedOut):
        fetch(server.url, replace(policy, timeout=0.3))

    assert time.monotonic() - started > 0.25


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_a_failure_and_cheap(serve, policy, cost, reply):
    server = serve(reply)

    with pytest.raises(ConnectionFailed):
        fetch(server.url, policy)


@pytest.mark.parametrize("reply", CUT_SHORT.values(), ids=CUT_SHORT)
def test_an_answer_that_ends_early_gives_what_came_and_says_so(serve, policy, cost, reply):
    page = fetch(serve(reply).url, policy)

    assert (page.incomplete, page.truncated) == (True, False)


def test_a_connection_that_is_reset_gives_what_came_and_says_so(policy):
    with socket.create_server(("127.0.2.1", 0)) as listener:

        def reset():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(OK + b"Content-Length: 1000\r\n\r\nhello")
                arrived.wait(5)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        arrived = threading.Event()
        thread = threading.Thread(target=reset)
        thread.start()
        host, port = listener.getsockname()
        receive = GuardedSocket.receive

        def receive_then_reset(self, size):
            data = receive(self, size)
            arrived.set()
            return data

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(GuardedSocket, "receive", receive_then_reset)
            page = fetch(f"http://{host}:{port}/", policy)
        thread.join()

    assert (page.body, page.incomplete) == (b"hello", True)


@pytest.mark.parametrize("reply", TOO_LONG.values(), ids=TOO_LONG)
def test_a_body_without_end_is_cut(serve, policy, cost, reply):
    server = serve(reply)

    page = fetch(server.url, policy)

    assert (page.truncated, page.incomplete) == (True, False)
    assert page.body.strip(b"\0") == b""
    assert len(page.body) <= MEGABYTE


def test_a_gzip_bomb_within_a_gzip_bomb_is_not_decompressed(serve, policy, cost):
    server = serve(packed(DOUBLE_BOMB))

    assert fetch(server.url, policy).body == GZIP_BOMB


def test_redirects_share_one_deadline(serve, policy):
    def reply(request):
        time.sleep(0.3)  # less than the timeout; two redirects take more
        return b"HTTP/1.1 302 Found\r\nLocation: /%d\r\n\r\n" % len(server.requests)

    server = serve(reply)

    with pytest.raises(TimedOut):
        fetch(server.url, replace(policy, timeout=0.4))


@pytest.mark.parametrize(
    ("head", "piece"),
    [(CHUNKED, b"1\r\nx\r\n" * 10_000), (packed(b""), gzip.compress(b"x") * 1000)],
    ids=["chunks", "gzip members"],
)
def test_one_byte_chunks_end_when_the_cpu_time_is_used_up(serve, policy, cost, head, piece):
    server = serve(for_ever(head, piece))

    with pytest.raises(ConnectionFailed):
        fetch(server.url, replace(policy, max_bytes=16 * MEGABYTE))


@pytest.mark.parametrize("name", ["endless gzip header", "endless empty deflate blocks"])
def test_bytes_that_are_no_body_are_counted_too(serve, policy, cost, name):
    server = serve(BROKEN[name])

    with pytest.raises(ConnectionFailed, match="too long"):
        fetch(server.url, policy)


def test_output_that_the_inflater_holds_back_is_not_lost(serve, policy):
    # The inflater has taken all of this input when the last 67 bytes of output do not fit into its last piece.
    packer = zlib.compressobj(9, wbits=-15)
    body = b"x" * 16_451
    server = serve(packed(packer.compress(body) + packer.flush(), b"deflate"))

    assert fetch(server.url, policy).body == body


def test_the_deadline_ends_a_source_that_reads_nothing():
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(TimeoutError):
        GuardedSocket(ours, Deadline(0.2)).send(b"x" * 10 * MEGABYTE)


def test_error_texts_are_one_line_without_internals(serve, policy):
    for reply in (*BROKEN.values(), TOO_LATE["silence"]):
        with pytest.raises(FetchError) as caught:
            fetch(serve(reply).url, replace(policy, timeout=0.3))
        assert str(caught.value).isprintable()
        assert "source" in str(caught.value)
        assert "Error" not in str(caught.value)


def test_a_source_that_refuses_is_a_failure(serve, policy):
    server = serve()
    server.close()

    with pytest.raises(ConnectionFailed):
        fetch(server.url, policy)
