"""From the start of `feedserver serve` to its first answer, memory, and the time of `feedserver post add`."""

import subprocess
import sys
import time
from functools import partial
from itertools import count

from bench import loading, servers
from bench.figures import Figure
from bench.sites import Site

_ROUNDS = 5
_numbers = count()


def measure(small: Site, large: Site) -> list[Figure]:
    found = loading.interleaved(
        _ROUNDS,
        {
            "start": partial(_start, small),
            "start, grown": partial(_start, large),
            "add": partial(_add, small),
            "add, grown": partial(_add, large),
            "help": partial(_command, small, "--version"),
            "python": partial(_python, small),
        },
    )
    growth = "from 100 to 100,000 posts"
    said = f"of it {found['help'] * 1000:.0f} ms to start the program; Python alone {found['python'] * 1000:.0f} ms"
    return [
        Figure("start and memory", "start to first answer", found["start"], "s", most=1.5, note="two workers"),
        Figure("start and memory", "feedserver post add", found["add"] * 1000, "ms", note=said),
        _growth(growth, "start to first answer", found["start"], found["start, grown"]),
        _growth(growth, "feedserver post add", found["add"], found["add, grown"]),
    ]


def _growth(group: str, name: str, ours: float, grown: float) -> Figure:
    note = f"{ours * 1000:.0f} → {grown * 1000:.0f} ms"
    return Figure(group, name, grown / ours, "× slower", most=1.2, note=note)


def _start(site: Site) -> float:
    with servers.feedserver(site.folder, workers=2) as running:
        return running.started_in


def _add(site: Site) -> float:
    number = next(_numbers)
    post = (
        f"---\ntitle: Ferry news {number}\ntags: [topic-3]\n---\nThe ferry **runs** again, for the {number}th time.\n"
    )
    return _command(site, "post", "add", "-", given=post)


def _command(site: Site, *arguments: str, given: str = "") -> float:
    return _timed(site, ["-m", "feedserver", *arguments], given)


def _python(site: Site) -> float:
    return _timed(site, ["-c", "pass"], "")


def _timed(site: Site, arguments: list[str], given: str) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        cwd=site.folder,
        env=servers.environ_of("127.0.0.1:1", {}),
        input=given.encode(),
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=60,
    )
    return time.perf_counter() - began
