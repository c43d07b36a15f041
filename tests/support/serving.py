"""Real servers on loopback: feedserver itself under gunicorn, and another blog."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import IO

from tests.support import runs
from tests.support.elsewhere import ElsewhereServer, Received, respond
from tests.support.waiting import wait_until

FEEDSERVER = [sys.executable, "-m", "feedserver"]
Process = subprocess.Popen[bytes] | runs.Run
START_SECONDS = 30
LONG = bool(os.environ.get("TESTS_LONG"))  # the long forms of tests under load: `make soak`


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class Site:
    """A feedserver that runs in a folder of its own, and the command line in the same folder."""

    def __init__(
        self,
        folder: Path,
        port: int,
        environ: dict[str, str],
        program: Sequence[str] | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        """`program`: what to run in place of the checkout's feedserver. `host` is the site's address; one of the test
        internet can be contacted by other sites."""
        self.folder = folder
        self.port = port
        self.url = f"http://{host}:{port}"
        self.environ = clean_environ() | {
            "FEEDSERVER_SITE_URL": self.url,
            "FEEDSERVER_EGRESS_ALLOW": "127.0.2.0/24",
            "FEEDSERVER_EGRESS_PORTS": "*",
            **environ,
        }
        self._host = host
        self._program = program
        self.process: Process | None = None

    def command(
        self, *arguments: str, given: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Runs `feedserver ARGUMENTS`, with `given` on its standard input."""
        if self._program is None:
            done = runs.command(arguments, self.folder, self.environ, given or "")
        else:
            done = subprocess.run(
                [*self._program, *arguments],
                cwd=self.folder,
                env=self.environ,
                input=given,
                capture_output=True,
                text=True,
                timeout=60,
            )
        if check:
            done.check_returncode()
        return done

    def start(self, workers: int = 2, threads: int = 8) -> None:
        """Starts `feedserver serve` and waits until it is ready."""
        address = f"{self._host}:{self.port}"
        arguments = ["serve", "--bind", address, "--workers", str(workers), "--threads", str(threads)]
        with (self.folder / "serve.log").open("ab") as log:
            self.process = self.started(*arguments, log=log)
        wait_until(self._answers, START_SECONDS, lambda: f"no server after {START_SECONDS} s:\n{self.log()}")

    def started(self, *arguments: str, log: IO[bytes]) -> Process:
        """Starts `feedserver ARGUMENTS`, which writes to `log` and leads a process group, so that a test can kill all
        of it and nothing else."""
        if self._program is None:
            return runs.Run(arguments, self.folder, self.environ, log, log)
        command = [*self._program, *arguments]
        return subprocess.Popen(
            command, cwd=self.folder, env=self.environ, stdout=log, stderr=log, start_new_session=True
        )

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Ends the server: gracefully, or with SIGKILL the whole process group at once. Returns its exit status."""
        assert self.process is not None
        if how == signal.SIGKILL:
            os.killpg(self.process.pid, how)
        else:
            self.process.send_signal(how)
        status = self.process.wait(timeout=45)
        self.process = None
        if how == signal.SIGKILL:
            wait_until(self._is_free, START_SECONDS, lambda: f"a killed process still listens at {self.url}")
        return status

    def log(self) -> str:
        return (self.folder / "serve.log").read_text("utf-8", "replace")

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """One GET: status, headers by lower-case name, body. Redirects are answers, not followed."""
        return request(self.url + path, headers=headers)

    def _is_free(self) -> bool:
        """Whether nobody listens any more: of a group that was killed, workers may end after the first process."""
        with socket.socket() as probe:
            return probe.connect_ex((self._host, self.port)) != 0

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log()}")
        try:
            return request(self.url + "/readyz")[0] == 200
        except OSError:
            return False


@contextmanager
def running_site(
    folder: Path, *, environ: dict[str, str] | None = None, workers: int = 2, program: list[str] | None = None
) -> Iterator[Site]:
    """A feedserver under gunicorn, ready for requests; stopped at the end of the block."""
    site = Site(folder, free_port(), environ or {}, program)
    site.start(workers)
    try:
        yield site
    finally:
        if site.process is not None:
            site.stop()


class Blog(ElsewhereServer):
    """Another blog. Pages are put by path."""

    def __init__(self, host: str = "127.0.2.1", delay: Callable[[], float] = lambda: 0.0) -> None:
        """`delay` gives the seconds that each page takes."""
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.delay = delay
        super().__init__(host, self._answer)

    def _answer(self, handler: BaseHTTPRequestHandler, received: Received) -> None:
        time.sleep(self.delay())
        status, headers, body = self.pages.get(received.target, (404, {}, b"not found"))
        encoded = [(name, value.encode().decode("latin-1")) for name, value in headers.items()]
        respond(handler, status, encoded, body)

    def put(
        self,
        path: str,
        html: str | bytes,
        kind: str = "text/html; charset=utf-8",
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> str:
        """Puts a page; returns its URL."""
        body = html.encode() if isinstance(html, str) else html
        self.pages[path] = (status, {"Content-Type": kind, **(headers or {})}, body)
        return self.url + path


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))


def request(
    url: str, *, body: bytes | None = None, headers: dict[str, str] | None = None, method: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """One request: status, headers by lower-case name, body."""
    sent = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with _opener.open(sent, timeout=20) as response:
            return response.status, {name.lower(): value for name, value in response.headers.items()}, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()


def clean_environ() -> dict[str, str]:
    """This process's environment without settings of feedserver."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FEEDSERVER_")}
