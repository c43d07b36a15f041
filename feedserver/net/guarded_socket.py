"""Sockets for `http.client` that bound the time, the work and the number of bytes of a fetch."""

import http.client
import io
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from feedserver.errors import ConnectionFailed, TimedOut

MAX_CPU_SECONDS = 0.25  # for one fetch: a stream of one-byte chunks takes little network time and much CPU
MAX_HEAD = 128 * 1024  # bytes before the body: TLS handshake, informational responses and header together
CHUNK = 16 * 1024  # bytes read at a time

T = TypeVar("T")


class Deadline:
    """The limits of one fetch: wall-clock time, and CPU time of the calling thread."""

    def __init__(self, timeout: float) -> None:
        """`timeout` is in seconds from now."""
        self.message = f"{{peer}} did not answer within {timeout:g} seconds"
        self._end = time.monotonic() + timeout
        self._cpu_end = time.thread_time() + MAX_CPU_SECONDS

    def remaining(self) -> float:
        """Returns the seconds left, more than 0. Raises TimedOut, or ConnectionFailed if the CPU time is used up."""
        if (left := self._end - time.monotonic()) <= 0:
            raise TimedOut(self.message)
        if time.thread_time() > self._cpu_end:
            raise ConnectionFailed("{peer}’s answer takes too much work to read")
        return left


@contextmanager
def translated_errors(deadline: Deadline) -> Iterator[None]:
    """Turns the exceptions of sockets, TLS, HTTP and decompression into FetchErrors."""
    try:
        yield
    except TimeoutError as error:
        raise TimedOut(deadline.message) from error
    except ssl.SSLCertVerificationError as error:
        raise ConnectionFailed("{peer}’s certificate is not valid") from error
    except (http.client.HTTPException, zlib.error) as error:
        raise ConnectionFailed("{peer}’s answer is broken") from error
    except (OSError, ValueError) as error:  # ValueError: a host name that TLS cannot encode
        raise ConnectionFailed("the connection to {peer} failed") from error


class GuardedSocket(io.RawIOBase):
    """A connected socket that `http.client` reads from. Every incoming byte passes `receive`, which enforces limits."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline
        self.allowance = MAX_HEAD  # bytes that may still be received

    def receive(self, size: int) -> bytes:
        """Returns at most `size` bytes from the network, none at the end. Raises a FetchError beyond a limit."""
        if self.allowance <= 0:
            raise ConnectionFailed("{peer}’s answer is too long")
        self._sock.settimeout(self._deadline.remaining())
        data = self._sock.recv(size)
        self.allowance -= len(data)
        return data

    def send(self, data: bytes) -> None:
        self._sock.settimeout(self._deadline.remaining())
        self._sock.sendall(data)

    def read_plain(self, size: int) -> bytes:
        """Returns at most `size` bytes of the response, decrypted, none at the end."""
        return self.receive(size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.read_plain(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self, CHUNK)


class GuardedTlsSocket(GuardedSocket):
    """The same with TLS. An `SSLSocket` reads from the network itself: records without content (session tickets, key
    updates) could keep one call busy past every timeout."""

    def __init__(self, sock: socket.socket, deadline: Deadline, context: ssl.SSLContext, host: str) -> None:
        super().__init__(sock, deadline)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._run(self._tls.do_handshake)

    def send(self, data: bytes) -> None:
        self._run(lambda: self._tls.write(data))

    def read_plain(self, size: int) -> bytes:
        try:
            return self._run(lambda: self._tls.read(size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):  # many servers close without close_notify
            return b""

    def _run(self, step: Callable[[], T]) -> T:
        """Repeats a step of the TLS engine, moving its bytes from and to the socket, until it returns."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                super().send(self._outgoing.read())
                if received := self.receive(CHUNK):
                    self._incoming.write(received)
                else:
                    self._incoming.write_eof()
            else:
                super().send(self._outgoing.read())
                return result
