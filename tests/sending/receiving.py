"""Another site that takes pings: a server elsewhere, with pages and endpoints by path."""

from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

from tests.support.elsewhere import ElsewhereServer, Received, respond

Header = tuple[str, str]


@dataclass(frozen=True)
class Answering:
    """What a path answers. `breaks_off`: the connection ends before the whole body was sent."""

    status: int = 200
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    breaks_off: bool = False


class OtherSite(ElsewhereServer):
    """Answers are put by path with its query, for GET, HEAD and POST alike; all else is 404."""

    def __init__(self, host: str = "127.0.2.1") -> None:
        self.answers: dict[str, Callable[[Received], Answering]] = {}
        super().__init__(host, self._answer)

    def _answer(self, handler: BaseHTTPRequestHandler, received: Received) -> None:
        found = self.answers.get(received.target, lambda _: Answering(404))(received)
        length = [("Content-Length", str(len(found.body) + 9))] if found.breaks_off else []
        respond(handler, found.status, [*found.headers, *length], found.body)

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
