"""Listeners that nobody may contact."""

import socket


class Forbidden:
    """A listener that nobody may contact; the kernel completes connections whether they are accepted or not."""

    def __init__(self, address: str, port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family)
        self._listener.setblocking(False)
        self.address, self.port = self._listener.getsockname()[:2]
        self.url = f"http://[{address}]:{self.port}/" if ":" in address else f"http://{address}:{self.port}/"

    def connections(self) -> int:
        """The number of connections since the last call."""
        count = 0
        while True:
            try:
                self._listener.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1

    def close(self) -> None:
        self._listener.close()
