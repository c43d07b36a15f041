"""What a worker keeps for those who do not read their answers is bounded."""

import logging
import socket
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from selectors import DefaultSelector
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import TConn

from feedserver.outgoing import Unsent
from feedserver.promptness import PromptWorker

MIB = 1_048_576


@pytest.fixture
def worker() -> Iterator[PromptWorker]:
    worker = PromptWorker(0, 0, [], None, 30, Config(), logging.getLogger())
    worker.poller = DefaultSelector()
    yield worker
    worker.poller.close()
    worker.tmp.close()


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    with ExitStack() as stack:
        yield [(stack.enter_context(ours), stack.enter_context(theirs)) for ours, theirs in map(_pair, range(40))]


def _pair(_: int) -> tuple[socket.socket, socket.socket]:
    return socket.socketpair()


def test_who_has_waited_longest_loses_an_answer_when_all_that_is_kept_grows_too_large(
    worker: PromptWorker, pairs: list[tuple[socket.socket, socket.socket]]
) -> None:
    done: Future[Any] = Future()
    done.set_result(True)
    connections = [TConn(worker.cfg, ours, None, None) for ours, _ in pairs]
    worker.nr_conns = len(connections)

    for connection in connections:
        connection.unsent = Unsent([bytes(MIB)])
        worker.finish_request(connection, done)

    closed = [connection.sock.fileno() == -1 for connection in connections]
    assert closed == [True] * 8 + [False] * 32
    assert worker.nr_conns == 32


def test_a_fault_in_an_answer_at_once_ends_its_connection_and_nothing_else(
    worker: PromptWorker, pairs: list[tuple[socket.socket, socket.socket]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pairs[0]
    monkeypatch.setattr(worker, "_may_answer", lambda _: True, raising=False)
    monkeypatch.setattr(TConn, "init", lambda _: 1 / 0)
    worker.nr_conns = 1

    worker.hand_over(TConn(worker.cfg, ours, None, None), b"GET / HTTP/1.1\r\n\r\n")

    theirs.settimeout(5)
    assert theirs.recv(1) == b""


def test_what_is_sent_in_pieces_arrives_as_it_was_said() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        parts = [bytes([number]) * (number * 3_000) for number in range(1, 100)]
        unsent, came = Unsent(parts), b""
        while len(unsent):
            unsent.send(ours)
            came += theirs.recv(100_000)
        theirs.setblocking(False)
        try:
            while part := theirs.recv(MIB):
                came += part
        except BlockingIOError:
            pass

    assert came == b"".join(parts)
