"""What a change costs: from the moment a post is given to the publisher until new bytes come, of every worker."""

import random
import socket
import time
from contextlib import ExitStack, closing
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from bench import servers
from bench.figures import Figure
from bench.filling import body, sentences
from bench.sites import Site
from feedserver.services import Services

_ROUNDS = 15
_PAGE = "/posts/post-50"  # the same words on both sites
_PATIENCE = 10  # seconds for a new post in a feed
_TRIES = 200  # connections opened until each worker has one


def measure(small: Site, large: Site) -> list[Figure]:
    """Publishing in this process, on sites that two workers serve; the two sites take turns."""
    with ExitStack() as stack:
        watched = [stack.enter_context(_Watched(site)) for site in (small, large)]
        found: list[list[tuple[float, ...]]] = [[], []]
        for _ in range(_ROUNDS):
            for times, site in zip(found, watched, strict=True):
                times.append(site.publish())
    ours, grown = ([median(column) for column in zip(*times, strict=True)] for times in found)
    group, growth = "a change", "from 100 to 100,000 posts"
    names = ("published", "first new bytes", "every worker's new bytes", "page after a change")
    figures = [Figure(group, names[n], ours[n] * 1000, "ms", most=100 if n == 2 else None) for n in range(4)]
    for n in (0, 2, 3):
        note = f"{ours[n] * 1000:.1f} → {grown[n] * 1000:.1f} ms"
        figures.append(Figure(growth, names[n], grown[n] / ours[n], "× slower", most=1.2, note=note))
    return figures


class _Watched:
    """A site under two workers, a connection to each, and its publisher in this process."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._stack = ExitStack()
        self._number = 0
        dice = random.Random(11)
        self._body = partial(body, sentences=sentences(dice), dice=dice)

    def __enter__(self) -> "_Watched":
        running = self._stack.enter_context(servers.feedserver(self._site.folder, workers=2))
        self._services: Services = self._stack.enter_context(self._site.opened())
        self._connections = connections_to_each(running)
        for connection in self._connections:
            self._stack.enter_context(closing(connection))
        self.publish()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    def publish(self) -> tuple[float, float, float, float]:
        """Seconds until the post is published, in the feed of the first worker, in that of all, and in a page."""
        self._number += 1
        title = f"Harbour news {self._number}"
        text = f"---\ntitle: {title}\ntags: [topic-1, topic-7]\nauthors: [Ben Oak]\n---\n{self._body(self._number)}\n"
        began = time.perf_counter()
        publisher = self._services.publisher
        publisher.add(publisher.read(text.encode()), self._services.clock())
        published = time.perf_counter() - began
        waiting, answered = list(self._connections), []
        while waiting:
            for connection in waiting:
                connection.request("GET", "/feed.atom")
            late = [connection for connection in waiting if title.encode() not in connection.getresponse().read()]
            answered += [time.perf_counter() - began] * (len(waiting) - len(late))
            waiting = late
            assert time.perf_counter() - began < _PATIENCE, "the new post does not come"
        began = time.perf_counter()
        self._connections[0].request("GET", _PAGE)
        assert self._connections[0].getresponse().read()
        return published, answered[0], answered[-1], time.perf_counter() - began


def connections_to_each(running: servers.Running) -> list[HTTPConnection]:
    """A connection to each worker, kept alive; the system tells whose a connection is."""
    workers, found = running.workers(), {}
    host, port = running.url.removeprefix("http://").split(":")
    for _ in range(_TRIES):
        connection = HTTPConnection(host, int(port), timeout=20)
        connection.request("GET", "/feed.atom")
        connection.getresponse().read()
        assert connection.sock is not None
        owner = _owner(connection.sock, workers)
        if owner is None or owner in found:
            connection.close()
        else:
            found[owner] = connection
        if len(found) == len(workers):
            return list(found.values())
    raise AssertionError("one worker takes all connections")


def _owner(ours: socket.socket, workers: list[int]) -> int | None:
    """The worker that holds the other end, by the number of its socket in /proc."""
    far, near = (f"{port:04X}" for port in (ours.getpeername()[1], ours.getsockname()[1]))
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{far}") and fields[2].endswith(f":{near}"):
            inode = f"socket:[{fields[9]}]"
            for worker in workers:
                for link in Path(f"/proc/{worker}/fd").iterdir():
                    if _target(link) == inode:
                        return worker
    return None


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""  # closed meanwhile
