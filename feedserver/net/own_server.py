"""Asks a server of the operator's own: the one of this site, wherever that is."""

import http.client
import socket
from ipaddress import ip_network
from typing import Final

from feedserver import __version__
from feedserver.errors import ConnectionFailed, FetchError
from feedserver.net.connection import Policy
from feedserver.net.exchange import Header, Request, Response, exchange

UNIX: Final = "unix:"  # begins the address of a Unix socket
_PEER: Final = "the server"
_EVERYWHERE: Final = (ip_network("0.0.0.0/0"), ip_network("::/0"))
_MAX_BYTES: Final = 16 * 1_048_576


def policy(seconds: float) -> Policy:
    """The policy of an exchange with a server of one's own: any address, and `seconds` for all of it."""
    return Policy(_EVERYWHERE, None, seconds, _MAX_BYTES, f"feedserver/{__version__} (its own operator)")


def ask(address: str, path: str, seconds: float, *headers: Header) -> Response:
    """GET of `path` from the server at `address`: `http://HOST:PORT`, or `unix:PATH`. Raises FetchError."""
    if address.startswith(UNIX):
        return _ask_socket(address.removeprefix(UNIX), path, seconds, headers)
    return exchange(Request(address + path, headers=headers, peer=_PEER), policy(seconds), redirects=0)


def _ask_socket(socket_path: str, path: str, seconds: float, headers: tuple[Header, ...]) -> Response:
    connection = http.client.HTTPConnection("localhost", timeout=seconds)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(seconds)
            sock.connect(socket_path)
            connection.sock = sock
            connection.request("GET", path, headers=dict(headers))
            answer = connection.getresponse()
            return Response(path, answer.status, tuple(answer.getheaders()), answer.read(_MAX_BYTES))
    except (OSError, http.client.HTTPException) as error:
        failed: FetchError = ConnectionFailed("{peer} does not answer")
        failed.peer = _PEER
        raise failed from error
    finally:
        connection.close()
