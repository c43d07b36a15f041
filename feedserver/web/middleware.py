"""WSGI layers before Flask: the path of the site, trusted proxies, and a deadline for request bodies."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import SHUT_RD
from tempfile import SpooledTemporaryFile
from threading import Timer
from typing import IO, Any
from urllib.parse import unquote_to_bytes, urlsplit

from feedserver import request_ids
from feedserver.host_names import IS_HIDDEN, is_within, unmapped
from feedserver.setting_types import Network
from feedserver.web.routing import NOWHERE, Environ, WsgiApp

Address = IPv4Address | IPv6Address

MUST_CLOSE = "feedserver.must_close"  # in the WSGI environment: bytes of this request may still come

_THIS_MACHINE = ip_address("127.0.0.1")
_IN_MEMORY = 262_144  # bytes of a body
_WITHOUT_BODY = ("GET", "HEAD")  # one that they have all the same means nothing (RFC 9110 section 9.3.1)


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


@dataclass(frozen=True, slots=True)
class BodyRule:
    """How long a body may be, and how late: each `piece` bytes must come within `seconds`.

    With a piece that is as long as the longest body, that is a deadline for the whole; with a shorter one, a least
    rate.
    """

    max_bytes: int
    piece: int
    seconds: float

    @classmethod
    def whole(cls, max_bytes: int, seconds: float) -> "BodyRule":
        """All of the body within `seconds`. One byte more than allowed is read, so that views can refuse it."""
        return cls(max_bytes, max_bytes + 1, seconds)


class BodyDeadline:
    """Reads a request's body before Flask does, as a rule says; answers 408 where it comes too late.

    The socket timeout restarts with each byte, so a client could hold a thread for hours. After a 408 (RFC 9110 section
    15.5.9), and if a chunked body is too long, the server must close the connection, as MUST_CLOSE tells it: it would
    wait for the rest of the body, or take it for the next request. `is_left_unread` tells of other bodies beforehand.
    A long body lies in a file without a name, not in memory.
    """

    def __init__(self, app: WsgiApp, rule: BodyRule) -> None:
        self._app = app
        self._rule = rule

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = self._length(environ)
        if environ["REQUEST_METHOD"] in _WITHOUT_BODY or length is None:
            return self._app(environ, start_response)
        with SpooledTemporaryFile(_IN_MEMORY) as body:
            is_whole = self._receive(environ, length, body)
            received = body.tell()
            if not is_whole or (environ.get("CONTENT_LENGTH") and received < length):
                environ[MUST_CLOSE] = True
                start_response("408 Request Timeout", [("Content-Type", "text/plain"), ("Content-Length", "0")])
                return []
            if received > self._rule.max_bytes:
                environ[MUST_CLOSE] = True
            body.seek(0)
            environ["wsgi.input"] = body
            environ["CONTENT_LENGTH"] = str(received)
            environ.pop("HTTP_TRANSFER_ENCODING", None)  # no longer true; Flask would ignore the length
            return self._app(environ, start_response)

    def _length(self, environ: Environ) -> int | None:
        """How many bytes to read: Content-Length; for a chunked body one more than allowed.

        None without a body, and if Content-Length is too large: the views refuse that without reading.
        """
        announced = environ.get("CONTENT_LENGTH") or ""
        if announced.isdecimal():
            return int(announced) if 0 < int(announced) <= self._rule.max_bytes else None
        return self._rule.max_bytes + 1 if environ.get("wsgi.input_terminated") else None

    def _receive(self, environ: Environ, length: int, body: IO[bytes]) -> bool:
        """Writes the body, or the part that came in time, into `body`; returns whether nothing failed."""
        while (left := length - body.tell()) > 0:
            piece = self._read(environ, min(left, self._rule.piece))
            if piece is None:
                return False
            body.write(piece)
            if len(piece) < min(left, self._rule.piece):  # the end
                break
        return True

    def _read(self, environ: Environ, length: int) -> bytes | None:
        """The next bytes, or those of them that arrived in time; None if reading failed."""
        timer = Timer(self._rule.seconds, stop_reading, [environ.get("gunicorn.socket")])
        timer.start()
        try:
            found: bytes = environ["wsgi.input"].read(length)
        except OSError:  # the socket's own timeout, or a client that disconnected
            return None
        finally:
            timer.cancel()
        return found


def is_left_unread(method: str, announced: str, is_chunked: bool, max_bytes: int) -> bool:
    """Whether BodyDeadline passes a request on without its body. `announced` is a valid Content-Length, "" if none."""
    if method in _WITHOUT_BODY:
        return is_chunked or bool(announced.strip("0"))
    return int(announced or 0) > max_bytes


def stop_reading(connection: Any) -> None:
    """Lets all reading from a socket end at once, and this machine's answers be sent. None is no socket."""
    if connection is not None:
        with suppress(OSError):  # already closed
            connection.shutdown(SHUT_RD)
