"""What nobody may store, list or tell others of: every answer below some paths, errors and redirects too."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from feedserver.web.routing import Environ, WsgiApp, plain_path

NEVER_STORED: Final[Mapping[str, str]] = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
SECRET_ADDRESS: Final[Mapping[str, str]] = {**NEVER_STORED, "Referrer-Policy": "no-referrer"}  # a token stands in it


class NeverStored:
    """Sets headers in answers at some paths and below, however a request spells them.

    `headers` holds those of each path, which take the place of what the answer has.
    """

    def __init__(self, app: WsgiApp, headers: Mapping[str, Mapping[str, str]]) -> None:
        self._app = app
        self._headers = dict(headers)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        first_step = plain_path(environ.get("PATH_INFO", "")).split("/", 2)[1]
        headers = self._headers.get(f"/{first_step}")
        if headers is None:
            return self._app(environ, start_response)
        replaced = {name.lower() for name in headers}

        def start(status: str, sent: list[tuple[str, str]], *more: Any) -> Any:
            kept = [(name, value) for name, value in sent if name.lower() not in replaced]
            return start_response(status, [*kept, *headers.items()], *more)

        return self._app(environ, start)
