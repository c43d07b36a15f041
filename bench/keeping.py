"""A site of about a gigabyte is backed up while it is read, and restored."""

import random
import time
from pathlib import Path

from bench import commands, servers
from bench.figures import Figure, number
from bench.loading import p95_while
from bench.sites import Both, made
from feedserver.services import Services
from tests.transfer.pictures import add_picture

_GROUP = "keeping a gigabyte"
_POSTS = 30_000
_PICTURES, _BYTES = 440, 1_000_000  # each has a smaller copy of half its bytes
_IDLE_SECONDS = 5.0


def measure(both: Both) -> list[Figure]:
    folder = both.folder / "keeping"
    site = made(folder, _POSTS)
    with site.opened() as services:
        _add_pictures(services, folder)
    with servers.feedserver(folder, {}) as running:
        idle, _ = p95_while(running.url, lambda: time.sleep(_IDLE_SECONDS))
        busy, backup = p95_while(running.url, lambda: commands.run(folder, "backup", "../site.tar.gz"))
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
