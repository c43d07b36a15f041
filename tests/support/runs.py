"""Runs of the program as processes of their own, forked from one that has imported it: `tests.support.forking`."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO

MOST_SECONDS = 60.0  # of a command
_CHECKOUT = Path(__file__).parents[2]
_starting = Lock()


class Run:
    """A run of `feedserver ARGUMENTS`, which leads a process group: what tests need of `subprocess.Popen`."""

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        environ: Mapping[str, str],
        output: IO[bytes],
        errors: IO[bytes],
        given: IO[bytes] | None = None,
        umask: int | None = None,
        user: int | None = None,
    ) -> None:
        """`umask` and `user` are those of the tests by default; the user's number is that of its group too."""
        self.returncode: int | None = None
        self._told, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        message = json.dumps([list(arguments), str(folder), dict(environ), umask, user]).encode()
        with theirs, open(os.devnull, "rb") as nothing:
            files = [(given or nothing).fileno(), output.fileno(), errors.fileno(), theirs.fileno()]
            with _starting:  # tests start sites in several threads
                forking = _forking_process()
            socket.send_fds(forking, [message], files)
        self.pid = self._next_number(MOST_SECONDS)

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit status. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            try:
                self.returncode = self._next_number(timeout)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0) from None
            self._told.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _next_number(self, seconds: float | None) -> int:
        self._told.settimeout(seconds)
        said = self._told.recv(64)
        assert said, "the process that forks has ended"
        return int(said)


def command(
    arguments: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    given: str = "",
    *,
    umask: int | None = None,
    user: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as source:
        source.write(given.encode())
        source.seek(0)
        run = Run(arguments, folder, environ, output, errors, source, umask, user)
        try:
            status = run.wait(MOST_SECONDS)
        finally:
            run.kill()
        said = [(file.seek(0), file.read().decode())[1] for file in (output, errors)]
    return subprocess.CompletedProcess(list(arguments), status, *said)


@cache
def _forking_process() -> socket.socket:
    """Starts it for this process of the tests, with which it ends."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FEEDSERVER_")}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forking", str(theirs.fileno())],
            cwd=_CHECKOUT,
            env=environ,
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )

    def end() -> None:
        ours.close()
        process.wait(MOST_SECONDS)

    atexit.register(end)
    return ours
