"""Servers that send whatever bytes a test wants."""

import contextlib
import re
import socket
import threading

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
        return [(self.address, port)]

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
        while not self.speaks_first and not _is_whole(request):
            if not (arrived := connection.recv(65536)):
                return
            request += arrived
        self.requests.append(request)
        answer = self.answer(request) if callable(self.answer) else self.answer
        for piece in [answer] if isinstance(answer, bytes) else answer:
            connection.sendall(piece)
            if self._stopped.is_set():
                return


def _is_whole(request):
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: (\d+)", head)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)
