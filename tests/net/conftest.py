"""A small internet on loopback: servers on 127.0.2.0/24, which is allowed, and listeners where nobody may go."""

import contextlib
import socket
import threading
from ipaddress import ip_network

import pytest

from feedserver.net.fetch import Policy

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"


class Server:
    """Gives each connection the same `answer`: bytes, or what a function of the request returns, piece by piece.

    With `speaks_first` it does not wait for a request. The URL says https where `tls`, a context, is given.
    """

    def __init__(self, answer, address="127.0.2.1", tls=None, *, speaks_first=False):
        self.answer, self.tls, self.speaks_first, self.requests = answer, tls, speaks_first, []
        self.hung_up = threading.Semaphore(0)  # released once for each connection that the other side closed
        self._listener = socket.create_server((address, 0))
        self.address, self.port = self._listener.getsockname()[:2]
        self.url = f"http{'s' if tls else ''}://{self.address}:{self.port}/page"
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def resolve(self, host, port):
        """A resolver for which every name is this server."""
        return [(socket.AF_INET, (self.address, port))]

    def close(self):
        self._stopped.set()
        with contextlib.suppress(OSError):  # closed before
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._thread.join()
        self._listener.close()

    def _accept(self):
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(5)
        with contextlib.suppress(OSError), connection:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                self._talk(connection)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)
        self.hung_up.release()

    def _talk(self, connection):
        request = b""
        while not self.speaks_first and b"\r\n\r\n" not in request:
            if not (arrived := connection.recv(65536)):
                return
            request += arrived
        self.requests.append(request)
        answer = self.answer(request) if callable(self.answer) else self.answer
        for piece in [answer] if isinstance(answer, bytes) else answer:
            connection.sendall(piece)
            if self._stopped.is_set():
                return


class Forbidden:
    """A listener that nobody may contact; the kernel completes connections whether they are accepted or not."""

    def __init__(self, address):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, 0), family=family)
        self._listener.setblocking(False)
        self.address, self.port = self._listener.getsockname()[:2]
        self.url = f"http://[{address}]:{self.port}/" if ":" in address else f"http://{address}:{self.port}/"

    def connections(self):
        count = 0
        while True:
            try:
                self._listener.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1

    def close(self):
        self._listener.close()


@pytest.fixture
def page():
    return PAGE


@pytest.fixture
def policy():
    return Policy(
        allow=(ip_network("127.0.2.0/24"),),
        ports=None,
        timeout=5,
        max_bytes=1_048_576,
        user_agent="feedserver/1 (+https://blog.example)",
    )


@pytest.fixture
def serve():
    """Starts servers: `serve(answer, address=…, tls=…, speaks_first=…)`."""
    servers = []

    def start(answer=PAGE, **settings):
        servers.append(Server(answer, **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def forbid():
    """Starts listeners that must count no connection when the test is over."""
    listeners = []

    def start(address):
        try:
            listeners.append(Forbidden(address))
        except OSError as error:
            pytest.skip(f"{address} cannot be bound here: {error}")
        return listeners[-1]

    yield start
    counts = {listener.url: listener.connections() for listener in listeners}
    for listener in listeners:
        listener.close()
    assert not any(counts.values()), counts
