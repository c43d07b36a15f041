"""A site of about a gigabyte is backed up while it is read, and restored."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from bench import commands, servers
from bench.figures import Figure, number
from bench.sites import Both, made
from feedserver.services import Services
from tests.support.serving import request
from tests.transfer.pictures import add_picture

_GROUP = "keeping a gigabyte"
_POSTS = 30_000
_PICTURES, _BYTES = 440, 1_000_000  # each has a smaller copy of half its bytes
_IDLE_SECONDS = 5.0
_PAUSE = 0.02  # seconds between two requests of a reader
_MOST_SECONDS = 600


def measure(both: Both) -> list[Figure]:
    folder = both.folder / "keeping"
    site = made(folder, _POSTS)
    with site.opened() as services:
        _add_pictures(services, folder)
    with servers.feedserver(folder, {}) as running:
        idle, _ = _p95_while(running.url, lambda: time.sleep(_IDLE_SECONDS))
        busy, backup = _p95_while(running.url, lambda: commands.run(folder, "backup", "../site.tar.gz"))
    (folder / "elsewhere").mkdir()
    restore = commands.run(folder / "elsewhere", "restore", "../../site.tar.gz").seconds
    size = (both.folder / "site.tar.gz").stat().st_size
    note = f"{number(busy * 1000)} : {number(idle * 1000)} ms, fifty requests a second"
    return [
        Figure(_GROUP, "backup", backup, "s", most=60, note=f"{size:,} bytes packed"),
        Figure(_GROUP, "p95 of the feed meanwhile, of an idle machine's", busy / idle, "×", most=2, note=note),
        Figure(_GROUP, "restore", restore, "s", most=120),
    ]


def _add_pictures(services: Services, folder: Path) -> None:
    for seed in range(_PICTURES):
        add_picture(services, folder, f"{seed}.jpg", random.Random(seed).randbytes(_BYTES))


def _p95_while(url: str, work: Callable[[], object]) -> tuple[float, float]:
    """The 95th percentile of a feed's answers in seconds while `work` runs, and how many seconds that takes."""
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
