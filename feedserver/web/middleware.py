"""WSGI layers before Flask: the path of the site, and trusted proxies."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from feedserver import request_ids
from feedserver.host_names import IS_HIDDEN, is_within, unmapped
from feedserver.setting_types import Network
from feedserver.web.routing import NOWHERE, Environ, WsgiApp

Address = IPv4Address | IPv6Address

_THIS_MACHINE = ip_address("127.0.0.1")


class Mounted:
    """Serves the site below the path of its base URL, and the paths in `everywhere` at the root too.

    The Host header is replaced by the site's own host: no answer depends on it, and Werkzeug refuses some values.
    """

    def __init__(self, app: WsgiApp, base: str, everywhere: Sequence[str]) -> None:
        """`base` is `site.url`: an absolute URL without a trailing slash."""
        self._app = app
        self._host = urlsplit(base).netloc
        self._prefix = unquote_to_bytes(urlsplit(base).path).decode("latin-1")  # as WSGI decodes paths (PEP 3333)
        self._everywhere = frozenset(everywhere)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["HTTP_HOST"] = self._host
        path = environ.get("PATH_INFO", "")
        if not self._prefix or path in self._everywhere:
            return self._app(environ, start_response)
        doubled = "/" if path.startswith("//") else ""
        path = "/" + path.lstrip("/")
        if path == self._prefix or path.startswith(self._prefix + "/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._prefix
            below = path[len(self._prefix) :]
            environ["PATH_INFO"] = doubled + below if below else ""  # no path at all is misspelled too
        else:
            environ["PATH_INFO"] = NOWHERE
        return self._app(environ, start_response)


class TrustedProxies:
    """Takes the client's address and scheme from `X-Forwarded-For` and `-Proto`, if the peer is a trusted proxy. Gives
    each request its id.

    The client is the rightmost address that is not a trusted proxy's: those further left are the client's own claim.
    A peer without an address is connected by a Unix socket, and counts as loopback.
    """

    def __init__(self, app: WsgiApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = trusted
        self._read = lru_cache(4096)(self._read_address)  # parsing takes 6 µs, more than the rest of a 304
        self._this_machine = str(_THIS_MACHINE), is_within(_THIS_MACHINE, trusted)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        peer, from_proxy = self._read(environ.get("REMOTE_ADDR", "")) or self._this_machine
        if from_proxy:
            if forwarded := environ.get("HTTP_X_FORWARDED_FOR"):
                peer, environ[IS_HIDDEN] = self._client(forwarded, peer)
            if environ.get("HTTP_X_FORWARDED_PROTO") in ("http", "https"):
                environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]
        environ["REMOTE_ADDR"] = peer
        request_ids.begin(environ, is_trusted=from_proxy)
        try:
            return self._app(environ, start_response)
        finally:
            request_ids.end()

    def _client(self, forwarded: str, peer: str) -> tuple[str, bool]:
        """The client's address; that of the proxy, and true, if it does not say which."""
        for entry in reversed(forwarded.split(",")):
            text = entry.strip()
            read = self._read(text.strip("[]")) or self._read(text.rpartition(":")[0].strip("[]"))  # some add a port
            if read is None:
                return peer, True
            peer, is_trusted = read
            if not is_trusted:
                return peer, False
        return peer, False

    def _read_address(self, text: str) -> tuple[str, bool] | None:
        """The normalized address, and whether it is a trusted proxy's; None if `text` is not an address."""
        address = _address(text)
        return None if address is None else (str(address), is_within(address, self._trusted))


def _address(text: str) -> Address | None:
    """The address in `text`, or None; an IPv4-mapped IPv6 address as IPv4."""
    try:
        return unmapped(ip_address(text))
    except ValueError:
        return None
