"""Connections to untrusted hosts.

All addresses of a name are checked (RFC 1918 and others: `address`), and the connection goes to a checked address, so
that a second resolution cannot lead elsewhere.
"""

import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from time import monotonic
from typing import Any
from urllib.parse import SplitResult

from feedserver.errors import AddressForbidden, ConnectionFailed, FetchError, HostUnknown, TimedOut
from feedserver.host_names import DEFAULT_PORTS, host_name
from feedserver.net.address import may_contact
from feedserver.net.guarded_socket import Deadline, GuardedSocket, GuardedTlsSocket
from feedserver.setting_types import Network

_log = logging.getLogger(__name__)

MAX_ADDRESSES = 4  # tried in order
NOT_FOUND = "{peer}’s host cannot be found"  # for a forbidden address too, so that nobody can probe our networks
# A thread waits for a stalled name server until the resolver gives up, long after the fetch. So more threads than
# fetches are allowed.
_LOOKUPS = threading.BoundedSemaphore(128)

Address = IPv4Address | IPv6Address
SocketAddress = tuple[Any, ...]  # as `getaddrinfo` returns it: host and port, for IPv6 also flow label and zone
Resolve = Callable[[str, int], list[SocketAddress]]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a fetch may do."""

    allow: tuple[Network, ...]  # networks that may be contacted although they are not public
    ports: frozenset[int] | None  # None: any
    timeout: float  # seconds for everything: names, connections, TLS, redirects, body
    max_bytes: int  # of body, after decompression
    user_agent: str
    # Is told how each exchange ended: the class of the status (“2xx”), or `FetchError.outcome`.
    tell: Callable[[str], None] = lambda _: None


def look_up(host: str, port: int) -> list[SocketAddress]:
    """Resolves `host` with the system's resolver. Raises HostUnknown if there is no address."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise HostUnknown(NOT_FOUND) from error
    return [address for *_, address in found]


@contextmanager
def connection(
    parts: SplitResult, policy: Policy, deadline: Deadline, resolve: Resolve, tls: ssl.SSLContext | None
) -> Iterator[GuardedSocket]:
    """Connects to the host of a URL that `split_http` has split; closes the socket at the end.

    `tls` is the context for https, by default the system's trust store. Raises FetchError or OSError.
    """
    addresses = allowed_addresses(parts, policy, deadline, resolve)
    with _connect(addresses[:MAX_ADDRESSES], _port(parts), deadline) as sock:
        if parts.scheme == "http":
            yield GuardedSocket(sock, deadline)
        else:
            yield GuardedTlsSocket(sock, deadline, tls or _system_trust(), host_name(parts))


def allowed_addresses(parts: SplitResult, policy: Policy, deadline: Deadline, resolve: Resolve) -> list[Address]:
    """The addresses of the host of a URL that `split_http` has split.

    Raises AddressForbidden if one of them, or the port, may not be contacted; another FetchError or OSError if they
    cannot be looked up.
    """
    host, port = host_name(parts), _port(parts)
    if policy.ports is not None and port not in policy.ports:
        raise _forbidden(host, f"port {port} is not in egress.ports")
    return _checked(host, _resolve(host, port, resolve, deadline), policy.allow)


def _port(parts: SplitResult) -> int:
    return parts.port or DEFAULT_PORTS[parts.scheme]


def _resolve(host: str, port: int, resolve: Resolve, deadline: Deadline) -> list[SocketAddress]:
    """Calls `resolve` in a separate thread, as it may block past the deadline."""
    if not _LOOKUPS.acquire(timeout=deadline.remaining()):
        raise TimedOut(deadline.message)
    outcome: Future[list[SocketAddress]] = Future()

    def run() -> None:
        try:
            outcome.set_result(resolve(host, port))
        except (FetchError, OSError) as error:
            outcome.set_exception(error)
        finally:
            _LOOKUPS.release()

    try:
        threading.Thread(target=run, name="look-up", daemon=True).start()
    except RuntimeError as error:  # the system can start no more threads
        _LOOKUPS.release()
        raise ConnectionFailed("{peer}’s host cannot be looked up now") from error
    return outcome.result(deadline.remaining())


def _checked(host: str, found: Sequence[SocketAddress], allow: Sequence[Network]) -> list[Address]:
    """The addresses of `found`. Raises AddressForbidden if one of them may not be contacted: then none is."""
    addresses = [_address(item) for item in found]
    if not addresses:
        raise HostUnknown(NOT_FOUND)
    for address in addresses:
        if not may_contact(address, allow):
            raise _forbidden(host, f"its address {address} is not public, and in no network of egress.allow")
    return addresses


def _forbidden(host: str, why: str) -> AddressForbidden:
    """The error for the sender, who is told nothing of our networks. The log tells the operator."""
    _tell_operator(host, why, int(monotonic() // 60))
    return AddressForbidden(NOT_FOUND, why)


@lru_cache(maxsize=1000)
def _tell_operator(host: str, why: str, _minute: int) -> None:
    """Logs a refusal, each once a minute: the cache remembers those that were logged."""
    _log.warning("%s is not contacted: %s; others are told that it cannot be found", host, why)


def _address(found: SocketAddress) -> Address:
    """The IP address of a socket address, whose last item is the zone if it is of IPv6."""
    host, *_, zone = found if len(found) == 4 else (found[0], 0)
    return ip_address(f"{host}%{zone}" if zone and "%" not in host else host)


def _connect(addresses: Sequence[Address], port: int, deadline: Deadline) -> socket.socket:
    """Connects to the first address that accepts. Each gets an equal share of the time that is left."""
    for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        timeout = deadline.remaining() / left
        sock = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
        try:
            sock.settimeout(timeout)
            sock.connect((str(address), port))
        except OSError:
            sock.close()
            if left == 1:
                raise
        else:
            return sock
    raise AssertionError("there is at least one address")


@cache
def _system_trust() -> ssl.SSLContext:
    return ssl.create_default_context()
