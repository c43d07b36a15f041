"""`feedserver health`: what a container or a monitor asks."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from feedserver import listening
from tests.cli.conftest import Run
from tests.support.elsewhere import ElsewhereServer, respond

OK = {"status": "ok", "detail": None}

Serve = Callable[[int, object], ElsewhereServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A server on loopback that answers with a status and JSON."""
    servers: list[ElsewhereServer] = []

    def start(status: int, body: object) -> ElsewhereServer:
        content = json.dumps(body).encode()
        servers.append(ElsewhereServer("127.0.0.1", lambda handler, _: respond(handler, status, [], content)))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def readyz(status: str, **checks: object) -> object:
    return {"status": status, "checks": {"database": OK} | checks}


def bind(server: ElsewhereServer) -> str:
    return server.url.removeprefix("http://")


def test_an_address_that_is_none_is_wrong_usage(run: Run) -> None:
    told = run("health", "--bind", "blog.example")

    assert told.status == 2
    assert "“blog.example” is not HOST:PORT" in told.err[-1]


def test_a_server_that_can_serve_is_ok(run: Run, serve: Serve) -> None:
    told = run("health", "--bind", bind(serve(200, readyz("ok"))))

    assert (told.status, told.out, told.err) == (0, ["ok"], [])


def test_one_that_is_degraded_says_why_and_is_not_restarted(run: Run, serve: Serve) -> None:
    answer = readyz("degraded", jobs={"status": "degraded", "detail": "nobody works"})

    told = run("health", "--bind", bind(serve(200, answer)))

    assert (told.status, told.out) == (0, ["degraded; jobs: nobody works"])


def test_one_that_is_down_fails(run: Run, serve: Serve) -> None:
    answer = readyz("down", schema={"status": "down", "detail": "it is older"})

    told = run("health", "--bind", bind(serve(503, answer)))

    assert (told.status, told.out, told.err) == (1, [], ["feedserver: down; schema: it is older"])


@pytest.mark.parametrize("body", [{}, [], {"status": 1, "checks": {}}, "hello"], ids=str)
def test_another_program_is_no_feedserver(run: Run, serve: Serve, body: object) -> None:
    told = run("health", "--bind", bind(serve(200, body)))

    assert told.status == 1
    assert "is no feedserver" in told.err[0]


def test_without_a_server_it_is_one_line(run: Run, outside: Path) -> None:
    (outside / "var").mkdir()
    listening.note(outside / "var", "http://127.0.0.1:1")

    told = run("health")

    assert (told.status, told.out) == (1, [])
    assert told.err == ["feedserver: down: the connection to the server failed at http://127.0.0.1:1"]


def test_a_unix_socket_is_asked_where_the_server_has_noted_one(run: Run, outside: Path, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    body = json.dumps(readyz("ok")).encode()
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(path))
        listener.listen()

        def answer() -> None:
            with closing(listener.accept()[0]) as connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

        thread = threading.Thread(target=answer)
        thread.start()
        (outside / "var").mkdir()
        listening.note(outside / "var", listening.own_address([listener]) or "")
        told = run("health")
        thread.join()

    assert (told.status, told.out) == (0, ["ok"])


def test_a_unix_socket_without_a_server_is_down(run: Run, outside: Path) -> None:
    (outside / "var").mkdir()
    listening.note(outside / "var", "unix:/nowhere/socket")

    told = run("health")

    assert (told.status, told.err) == (1, ["feedserver: down: the server does not answer at unix:/nowhere/socket"])
