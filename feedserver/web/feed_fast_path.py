"""WSGI before Flask: a feed that is in memory and current is answered without the router, templates and hooks.

The router stays the only one who knows which address is which feed: where it has led a request to a feed, the door
remembers the address as it was sent, and lets it in by itself the next time. Everything else goes on to Flask: pages,
people who open a feed, addresses that are new, feeds that have to be rendered.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from feedserver.feeds.kept import Kept
from feedserver.feeds.responses import LED_TO, FeedRequest, FeedResponder, FeedResponse
from feedserver.feeds.scopes import FeedAddress
from feedserver.web.routing import Environ, WsgiApp

_KEPT: Final = 2048  # addresses


class FeedDoor:
    """Answers GET and HEAD of feeds; `app` answers the rest."""

    def __init__(self, app: WsgiApp, answering: FeedResponder) -> None:
        self._app = app
        self._answering = answering
        self._known: Kept[str, FeedAddress] = Kept(_KEPT)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        sent = environ.get("RAW_URI", "")
        address = self._known.get(sent)
        found = (
            self._in_memory(address, FeedRequest.of(environ))
            if address is not None and _is_a_readers(environ)
            else None
        )
        if found is None:
            return self._led_by_the_router(environ, start_response, sent)
        start_response(found.line, found.headers)
        return [found.body] if environ["REQUEST_METHOD"] == "GET" else []

    def _in_memory(self, address: FeedAddress, asked: FeedRequest) -> FeedResponse | None:
        document = self._answering.feeds.in_memory(address)
        return None if document is None else self._answering.answer(address, document, asked)

    def _led_by_the_router(self, environ: Environ, start_response: Callable[..., Any], sent: str) -> Iterable[bytes]:
        answered = self._app(environ, start_response)
        address = environ.get(LED_TO)
        if address is not None and _is_plain(sent, address):
            self._known.keep(sent, address)
        return answered


def _is_a_readers(environ: Environ) -> bool:
    """Whether a request asks for a feed as it is, not for the page that a person is shown."""
    return environ["REQUEST_METHOD"] in ("GET", "HEAD") and environ.get("HTTP_SEC_FETCH_MODE") != "navigate"


def _is_plain(sent: str, address: FeedAddress) -> bool:
    """Whether an address was sent without more than it needs.

    Other queries are ignored; they must not be remembered, as a stranger can think of any number of them.
    """
    path, question, query = sent.partition("?")
    return path.startswith("/") and question + query == address.query
