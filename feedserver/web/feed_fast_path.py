"""WSGI layer before Flask: sends cached and current feeds without the router, templates and hooks.

The router alone decides which address is which feed: when it has routed a request to a feed, and the address was sent
as we write it, it is stored here. Everything else goes on to Flask: pages, browsers that open a feed, new addresses,
feeds to be rendered. So do other spellings and unknown queries, of which clients can send any number.
"""

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from cachetools import FIFOCache

from feedserver.feeds.responses import FeedRequest, FeedResponder
from feedserver.feeds.scopes import FeedAddress
from feedserver.feeds.views import ROUTED_TO
from feedserver.urls import Urls
from feedserver.web.observing import ROUTE
from feedserver.web.routing import Environ, WsgiApp

_ADDRESSES: Final = 2048


class FeedFastPath:
    """Answers GET and HEAD of feeds; `app` answers the rest."""

    def __init__(self, app: WsgiApp, responder: FeedResponder, urls: Urls, most: int = _ADDRESSES) -> None:
        """Stores up to `most` addresses."""
        self._app = app
        self._responder = responder
        self._urls = urls
        self._origin = urls.base.removesuffix(urlsplit(urls.base).path)
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
        environ[ROUTE] = f"feeds.{address.scope}_feed"  # as Flask calls it
        start_response(response.line, list(response.headers))
        return [response.body] if environ["REQUEST_METHOD"] == "GET" else []

    def _through_flask(self, environ: Environ, start_response: Callable[..., Any], sent: str) -> Iterable[bytes]:
        answered = self._app(environ, start_response)
        address = environ.get(ROUTED_TO)
        if address is not None and self._origin + sent == address.url(self._urls):
            with self._lock:
                self._routed[sent] = address
        return answered


def _is_for_the_feed(environ: Environ) -> bool:
    """Whether a request is for the feed itself, not for the page that browsers get."""
    return environ["REQUEST_METHOD"] in ("GET", "HEAD") and environ.get("HTTP_SEC_FETCH_MODE") != "navigate"
