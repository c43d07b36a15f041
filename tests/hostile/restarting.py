"""A server that is reloaded, stopped and started while clients send it one request after another."""

import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.support.serving import LONG, clean_environ
from tests.support.waiting import wait_until

WORKERS = 2 if LONG else 1
SECONDS = 40  # the longest that a client waits for an answer: a whole restart
# Starts a program as systemd does: its first socket is file 3, and two variables say so.
_ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.executable, [sys.executable, "-m", "feedserver", *sys.argv[2:]])
"""


class Activated:
    """A feedserver whose socket stays open while it does not run, as with config/feedserver.socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._socket.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the program; does not wait until it answers."""
        number = self._socket.fileno()
        environ = clean_environ() | {"FEEDSERVER_SITE_URL": f"http://127.0.0.1:{self.port}"}
        command = [sys.executable, "-c", _ACTIVATE, str(number), "serve", "--workers", str(WORKERS)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=environ, stdout=log, stderr=log, pass_fds=(number,)
            )

    def reload(self) -> None:
        """Lets it start new workers, and waits until they run."""
        booted = self.log().count("Booting worker") + WORKERS
        self.signal(signal.SIGHUP)
        wait_until(lambda: self.log().count("Booting worker") == booted, SECONDS, self.log)

    def feed(self) -> str:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)) as connection:
            connection.request("GET", "/feed.rss")
            return connection.getresponse().read().decode()

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self) -> int:
        """Waits for its end; returns its exit status."""
        assert self._process is not None
        status, self._process = self._process.wait(SECONDS), None
        return status

    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def close(self) -> None:
        self._socket.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait(SECONDS)

    @property
    def _log(self) -> Path:
        return self._folder / "serve.log"


class Clients:
    """Clients that send one request after another until they are stopped, some on connections that they keep."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stopping = threading.Event()
        self.answered: Counter[str] = Counter()
        self.lost: list[str] = []

    def wait_for_more(self, number: int = 30) -> None:
        """Waits until each kind has got so many answers more."""
        before = self.answered.copy()
        wait_until(lambda: all(self.answered[kind] >= before[kind] + number for kind in _KINDS), SECONDS, self.__repr__)

    @contextmanager
    def running(self, number: int = 4 if LONG else 2) -> Iterator[None]:
        """`number` clients of each kind run during the block."""
        threads = [threading.Thread(target=self._run, args=(kind,)) for kind in _KINDS for _ in range(number)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join(2 * SECONDS)

    def _run(self, kind: str) -> None:
        while not self._stopping.is_set():
            try:
                with closing(HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)) as connection:
                    _KINDS[kind](self, connection)
            except (OSError, HTTPException, AssertionError) as error:
                self.lost.append(f"{kind}: {error!r}")
                self._stopping.wait(0.1)

    def _keep(self, connection: HTTPConnection) -> None:
        while not self._stopping.is_set() and self._ask(connection, "keeping"):
            pass

    def _come_anew(self, connection: HTTPConnection) -> None:
        self._ask(connection, "coming anew")

    def _dawdle(self, connection: HTTPConnection) -> None:
        """Sends a request in two parts, half a second apart."""
        connection.connect()
        connection.sock.sendall(b"GET /feed.rss HTTP/1.1\r\nHost: x\r\n")
        self._stopping.wait(0.5)
        connection.sock.sendall(b"Connection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.sock.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200 "), answer[:100]
        self.answered["dawdling"] += 1

    def _ask(self, connection: HTTPConnection, kind: str) -> bool:
        """Asks once; returns whether the connection may be used again."""
        connection.request("GET", "/feed.rss")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        self.answered[kind] += 1
        return not answer.will_close

    def __repr__(self) -> str:
        return f"answered {dict(self.answered)}, lost {self.lost}"


_KINDS: dict[str, Callable[[Clients, HTTPConnection], None]] = {
    "keeping": Clients._keep,
    "coming anew": Clients._come_anew,
    "dawdling": Clients._dawdle,
}
