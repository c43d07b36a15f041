"""The secrets of receipts and of the moderation feed are in no log: the server's, nginx's, and nginx's of errors."""

import re
import signal
import socket
from pathlib import Path

import pytest

from feedserver.discreet_logs import PRIVATE
from tests.support.front import THREADS, WORKERS, Front
from tests.support.private_addresses import SECRET, SPELLINGS
from tests.support.proxy import PROGRAM, SHIPPED, WHY_NOT
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=WHY_NOT)
LAST = "the last request"
BROKEN = (
    f"GET /receipts/{SECRET} HTTP/9.x",
    f"GET /receipts/{SECRET}",
    f"GET /receipts/ {SECRET} HTTP/1.1",
    f"GET /receipts {SECRET} HTTP/1.1",
    f"GET /receipts/\t{SECRET} HTTP/1.1",
    f"GET  /receipts/{SECRET} HTTP/1.1",
    f"{SECRET}",
    f"{SECRET} /receipts/ HTTP/1.1",
    f"/receipts/{SECRET} GET HTTP/1.1",
    f"GET /receipts/{SECRET} HTTP/1.1\r\nHost : x /receipts/{SECRET}",
    f"GET /receipts/{SECRET} HTTP/1.1\r\nTransfer-Encoding: /receipts/{SECRET}",
    f"GET / HTTP/1.1\r\n/receipts/ {SECRET}",
    f"GET / HTTP/1.1\r\nX-B@d: /receipts/ {SECRET}",
    f"GET / HTTP/1.1\r\nUser-Agent: /receipts/ {SECRET}",
)


def send(port: int, request_line: str, agent: str = "x", referer: str = "x") -> None:
    """One request, as it stands."""
    head = f"{request_line}\r\nHost: x\r\nUser-Agent: {agent}\r\nReferer: {referer}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head.encode())
        while connection.recv(65536):
            pass


def lines_with_a_secret(log: Path, port: int) -> list[str]:
    """Those of a log, once it has all requests that were sent to this port before."""
    send(port, "GET /feeds HTTP/1.1", agent=LAST)
    wait_until(lambda: LAST in log.read_text("utf-8", "replace"))
    text = log.read_text("utf-8", "replace")
    return [line for line in text.splitlines() if SECRET in line]


def test_the_servers_log_holds_no_secret(front: Front) -> None:
    for spelling in SPELLINGS:
        send(front.site.port, f"GET {spelling} HTTP/1.1", f"Reader (+http://x{spelling})", f"http://x{spelling}")
    for line in BROKEN:
        send(front.site.port, line)

    assert lines_with_a_secret(front.site.folder / "serve.log", front.site.port) == []


def test_nginx_logs_no_secret(front: Front) -> None:
    port = int(front.nginx.url.rpartition(":")[2])
    for spelling in SPELLINGS:
        send(port, f"GET {spelling} HTTP/1.1", f"Reader (+http://x{spelling})", f"http://x{spelling}")
    for line in BROKEN:
        send(port, line)

    assert lines_with_a_secret(front.nginx.log, port) == []
    assert SECRET not in front.nginx.error_log.read_text()


def test_the_rest_of_nginxs_log_says_what_was_asked(front: Front) -> None:
    path = "/tags/caf%C3%A9%20bar?page=2&utm_source=x%2Fy"
    front.get(path, User_Agent="Reader/1.0 (+https://reader.example/)")

    wait_until(lambda: f'"GET {path} HTTP/1.1"' in front.nginx.log.read_text())
    assert '"Reader/1.0 (+https://reader.example/)"' in front.nginx.log.read_text()


def test_nginx_knows_what_is_private() -> None:
    text = SHIPPED.read_text("utf-8")

    assert text.count("|".join(PRIVATE)) == 3, "the map of addresses, that of User-Agents, and the location"


def test_requests_that_fail_are_told_without_secrets(front: Front) -> None:
    front.site.stop(signal.SIGKILL)
    port = int(front.nginx.url.rpartition(":")[2])
    try:
        before = front.refusals()
        for spelling in (
            spelling for spelling in SPELLINGS if not re.search("%25|[?](?:next|r|q|access_token)=", spelling)
        ):
            send(port, f"GET {spelling} HTTP/1.1")
        assert front.get("/feeds")[0] == 502
        wait_until(lambda: front.refusals() > before)
        assert SECRET not in front.nginx.error_log.read_text()
    finally:
        front.site.start(WORKERS, THREADS)
