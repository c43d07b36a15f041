"""WSGI before Flask: where the site is mounted, whom to believe about a sender, how long a request body may take."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from io import BytesIO
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import SHUT_RD
from threading import Timer
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from feedserver.setting_types import Network
from feedserver.web.routing import NOWHERE, Environ, WsgiApp

Address = IPv4Address | IPv6Address

_THIS_MACHINE = ip_address("127.0.0.1")


class Mounted:
    """Serves everything below the path of the site's base, and a few addresses at the root too.

    The Host that a request names is replaced by the site's own: no answer depends on it, and one that the router
    could not read would keep a reader out.
    """

    def __init__(self, app: WsgiApp, base: str, everywhere: Sequence[str]) -> None:
        """`base` is an absolute URL without a trailing slash (`site.url`)."""
        self._app = app
        self._host = urlsplit(base).netloc
        self._prefix = unquote_to_bytes(urlsplit(base).path).decode("latin-1")  # as WSGI hands paths over (PEP 3333)
        self._everywhere = frozenset(everywhere)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["HTTP_HOST"] = self._host
        path = environ.get("PATH_INFO", "")
        if not self._prefix or path in self._everywhere:
            return self._app(environ, start_response)
        if path == self._prefix or path.startswith(self._prefix + "/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._prefix
            environ["PATH_INFO"] = path[len(self._prefix) :] or "/"
        else:
            environ["PATH_INFO"] = NOWHERE
        return self._app(environ, start_response)


class TrustedProxies:
    """Takes a request's true sender and scheme from `X-Forwarded-For` and `-Proto`, if a trusted proxy set them.

    From the right, the first address that is not a trusted proxy's is the sender; what stands further left is
    whatever the sender liked to write. A peer without an address came through a socket of this machine.
    """

    def __init__(self, app: WsgiApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = trusted
        self._read = lru_cache(4096)(self._read_address)  # reading one takes 6 µs, more than all else of a 304
        self._this_machine = str(_THIS_MACHINE), self._is_trusted(_THIS_MACHINE)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        peer, is_trusted = self._read(environ.get("REMOTE_ADDR", "")) or self._this_machine
        if is_trusted:
            if forwarded := environ.get("HTTP_X_FORWARDED_FOR"):
                peer = self._sender(forwarded, peer)
            if environ.get("HTTP_X_FORWARDED_PROTO") in ("http", "https"):
                environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]
        environ["REMOTE_ADDR"] = peer
        return self._app(environ, start_response)

    def _sender(self, forwarded: str, peer: str) -> str:
        for entry in reversed(forwarded.split(",")):
            read = self._read(entry.strip().strip("[]"))
            if read is None:
                return peer
            peer, is_trusted = read
            if not is_trusted:
                return peer
        return peer

    def _read_address(self, text: str) -> tuple[str, bool] | None:
        """The address in its one form, and whether it is a trusted proxy's; None for what is no address."""
        address = _address(text)
        return None if address is None else (str(address), self._is_trusted(address))

    def _is_trusted(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._trusted)


def _address(text: str) -> Address | None:
    """The address in `text`, an IPv4 one that is written as IPv6 (RFC 4291 section 2.5.5.2) as the IPv4 one it is."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if address.version == 6 else address


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
        length = self._length(environ)
        if environ["REQUEST_METHOD"] in ("GET", "HEAD") or length is None:
            return self._app(environ, start_response)
        body = self._read(environ, length)
        if body is None or (environ.get("CONTENT_LENGTH") and len(body) < length):
            start_response("408 Request Timeout", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return []
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)  # no longer true, and it would hide the length from Flask
        return self._app(environ, start_response)

    def _length(self, environ: Environ) -> int | None:
        """How much to read: what was announced, or of a chunked body as much as shows that it is too long.

        None for nothing, and for what announces to be too long: that is refused without a look.
        """
        announced = environ.get("CONTENT_LENGTH") or ""
        if announced.isdecimal():
            return int(announced) if 0 < int(announced) <= self._most else None
        return self._most + 1 if environ.get("wsgi.input_terminated") else None

    def _read(self, environ: Environ, length: int) -> bytes | None:
        """The body, or what came of it in time; None when it broke off."""
        timer = Timer(self._seconds, _stop_reading, [environ.get("gunicorn.socket")])
        timer.start()
        try:
            body: bytes = environ["wsgi.input"].read(length)
        except OSError:  # the socket's own timeout, or a sender who left
            return None
        finally:
            timer.cancel()
        return body


def _stop_reading(connection: Any) -> None:
    if connection is not None:
        with suppress(OSError):  # it is closed already
            connection.shutdown(SHUT_RD)
