"""Servers under measurement, on loopback, each in a process group of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.serving import clean_environ, free_port, request

CHECKOUT = Path(__file__).parents[1]
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers at `url`. `started_in` is how many seconds passed until it did."""

    url: str
    pid: int
    started_in: float

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def memory(self) -> float:
        """Megabytes of resident memory in its largest worker."""
        workers = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii").split()
        return max(_resident(worker) for worker in workers)


@contextmanager
def feedserver(
    folder: Path, settings: Mapping[str, str] = {}, *, workers: int = 1, tree: Path = CHECKOUT
) -> Iterator[Running]:
    """`feedserver serve` of the checkout `tree` on the site in `folder`."""
    bind = f"127.0.0.1:{free_port()}"
    command = ["-m", "feedserver", "serve", "--bind", bind, "--workers", str(workers)]
    with _running(command, folder, bind, "/feed.rss", environ_of(bind, tree, settings)) as running:
        yield running


@contextmanager
def rival(kind: str, folder: Path, *, workers: int = 1) -> Iterator[Running]:
    """One of `bench.rivals`, with the site in `folder` for its data."""
    bind = f"127.0.0.1:{free_port()}"
    command = ["-m", "bench.rivals", kind, bind, ".", str(workers)]
    with _running(command, folder, bind, "/feed.atom", environ_of(bind, CHECKOUT, {})) as running:
        yield running


def environ_of(bind: str, tree: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a server: no download limit, the test internet allowed, and `settings`."""
    given = {
        "PYTHONPATH": str(tree),
        "FEEDSERVER_SITE_URL": f"http://{bind}",
        "FEEDSERVER_LIMITS_COPIES": "0",
        "FEEDSERVER_EGRESS_ALLOW": "127.0.2.0/24",
        "FEEDSERVER_EGRESS_PORTS": "*",
    }
    return {**clean_environ(), **given, **settings}


@contextmanager
def _running(arguments: list[str], folder: Path, bind: str, path: str, environ: dict[str, str]) -> Iterator[Running]:
    url, log = f"http://{bind}", folder / f"{bind.rpartition(':')[2]}.log"
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, env=environ, stdout=output, stderr=output, start_new_session=True
        )
    try:
        while not _answers(url + path):
            assert time.monotonic() - began < _START_SECONDS, log.read_text("utf-8", "replace")
            time.sleep(0.005)
        yield Running(url, process.pid, time.monotonic() - began)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # nothing of it is needed any more
        process.wait(timeout=60)


def _answers(url: str) -> bool:
    try:
        return request(url)[0] == 200
    except OSError:
        return False


def _resident(pid: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
