"""An answer on its way: collected while the application speaks, sent as far as the connection takes it at once."""

import os
from collections.abc import Sequence
from socket import MSG_DONTWAIT, socket
from typing import Any

from feedserver.web.routing import Environ

_MOST_PARTS = 64  # handed over in one system call


class Unsent:
    """Bytes that wait for their connection. What several connections wait for is shared, not copied."""

    def __init__(self, parts: Sequence[bytes]) -> None:
        self._parts = [memoryview(part) for part in parts]

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def send(self, connection: socket) -> int:
        """Sends what `connection` takes without waiting, and says how many bytes that were.

        Raises OSError when it will never take any more.
        """
        try:
            sent = connection.sendmsg(self._parts[:_MOST_PARTS], (), MSG_DONTWAIT)
        except BlockingIOError:
            return 0
        left = sent
        while self._parts and left >= len(self._parts[0]):
            left -= len(self._parts.pop(0))
        if left:
            self._parts[0] = self._parts[0][left:]
        return sent


class Outgoing:
    """Stands in for a connection's socket while gunicorn handles a request, and keeps what is to be sent.

    Whatever else is done with a socket is done with the connection itself.
    """

    def __init__(self, connection: socket) -> None:
        self.connection = connection
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)

    def sendall(self, data: bytes) -> None:
        if data:
            self._parts.append(data)

    def send(self, data: bytes) -> int:
        """Sends at once what cannot wait for the rest, such as 100 Continue. Raises OSError where there is no room."""
        return self.connection.send(data, MSG_DONTWAIT)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        data = os.pread(file.fileno(), os.fstat(file.fileno()).st_size - offset if count is None else count, offset)
        self.sendall(data)
        return len(data)

    def unsent(self) -> Unsent:
        """All that was said."""
        return Unsent(self._parts)


class AtOnce(Outgoing):
    """Says to the application that nobody may wait: it runs where all connections are looked after."""

    def setblocking(self, _flag: bool) -> None:
        """Leaves the connection as it is: it never blocks here."""


class WouldWait(BaseException):
    """The application cannot answer without waiting; it is to be asked again in a thread.

    No Exception, so that nothing on its way takes it for a fault and answers.
    """


def may_not_wait(environ: Environ) -> bool:
    """Whether a request in a WSGI environment is to be answered at once, or not at all (raise WouldWait)."""
    return isinstance(environ.get("gunicorn.socket"), AtOnce)
