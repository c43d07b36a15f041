"""Reloads and restarts lose no request: none is reset, and what waits in a socket that stays is answered later."""

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.hostile.restarting import SECONDS, Activated, Clients
from tests.support.pinging import HEADERS, ping_body
from tests.support.serving import LONG, Site, free_port
from tests.support.waiting import wait_until

RELOADS, RESTARTS = (20, 8) if LONG else (1, 1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Activated]:
    server = Activated(tmp_path)
    yield server
    server.close()


@pytest.mark.timeout(400 if LONG else 120)
def test_no_request_is_lost_over_reloads_and_over_restarts_with_a_socket_that_stays(
    server: Activated, tmp_path: Path
) -> None:
    clients = Clients(server.port)
    server.start()

    with clients.running():
        clients.wait_for_more(1)
        (tmp_path / "feedserver.toml").write_text('[site]\ntitle = "Mistaken"\nlanguage = 3\n')
        server.reload()
        assert "reloaded with the settings of before: site.language: " in server.log()
        assert "Mistaken" not in server.feed()
        for number in range(RELOADS):
            (tmp_path / "feedserver.toml").write_text(f'[site]\ntitle = "Title {number}"\n')
            server.reload()
            wait_until(lambda: f"Title {number}" in server.feed(), SECONDS, server.log)  # noqa: B023 - at once
            clients.wait_for_more(3)
        for _ in range(RESTARTS):
            server.signal(signal.SIGTERM)
            assert server.wait() == 0
            server.start()
            clients.wait_for_more(3)
    server.signal(signal.SIGTERM)

    assert clients.lost == []
    assert server.wait() == 0


def test_a_stop_answers_every_request_that_a_worker_has_taken(tmp_path: Path) -> None:
    """More than it has threads; some have come in part, and one not at all yet."""
    site = Site(tmp_path, free_port(), {})
    site.start(workers=1, threads=2)
    process = site.process
    assert process is not None
    ping = ping_body("http://127.0.2.1:9/page", f"{site.url}/posts/hello")
    with ExitStack() as opened:
        opened.callback(process.kill)
        pinging = [opened.enter_context(kept_open(site)) for _ in range(6)]
        late, silent = opened.enter_context(kept_open(site)), opened.enter_context(kept_open(site))
        with closing(sqlite3.connect(tmp_path / "var" / "feedserver.sqlite3", isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")  # no ping is answered before it is stored
            for connection in pinging:
                connection.request("POST", "/pingback", ping, HEADERS)
            late.sock.sendall(b"GET /feed.rss HTTP/1.1\r\nHost:")
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: "Handling signal: term" in site.log(), SECONDS, site.log)
        late.sock.sendall(b" x\r\n\r\n")
        silent.request("GET", "/feed.rss")

        assert [connection.getresponse().status for connection in pinging] == [200] * 6
        assert silent.getresponse().status == 200
        assert late.sock.recv(12) == b"HTTP/1.1 200"
        assert process.wait(SECONDS) == 0


@contextmanager
def kept_open(site: Site) -> Iterator[HTTPConnection]:
    """A connection that has been answered once."""
    with closing(HTTPConnection("127.0.0.1", site.port, timeout=SECONDS)) as connection:
        connection.request("GET", "/healthz")
        assert connection.getresponse().read()
        yield connection
