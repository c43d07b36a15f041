"""Servers under measurement, on loopback, each in a process group of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.serving import clean_environ, free_port, request

CHECKOUT = Path(__file__).parents[1]
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers at `url`. `started_in` is how many seconds passed until it did."""

    url: str
    pid: int
    started_in: float

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii")
        return [int(child) for child in children.split()]

    def memory(self) -> float:
        """Megabytes of resident memory in its largest worker."""
        return max(_resident(worker) for worker in self.workers())


@contextmanager
def feedserver(folder: Path, *, workers: int = 1, **settings: str) -> Iterator[Running]:
    """`feedserver serve` on the site in `folder`."""
    bind = f"127.0.0.1:{free_port()}"
    command = ["-m", "feedserver", "serve", "--bind", bind, "--workers", str(workers)]
    with _running(command, folder, bind, "/feed.rss", environ_of(bind, settings)) as running:
        yield running


@contextmanager
def rival(kind: str, folder: Path, *, workers: int = 1) -> Iterator[Running]:
    """One of `bench.rivals`, with the site in `folder` for its data."""
    bind = f"127.0.0.1:{free_port()}"
    environ = environ_of(bind, {}) | {"PYTHONPATH": str(CHECKOUT)}
    with _running(["-m", "bench.rivals", kind, bind, ".", str(workers)], folder, bind, "/anything", environ) as running:
        yield running


def environ_of(bind: str, settings: dict[str, str]) -> dict[str, str]:
    """The environment of a server: no limits but those that are asked for, and the test internet allowed."""
    free = {
        "FEEDSERVER_SITE_URL": f"http://{bind}",
        "FEEDSERVER_LIMITS_COPIES": "0",
        "FEEDSERVER_EGRESS_ALLOW": "127.0.2.0/24",
        "FEEDSERVER_EGRESS_PORTS": "*",
    }
    return clean_environ() | free | settings


@contextmanager
def _running(arguments: list[str], folder: Path, bind: str, path: str, environ: dict[str, str]) -> Iterator[Running]:
    url = f"http://{bind}"
    with (folder / f"{bind.rpartition(':')[2]}.log").open("wb") as log:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, env=environ, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait(url + path, folder)
            yield Running(url, process.pid, time.monotonic() - began)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # nothing is worth waiting for
            process.wait(timeout=60)


def _wait(url: str, folder: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while not _answers(url):
        log = next(folder.glob(f"{urlsplit(url).port}.log")).read_text("utf-8", "replace")
        assert time.monotonic() < end, f"no answer from {url} after {_START_SECONDS} s:\n{log}"
        time.sleep(0.005)


def _answers(url: str) -> bool:
    try:
        return request(url)[0] == 200
    except OSError:
        return False


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
