"""One name, one path segment: a slash that was percent-encoded belongs to its tag or author, not to the path.

WSGI hands paths over decoded, so that the list of the tag `a/feed.rss` would look like the feed of the tag `a`.
`EncodedSlashes` goes back to what was sent and writes a stand-in for each encoded slash; `NameConverter`, the
router's `<name:…>`, turns it into the slash again.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from werkzeug.routing import BaseConverter

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

NOWHERE: Final = "/not/below/the/site"  # a path that the router answers with the friendly 404
_STAND_IN: Final = "\x1f"  # no name holds control characters (text.clean)
_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")
_ENCODED_SLASH: Final = re.compile("%2f", re.IGNORECASE)


class EncodedSlashes:
    """Tells encoded slashes from plain ones, and leads paths with control characters nowhere: nothing has them."""

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
    """A tag or an author. Plain slashes are taken too, for proxies that decode what they pass on."""

    part_isolating = False
    regex = ".+?"
    weight = 200  # after every rule that says more

    def to_python(self, value: str) -> str:
        return value.removesuffix("/").replace(_STAND_IN, "/")


def _as_sent(environ: Environ) -> str | None:
    """The path with stand-ins for encoded slashes; None where there is none, or where it is not known what was sent.

    What was sent may begin with a scheme, a host and the path that the site is mounted at.
    """
    raw = (environ.get("RAW_URI") or environ.get("REQUEST_URI") or "").partition("?")[0]
    if not _ENCODED_SLASH.search(raw):
        return None
    path = environ.get("PATH_INFO", "")
    sent = unquote_to_bytes(_ENCODED_SLASH.sub(_STAND_IN, raw)).decode("latin-1")[-len(path) :]
    return sent if sent.replace(_STAND_IN, "/") == path else None
