"""Any number of slow clients: bodies that do not come, answers that are not read, heads that do not end."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

BODIES, ANSWERS, HEADS = 40, 40, 200

_BODY = b"POST /pingback HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 1000\r\n\r\n<?xml"
_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Never-Ends: "
_RECEIVE_BYTES = 4096  # small, so that the kernel does not buffer a whole unread answer


@dataclass(frozen=True, slots=True)
class SlowClients:
    """Connections to one server. Servers end them after some seconds: those of `config/nginx.conf` after ten."""

    connections: list[socket.socket]

    def all_held(self) -> bool:
        """Whether the server has ended none of them."""
        return not any(map(_has_ended, self.connections))

    def unanswered(self) -> int:
        """How many connections have received nothing."""
        return sum(map(_is_silent, self.connections))


@contextmanager
def slow_clients(
    url: str, large: str, *, bodies: int = BODIES, answers: int = ANSWERS, heads: int = HEADS, sender: str = ""
) -> Iterator[SlowClients]:
    """Connects them to the server at `url`, closes them with the block.

    `large` is the path of an answer that is larger than the buffers of two sockets: some 500 kB. `sender` is the
    address that they connect from.
    """
    sent = [(_BODY, bodies), (_HEAD, heads), (f"GET {large} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), answers)]
    with ExitStack() as stack:
        connections: list[socket.socket] = []
        for start, number in sent:
            for _ in range(number):
                connections.append(stack.enter_context(_connected(url, sender)))
                connections[-1].sendall(start)
        for connection in connections[bodies + heads :]:
            connection.recv(1, socket.MSG_PEEK)  # its answer has begun
        for connection in connections:
            connection.setblocking(False)
        yield SlowClients(connections)


def _connected(url: str, sender: str) -> socket.socket:
    parts = urlsplit(url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
    connection.settimeout(20)
    if sender:
        connection.bind((sender, 0))
    connection.connect((parts.hostname, parts.port))
    return connection


def _is_silent(connection: socket.socket) -> bool:
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def _has_ended(connection: socket.socket) -> bool:
    try:
        received = connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return not received
