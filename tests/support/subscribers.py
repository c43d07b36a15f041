"""A reader that subscribes: a server elsewhere with a callback at each path."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from tests.support.elsewhere import ElsewhereServer, Received, respond

Answer = Callable[[BaseHTTPRequestHandler, Received], None]


def say(status: int, body: bytes = b"", **headers: str) -> Answer:
    """An answer that is always the same; `Content_Type="…"` is a header field."""
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return lambda handler, _: respond(handler, status, fields, body)


def confirm(handler: BaseHTTPRequestHandler, received: Received) -> None:
    """Repeats the challenge, takes pushes, and does not mind denials."""
    respond(handler, 200, body=received.asked.get("hub.challenge", "").encode())


class Reader(ElsewhereServer):
    """A subscriber with callbacks at `url` + any path. `answers` says what each path answers, else `otherwise`."""

    def __init__(self, host: str = "127.0.2.1") -> None:
        self.answers: dict[str, Answer] = {}
        self.otherwise: Answer = confirm
        self.closing = threading.Event()  # for answers that hang
        super().__init__(host, lambda handler, received: self._answer(received.path)(handler, received))

    def _answer(self, path: str) -> Answer:
        return self.answers.get(path, self.otherwise)

    def to(self, path: str) -> list[Received]:
        """The requests to one callback."""
        return [received for received in self.requests if received.path == path]

    def close(self) -> None:
        self.closing.set()
        super().close()
