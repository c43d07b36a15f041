"""A connection to a stranger: resolved, vetted, and read through one gate where time, work and size are counted.

Of every name all addresses are vetted, and the connection goes to the vetted address itself.
"""

import http.client
import io
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, TypeVar
from urllib.parse import SplitResult

from feedserver.errors import AddressForbidden, ConnectionFailed, FetchError, HostUnknown, TimedOut
from feedserver.net.address import may_contact
from feedserver.setting_types import Network
from feedserver.urls import host_name

MAX_WORK = 0.25  # seconds of CPU: endless tiny pieces cost little time on the wire and much here
MAX_HEAD = 128 * 1024  # bytes until the body begins: TLS handshake, informational answers and header together
MAX_ADDRESSES = 4  # tried in order
PIECE = 16 * 1024  # bytes at a time
NOT_FOUND = "the source’s host cannot be found"  # also for a forbidden one: our networks are not to be probed
PORTS = {"http": 80, "https": 443}
# A stalled name server holds its thread until the system gives up, long after the fetch did.
# So there are many more of them than fetches at once.
_LOOKUPS = threading.BoundedSemaphore(128)

T = TypeVar("T")
Address = IPv4Address | IPv6Address
Found = list[tuple[socket.AddressFamily, Any]]  # address family and sockaddr, as `getaddrinfo` gives them
Resolve = Callable[[str, int], Found]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a fetch may do."""

    allow: tuple[Network, ...]  # networks that may be contacted although they are not public
    ports: frozenset[int] | None  # None: any
    timeout: float  # seconds for everything: names, connections, TLS, redirects, body
    max_bytes: int  # of body, after decompression
    user_agent: str


class Deadline:
    """What one fetch may cost: seconds on the clock, and seconds of this thread's work."""

    def __init__(self, timeout: float) -> None:
        self.late = f"the source did not answer within {timeout:g} seconds"
        self._end = time.monotonic() + timeout
        self._work_end = time.thread_time() + MAX_WORK

    def remaining(self) -> float:
        """Seconds that are left, more than 0. Raises TimedOut or ConnectionFailed when there are none."""
        if (left := self._end - time.monotonic()) <= 0:
            raise TimedOut(self.late)
        if time.thread_time() > self._work_end:
            raise ConnectionFailed("the source’s answer takes too much work to read")
        return left


@contextmanager
def foreign_errors(budget: Deadline) -> Iterator[None]:
    """Translates what sockets, TLS, HTTP and decompression raise."""
    try:
        yield
    except TimeoutError as error:
        raise TimedOut(budget.late) from error
    except ssl.SSLCertVerificationError as error:
        raise ConnectionFailed("the source’s certificate is not valid") from error
    except (http.client.HTTPException, zlib.error) as error:
        raise ConnectionFailed("the source’s answer is broken") from error
    except (OSError, ValueError) as error:  # ValueError: a name that TLS cannot carry
        raise ConnectionFailed("the connection to the source failed") from error


def look_up(host: str, port: int) -> Found:
    """What the system's resolver knows of `host`. Raises HostUnknown when that is nothing."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise HostUnknown(NOT_FOUND) from error
    return [(family, place) for family, _, _, _, place in found]


@contextmanager
def opened(
    parts: SplitResult, policy: Policy, budget: Deadline, resolve: Resolve, tls: ssl.SSLContext | None
) -> Iterator["GuardedSocket"]:
    host, port = host_name(parts), parts.port or PORTS[parts.scheme]
    if policy.ports is not None and port not in policy.ports:
        raise AddressForbidden(NOT_FOUND)
    addresses = _vetted(_found(host, port, resolve, budget), policy.allow)
    with _connected(addresses[:MAX_ADDRESSES], port, budget) as sock:
        yield (
            GuardedSocket(sock, budget)
            if parts.scheme == "http"
            else _TlsLine(sock, budget, tls or _system_trust(), host)
        )


def _found(host: str, port: int, resolve: Resolve, budget: Deadline) -> Found:
    """The resolver's answer. It may block for longer than we want to wait, so it has a thread of its own."""
    if not _LOOKUPS.acquire(timeout=budget.remaining()):
        raise TimedOut(budget.late)
    outcome: Future[Found] = Future()

    def ask() -> None:
        try:
            outcome.set_result(resolve(host, port))
        except (FetchError, OSError) as error:
            outcome.set_exception(error)
        finally:
            _LOOKUPS.release()

    try:
        threading.Thread(target=ask, name="look-up", daemon=True).start()
    except RuntimeError as error:  # the system has no thread to spare
        _LOOKUPS.release()
        raise ConnectionFailed("the source cannot be looked up now") from error
    return outcome.result(budget.remaining())


def _vetted(found: Found, allow: Sequence[Network]) -> list[Address]:
    """The addresses of `found`, all of them fit to be contacted: one that is not condemns the name."""
    addresses = [_address(place) for _, place in found]
    if not addresses:
        raise HostUnknown(NOT_FOUND)
    if not all(may_contact(address, allow) for address in addresses):
        raise AddressForbidden(NOT_FOUND)
    return addresses


def _address(place: Any) -> Address:
    """The address of a sockaddr; the zone of an IPv6 one stands beside its text."""
    host, *_, zone = place if len(place) == 4 else (place[0], 0)
    return ip_address(f"{host}%{zone}" if zone and "%" not in host else host)


def _connected(addresses: Sequence[Address], port: int, budget: Deadline) -> socket.socket:
    """A connection to the first address that takes one; each may use its share of the time that is left."""
    for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        share = budget.remaining() / left
        sock = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
        try:
            sock.settimeout(share)
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


class GuardedSocket(io.RawIOBase):
    """A connection for `http.client` to read from. `receive` is the gate that every incoming byte passes."""

    def __init__(self, sock: socket.socket, budget: Deadline) -> None:
        self._sock, self._budget = sock, budget
        self.allowance = MAX_HEAD  # bytes that may still come in

    def receive(self, size: int) -> bytes:
        """At most `size` bytes from the wire, empty at the end. Raises a FetchError when no more may come."""
        if self.allowance <= 0:
            raise ConnectionFailed("the source’s answer is too long")
        self._sock.settimeout(self._budget.remaining())
        data = self._sock.recv(size)
        self.allowance -= len(data)
        return data

    def send(self, data: bytes) -> None:
        self._sock.settimeout(self._budget.remaining())
        self._sock.sendall(data)

    def take(self, size: int) -> bytes:
        """At most `size` bytes of the answer, empty at the end."""
        return self.receive(size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.take(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self, PIECE)


class _TlsLine(GuardedSocket):
    """TLS behind the same gate. An `SSLSocket` would read by itself: records that carry nothing (session tickets,
    key updates) could keep one call of it busy beyond every timeout."""

    def __init__(self, sock: socket.socket, budget: Deadline, context: ssl.SSLContext, host: str) -> None:
        super().__init__(sock, budget)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._run(self._tls.do_handshake)

    def send(self, data: bytes) -> None:
        self._run(lambda: self._tls.write(data))

    def take(self, size: int) -> bytes:
        try:
            return self._run(lambda: self._tls.read(size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):  # many hang up without a goodbye
            return b""

    def _run(self, step: Callable[[], T]) -> T:
        """Carries out a step of the TLS engine, and its bytes to and fro until it is done."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                super().send(self._outgoing.read())
                if arrived := self.receive(PIECE):
                    self._incoming.write(arrived)
                else:
                    self._incoming.write_eof()
            else:
                super().send(self._outgoing.read())
                return result
