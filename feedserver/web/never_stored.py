"""What nobody may store or list: every answer below some paths, errors and redirects too."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from feedserver.web.routing import Environ, WsgiApp, plain_path

_HEADERS: Final = [("Cache-Control", "no-store"), ("X-Robots-Tag", "noindex")]
_REPLACED: Final = frozenset(name.lower() for name, _ in _HEADERS)


class NeverStored:
    """Adds `Cache-Control: no-store` and `X-Robots-Tag: noindex` to answers at the `paths` and below, however a request
    spells them."""

    def __init__(self, app: WsgiApp, paths: Sequence[str]) -> None:
        self._app = app
        self._paths = frozenset(paths)
        self._below = tuple(f"{path}/" for path in paths)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = plain_path(environ.get("PATH_INFO", ""))
        if path not in self._paths and not path.startswith(self._below):
            return self._app(environ, start_response)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            kept = [(name, value) for name, value in headers if name.lower() not in _REPLACED]
            return start_response(status, [*kept, *_HEADERS], *more)

        return self._app(environ, start)
