"""The outermost WSGI layer: tells which route answered a request, with which status, and how long that took."""

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any, Final

from feedserver.web.routing import Environ, WsgiApp

ROUTE: Final = "feedserver.route"  # in the WSGI environment: the name of the route, once one is found
NO_ROUTE: Final = "none"

Observe = Callable[[str, str, float], None]  # route, three digits of the status, seconds until the answer began


class Observed:
    """Tells `observe` of each request to `app`. Feeds of the fast path pass here too."""

    def __init__(self, app: WsgiApp, observe: Observe) -> None:
        self._app = app
        self._observe = observe

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        began, status = perf_counter(), "500"

        def started(line: str, *others: Any) -> Any:
            nonlocal status
            status = line[:3]
            return start_response(line, *others)

        try:
            return self._app(environ, started)
        finally:
            self._observe(environ.get(ROUTE, NO_ROUTE), status, perf_counter() - began)
