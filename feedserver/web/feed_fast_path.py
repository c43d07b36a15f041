"""WSGI layer before Flask: sends cached and current feeds without the router, templates and hooks.

The router alone decides which address is which feed: when it has routed a request to a feed, the address as sent is
stored here. Everything else goes on to Flask: pages, browsers that open a feed, new addresses, feeds to be rendered.
"""

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any, Final

from cachetools import FIFOCache

from feedserver.feeds.responses import FeedRequest, FeedResponder
from feedserver.feeds.scopes import FeedAddress
from feedserver.feeds.views import ROUTED_TO
from feedserver.web.routing import Environ, WsgiApp

_ADDRESSES: Final = 2048


class FeedFastPath:
    """Answers GET and HEAD of feeds; `app` answers the rest."""

    def __init__(self, app: WsgiApp, responder: FeedResponder, most: int = _ADDRESSES) -> None:
        """Stores up to `most` addresses."""
        self._app = app
        self._responder = responder
        self._routed: FIFOCache[str, FeedAddress] = FIFOCache(most)
        self._lock = Lock()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        sent = environ.get("RAW_URI", "")
        try:
            address = self._routed[sent]  # without the lock: reading a FIFO cache changes nothing
        except KeyError:
            address = None
        if address is None or not _is_for_the_feed(environ):
            return self._through_flask(environ, start_response, sent)
        response = self._responder.respond_from_cache(address, FeedRequest.of(environ))
        if response is None:
            return self._through_flask(environ, start_response, sent)
        start_response(response.line, list(response.headers))
        return [response.body] if environ["REQUEST_METHOD"] == "GET" else []

    def _through_flask(self, environ: Environ, start_response: Callable[..., Any], sent: str) -> Iterable[bytes]:
        answered = self._app(environ, start_response)
        address = environ.get(ROUTED_TO)
        if address is not None and _is_plain(sent, address):
            with self._lock:
                self._routed[sent] = address
        return answered


def _is_for_the_feed(environ: Environ) -> bool:
    """Whether a request is for the feed itself, not for the page that browsers get."""
    return environ["REQUEST_METHOD"] in ("GET", "HEAD") and environ.get("HTTP_SEC_FETCH_MODE") != "navigate"


def _is_plain(sent: str, address: FeedAddress) -> bool:
    """Whether the address has no query but the feed's own: clients can send any number of others, which are ignored."""
    path, question, query = sent.partition("?")
    return path.startswith("/") and question + query == address.query
