"""WSGI before Flask: where the site is mounted, whom to believe about a sender, how long a request body may take."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from io import BytesIO
from ipaddress import ip_address
from socket import SHUT_RD
from threading import Timer
from typing import Any

from feedserver.settings import Network

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Mounted:
    """Serves everything below a path, and a few addresses at the root too."""

    def __init__(self, app: WsgiApp, prefix: str, everywhere: Sequence[str]) -> None:
        """`prefix` is empty or starts with a slash and ends without one, percent-decoded."""
        self._app = app
        self._prefix = prefix.encode().decode("latin-1")  # as WSGI hands paths over (PEP 3333)
        self._everywhere = frozenset(everywhere)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not self._prefix or path in self._everywhere:
            return self._app(environ, start_response)
        if path == self._prefix or path.startswith(self._prefix + "/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._prefix
            environ["PATH_INFO"] = path[len(self._prefix) :] or "/"
        else:
            environ["PATH_INFO"] = "/not/below/the/site"  # the router answers with the friendly 404
        return self._app(environ, start_response)


class TrustedProxies:
    """Takes a request's true sender and scheme from `X-Forwarded-For` and `-Proto`, if a trusted proxy set them.

    From the right, the first address that is not a trusted proxy's is the sender; what stands further left is
    whatever the sender liked to write.
    """

    def __init__(self, app: WsgiApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = trusted

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        peer = environ.get("REMOTE_ADDR", "")
        if self._trusted and self._is_trusted(peer):
            environ["REMOTE_ADDR"] = self._sender(environ.get("HTTP_X_FORWARDED_FOR", ""), peer)
            if environ.get("HTTP_X_FORWARDED_PROTO") in ("http", "https"):
                environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]
        return self._app(environ, start_response)

    def _sender(self, forwarded: str, peer: str) -> str:
        for entry in reversed(forwarded.split(",")):
            address = entry.strip().strip("[]")
            if not _is_address(address):
                return peer
            peer = address
            if not self._is_trusted(address):
                return address
        return peer

    def _is_trusted(self, text: str) -> bool:
        if not _is_address(text):
            return False
        address = ip_address(text)
        return any(address.version == network.version and address in network for network in self._trusted)


class BodyDeadline:
    """Reads a request's body before Flask does, within one deadline for all of it.

    A server's own timeout begins anew with each byte; a body that drips would hold its thread for hours.
    """

    def __init__(self, app: WsgiApp, *, seconds: float, most: int) -> None:
        """`most` bytes are read, and one more to tell that there are more; the views refuse those."""
        self._app = app
        self._seconds = seconds
        self._most = most

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in ("GET", "HEAD") or not self._worth_reading(environ):
            return self._app(environ, start_response)
        timer = Timer(self._seconds, _stop_reading, [environ.get("gunicorn.socket")])
        timer.start()
        try:
            body = environ["wsgi.input"].read(self._most + 1)
        except OSError:  # the socket's own timeout, or a sender who left
            body = None
        finally:
            timer.cancel()
        announced = environ.get("CONTENT_LENGTH")
        if body is None or (announced and len(body) < int(announced)):
            start_response("408 Request Timeout", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return []
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        return self._app(environ, start_response)

    def _worth_reading(self, environ: Environ) -> bool:
        """Not what announces to be too long: that is refused without a look. Without an announcement it is chunked."""
        announced = environ.get("CONTENT_LENGTH") or ""
        if announced.isdecimal():
            return 0 < int(announced) <= self._most
        return bool(environ.get("wsgi.input_terminated"))


def _stop_reading(connection: Any) -> None:
    if connection is not None:
        with suppress(OSError):  # it is closed already
            connection.shutdown(SHUT_RD)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
