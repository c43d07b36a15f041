"""Load from wrk (Debian package), and what it measured."""

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Load:
    """One round: requests a second, and latencies in seconds."""

    rate: float
    p50: float
    p99: float


def wrk(url: str, headers: Mapping[str, str], *, seconds: int, clients: int = 16, script: Path | None = None) -> Load:
    """Keeps `clients` keep-alive connections busy for whole seconds; `script` (Lua) says with what.

    Raises AssertionError when an answer was no success.
    """
    program = shutil.which("wrk")
    assert program, "wrk is not installed: apt-get install wrk"
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    scripted = ["-s", str(script)] if script else []
    command = [program, "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", *given, *scripted, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    assert "Non-2xx" not in said, said
    return Load(float(_found(r"Requests/sec:\s+([\d.]+)", said)), _time(said, "50%"), _time(said, "99%"))


def interleaved(rounds: int, measures: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """The median of each measure; the measures take turns, so that a machine that slows down slows all of them."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return {name: median(values) for name, values in found.items()}


def _time(said: str, share: str) -> float:
    match = re.search(rf"{share}\s+([\d.]+)(us|ms|s|m)\b", said)
    assert match, said
    return float(match[1]) * _UNITS[match[2]]


def _found(pattern: str, said: str) -> str:
    match = re.search(pattern, said)
    assert match, said
    return match[1]
