"""Another site that takes pings: a real HTTP server on the test internet, with pages and endpoints by path."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Header = tuple[str, str]


@dataclass(frozen=True)
class Received:
    """One request; names of header fields are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answering:
    """What a path answers. `breaks_off`: the connection ends before the whole body was sent."""

    status: int = 200
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    breaks_off: bool = False


@dataclass
class OtherSite:
    """Answers are put by path, for GET, HEAD and POST alike; all else is 404. `requests` holds what has come."""

    host: str = "127.0.2.1"
    requests: list[Received] = field(default_factory=list)
    answers: dict[str, Callable[[Received], Answering]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                received = Received(self.command, self.path, headers, body)
                site.requests.append(received)
                answering = site.answers.get(self.path, lambda _: Answering(404))(received)
                with suppress(ConnectionError):
                    self._send(answering)

            def do_GET(self) -> None:
                self.answer()

            def do_HEAD(self) -> None:
                self.answer()

            def do_POST(self) -> None:
                self.answer()

            def _send(self, answering: Answering) -> None:
                self.send_response(answering.status)
                for name, value in answering.headers:
                    self.send_header(name, value)
                length = len(answering.body) + (9 if answering.breaks_off else 0)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answering.body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((self.host, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{self.host}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def put(
        self,
        path: str,
        html: str | bytes = "",
        *headers: Header,
        status: int = 200,
        kind: str = "text/html; charset=utf-8",
        breaks_off: bool = False,
    ) -> str:
        """Puts a page, or what an endpoint answers; returns its URL. Without `kind` it has no type."""
        typed = (("Content-Type", kind),) if kind else ()
        body = html.encode() if isinstance(html, str) else html
        answering = Answering(status, (*typed, *headers), body, breaks_off)
        self.answers[path] = lambda _: answering
        return self.url + path

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
