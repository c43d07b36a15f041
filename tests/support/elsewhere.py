"""A site elsewhere: a real HTTP server on an address of the test internet, which notes what it is asked."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Received:
    """One request. `target` is as sent, a path with its query; `at` is by the monotonic clock."""

    method: str
    target: str
    headers: Message
    body: bytes
    at: float

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def asked(self) -> dict[str, str]:
        """The fields of the query."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


class ElsewhereServer:
    """Answers by `answer`, each request in a thread of its own. `most_at_once` were under way at a time."""

    def __init__(self, host: str, answer: Callable[[BaseHTTPRequestHandler, Received], None]) -> None:
        self.requests: list[Received] = []
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                received = Received(self.command, self.path, self.headers, body, time.monotonic())
                server.requests.append(received)
                server._count(1)
                self.is_answered = False
                with suppress(OSError):  # whoever asked has gone
                    answer(self, received)
                self._note_answer()

            def send_response(self, *arguments: Any) -> None:
                self._note_answer()  # before whoever asked can send the next request
                super().send_response(*arguments)

            def _note_answer(self) -> None:
                if not self.is_answered:
                    self.is_answered = True
                    server._count(-1)

            do_HEAD = do_POST = do_GET  # noqa: N815 - as the library calls them

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 64
            daemon_threads = True

        self._server = Server((host, 0), Handler)
        self.url = f"http://{host}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _count(self, change: int) -> None:
        with self._lock:
            self.at_once += change
            self.most_at_once = max(self.most_at_once, self.at_once)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def respond(
    handler: BaseHTTPRequestHandler, status: int, headers: Sequence[tuple[str, str]] = (), body: bytes = b""
) -> None:
    """Sends an answer, with the length of its body unless `headers` say another one."""
    handler.send_response(status)
    if "Content-Length" not in dict(headers):
        handler.send_header("Content-Length", str(len(body)))
    for name, value in headers:
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)
