"""A site that is much discussed: first views of its pages, with nothing in memory, and the list of its thoughts."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median
from threading import Event

from bench import servers
from bench.figures import Figure
from bench.loading import ROUNDS, interleaved
from bench.servers import Running
from bench.sites import ON_NEWEST, THOUGHTS, Both, Site
from feedserver.storage.revision import revise
from tests.support.serving import request

_GROUP = f"{THOUGHTS:,} thoughts on a site"
# A small process that starts a command: a child's greatest memory is never below that of the process it is forked from.
_MEASURED = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""
_VIEWS = 20  # of pages that are rendered anew, while others ask whether the process is alive


def measure(both: Both) -> list[Figure]:
    site = both.discussed
    views = {"home page": "/", f"post with {ON_NEWEST:,} thoughts": site.newest}
    seconds = interleaved({name: partial(_first_view, site, path) for name, path in views.items()})
    figures = [
        Figure(_GROUP, f"{name}, first view", seconds[name] * 1000, "ms", most=most)
        for name, most in zip(views, (50, 60), strict=True)
    ]
    figures.append(Figure(_GROUP, "/healthz meanwhile, longest", _longest_meanwhile(site) * 1000, "ms", most=100))
    for name, arguments in (("thought list", ()), ("thought list --json", ("--json",))):
        runs = [_run(site, "thought", "list", *arguments) for _ in range(ROUNDS)]
        took, memory = (median(values) for values in zip(*runs, strict=True))
        limit = None if arguments else 0.6
        figures.append(Figure(_GROUP, f"feedserver {name}", took, "s", most=limit))
        figures.append(Figure(_GROUP, f"feedserver {name}, memory", memory, "MB", most=100))
    return figures


def _first_view(site: Site, path: str) -> float:
    """Seconds of the first request for a page to a server that has just started."""
    with servers.feedserver(site.folder) as running:
        return _seconds(running.url + path)


def _longest_meanwhile(site: Site) -> float:
    """The longest of the answers that one reader gets from `/healthz`, while pages are rendered anew."""
    is_over = Event()
    with servers.feedserver(site.folder) as running, site.opened() as services, ThreadPoolExecutor(1) as threads:
        asking = threads.submit(_asking, running, is_over)
        for _ in range(_VIEWS):
            with services.database.write() as connection:
                revise(connection)
            for path in ("/", site.newest, f"{site.newest}?thoughts=2"):
                _seconds(running.url + path)
        is_over.set()
        return asking.result(60)


def _asking(running: Running, is_over: Event) -> float:
    longest = 0.0
    while not is_over.is_set():
        longest = max(longest, _seconds(f"{running.url}/healthz"))
    return longest


def _seconds(url: str) -> float:
    began = time.perf_counter()
    status = request(url, headers={"Accept-Encoding": "br"})[0]
    seconds = time.perf_counter() - began
    assert status == 200, url
    return seconds


def _run(site: Site, *arguments: str) -> tuple[float, float]:
    """Seconds and megabytes of a command."""
    said = subprocess.run(
        [sys.executable, "-c", _MEASURED, sys.executable, "-m", "feedserver", *arguments],
        cwd=site.folder,
        env=servers.environ_of("127.0.0.1:1", servers.CHECKOUT, {}),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    seconds, memory = map(float, said.split())
    return seconds, memory
