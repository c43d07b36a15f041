"""Slashes in paths: an encoded one belongs to a name, a doubled or trailing one makes no other address.

WSGI decodes paths, so the list of the tag `a/feed.rss` would have the path of the feed of the tag `a`. `EncodedSlashes`
reads the request target and replaces each encoded slash by a placeholder; `NameConverter`, the router's `<name:…>`,
turns it into a slash. `plain_path` is the path that a misspelled one leads to.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from werkzeug.routing import BaseConverter, ValidationError

from feedserver.urls import plain_steps, segment

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

NOWHERE: Final = "/not/below/the/site"  # a path that no route matches: 404
_PLACEHOLDER: Final = "\x1f"  # no name has control characters (text.clean)
_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")
_ENCODED_SLASH: Final = re.compile("%2f", re.IGNORECASE)


class EncodedSlashes:
    """Puts placeholders for encoded slashes into PATH_INFO. Paths with control characters become NOWHERE."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if _CONTROL.search(path):
            environ["PATH_INFO"] = NOWHERE
        else:
            environ["PATH_INFO"] = _as_sent(environ) or path
        return self._app(environ, start_response)


class NameConverter(BaseConverter):
    """The name of a tag or author. Plain slashes are accepted within it too: some proxies decode paths."""

    part_isolating = False
    regex = ".+?"
    weight = 200  # tried after all more specific rules

    def to_python(self, value: str) -> str:
        if value.startswith("/") or value.endswith("/"):
            raise ValidationError
        return value.replace(_PLACEHOLDER, "/")


def plain_path(path: str) -> str:
    """Returns a path without empty and dot segments."""
    return "/" + "/".join(plain_steps(path))


def encoded_path(path: str) -> str:
    """Percent-encodes a path in which placeholders stand for encoded slashes, as `Urls` encodes it."""
    return "/".join(segment(step.replace(_PLACEHOLDER, "/")) for step in path.split("/"))


def _as_sent(environ: Environ) -> str | None:
    """The path with placeholders; None without encoded slashes, or if the request target is unknown.

    The request target may begin with a scheme, a host and the path of the site.
    """
    raw = (environ.get("RAW_URI") or environ.get("REQUEST_URI") or "").partition("?")[0]
    if not _ENCODED_SLASH.search(raw):
        return None
    path = environ.get("PATH_INFO", "")
    sent = unquote_to_bytes(_ENCODED_SLASH.sub(_PLACEHOLDER, raw)).decode("latin-1")[-len(path) :]
    return sent if sent.replace(_PLACEHOLDER, "/") == path else None
