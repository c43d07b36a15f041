"""Load from wrk (Debian package), or of one reader, and what it measured."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from threading import Event, Thread

from tests.support.serving import request

ROUNDS = 5
_PAUSE = 0.02  # seconds between two requests of a reader
_MOST_SECONDS = 600
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Load:
    """One round: requests a second, and the 99th percentile of the latency in seconds."""

    rate: float
    p99: float


def wrk(
    url: str, headers: Mapping[str, str], *, seconds: int = 1, clients: int = 16, script: Path | None = None
) -> Load:
    """Keeps `clients` keep-alive connections busy for whole seconds; `script` (Lua) makes the requests.

    Raises AssertionError when an answer was no success.
    """
    program = shutil.which("wrk")
    assert program, "wrk is not installed: apt-get install wrk"
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    scripted = ["-s", str(script)] if script else []
    command = [program, "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", *given, *scripted, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    assert "Non-2xx" not in said, said
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", said)
    assert rate, said
    assert p99, said
    return Load(float(rate[1]), float(p99[1]) * _UNITS[p99[2]])


def rates(asked: Mapping[str, tuple[str, Mapping[str, str]]]) -> dict[str, float]:
    """Requests a second of each contender, given as URL and request headers."""
    return interleaved({name: partial(_rate, *what) for name, what in asked.items()})


def interleaved(measures: Mapping[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, float]:
    """The median of each measure. They take turns, so that a machine that slows down slows all of them."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return {name: median(values) for name, values in found.items()}


def p95_while(url: str, work: Callable[[], object]) -> tuple[float, float]:
    """The 95th percentile of a feed's answers in seconds while `work` runs, and how many seconds that takes.

    A reader asks fifty times a second, each time on a new connection.
    """
    over = Event()
    seconds: list[float] = []

    def read() -> None:
        while not over.wait(_PAUSE):
            began = time.monotonic()
            assert request(f"{url}/feed.atom")[0] == 200
            seconds.append(time.monotonic() - began)

    reader = Thread(target=read)
    reader.start()
    began = time.monotonic()
    try:
        work()
    finally:
        took = time.monotonic() - began
        over.set()
        reader.join(_MOST_SECONDS)
    return sorted(seconds)[len(seconds) * 95 // 100], took


def _rate(url: str, headers: Mapping[str, str]) -> float:
    return wrk(url, headers).rate
