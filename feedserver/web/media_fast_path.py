"""WSGI layer before Flask: sends the bytes of pictures and files whose addresses were found before.

What is asked for the first time, misspelled or missing goes on to Flask (`media.views`), which looks it up.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from feedserver.errors import MediaStoreError
from feedserver.media.responses import MediaRequest, MediaResponder, MediaResponse
from feedserver.web.observing import ROUTE
from feedserver.web.routing import Environ, WsgiApp

_BELOW: Final = "/media/"


class MediaFastPath:
    """Answers GET and HEAD of known files; `app` answers the rest."""

    def __init__(self, app: WsgiApp, responder: MediaResponder) -> None:
        self._app = app
        self._responder = responder

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = self._response(environ)
        if response is None:
            return self._app(environ, start_response)
        environ[ROUTE] = "media.file"  # as Flask calls it
        start_response(response.line, response.headers)
        return response.content(environ)

    def _response(self, environ: Environ) -> MediaResponse | None:
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith(_BELOW) or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        file = self._responder.remembered(path[1:].encode("latin-1").decode("utf-8", "replace"))
        try:
            return self._responder.respond(file, MediaRequest.of(environ)) if file else None
        except MediaStoreError:  # Flask has the page that says so
            return None
