"""A way to a server that can go silent: connections stay open and new ones are taken, but nothing passes any more."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_READ = 65_536


class SilentWay:
    """Forwards connections to a port of this machine, on a `port` of its own."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._speaking = threading.Event()
        self._speaking.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Nothing passes within the block; what was sent meanwhile passes afterwards."""
        self._speaking.clear()
        try:
            yield
        finally:
            self._speaking.set()

    def close(self) -> None:
        self._speaking.set()
        self._listener.close()
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                self._sockets += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._forward, args=(source, target), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_READ):
                self._speaking.wait()
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def way_to(port: int) -> Iterator[SilentWay]:
    """A way to `port`, closed at the end of the block."""
    way = SilentWay(port)
    try:
        yield way
    finally:
        way.close()
