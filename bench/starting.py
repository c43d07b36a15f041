"""From the start of `feedserver serve` to its first answer, and the time of `feedserver post list`."""

import subprocess
import sys
import time
from functools import partial

from bench import servers
from bench.figures import Figure, number, time_growth
from bench.loading import interleaved
from bench.sites import Both, Site


def measure(both: Both) -> list[Figure]:
    found = interleaved(
        {
            "small": partial(_start, both.small),
            "large": partial(_start, both.large),
            "list": partial(_run, both.small, "-m", "feedserver", "post", "list"),
            "python": partial(_run, both.small, "-c", "pass"),
        }
    )
    python = f"Python alone {number(found['python'])} s"
    group = "memory and start"
    return [
        Figure(group, "start to first answer", found["small"], "s", most=1.5, note="two workers"),
        Figure(group, "feedserver post list", found["list"], "s", most=0.5, note=python),
        time_growth("start to first answer", found["small"], found["large"]),
    ]


def _start(site: Site) -> float:
    with servers.feedserver(site.folder, workers=2) as running:
        return running.started_in


def _run(site: Site, *arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        cwd=site.folder,
        env=servers.environ_of("127.0.0.1:1", servers.CHECKOUT, {}),
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=60,
    )
    return time.perf_counter() - began
