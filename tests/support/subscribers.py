"""A reader that subscribes: a real HTTP server on an address of the test internet, with a callback at each path."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Call:
    """One request to a callback. `asked` are the fields of its query, after those of the callback itself."""

    method: str
    path: str
    query: str
    headers: dict[str, str]  # by lower-case name
    body: bytes

    @property
    def asked(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))


Answer = Callable[[BaseHTTPRequestHandler, Call], None]


def say(status: int, body: bytes = b"", **headers: str) -> Answer:
    """An answer that is always the same; `Content_Type="…"` is a header field."""

    def answer(handler: BaseHTTPRequestHandler, _call: Call) -> None:
        handler.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def confirm(handler: BaseHTTPRequestHandler, call: Call) -> None:
    """Repeats the challenge, takes pushes, and does not mind denials."""
    say(200, call.asked.get("hub.challenge", "").encode())(handler, call)


class Reader:
    """A subscriber with callbacks at `url` + any path. `answers` says what each path answers, else `otherwise`."""

    def __init__(self, host: str = "127.0.2.1") -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, Answer] = {}
        self.otherwise: Answer = confirm
        self.closing = threading.Event()  # for answers that hang
        reader = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                call = Call(self.command, parts.path, parts.query, headers, body)
                reader.calls.append(call)
                with suppress(OSError):  # whoever asked has gone
                    reader.answers.get(parts.path, reader.otherwise)(self, call)

            do_POST = do_GET  # noqa: N815 - as the library calls it

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def to(self, path: str) -> list[Call]:
        """The requests to one callback."""
        return [call for call in self.calls if call.path == path]

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
