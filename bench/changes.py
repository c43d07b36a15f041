"""A change: from the moment a post is given to the publisher until every process serves the new bytes."""

import random
import time
from contextlib import ExitStack, closing
from functools import partial
from http.client import HTTPConnection
from statistics import median

from bench import servers
from bench.figures import Figure, time_growth
from bench.filling import body, sentences
from bench.sites import Both, Site

_ROUNDS = 15
_PAGE = "/posts/post-50"  # the same text on both sites
_DEADLINE = 10  # seconds for a new post to be in a feed
_NAMES = ("published", "new bytes in one process", "new bytes in every process", "page after a change")


def measure(both: Both) -> list[Figure]:
    """Publishing in this process, on sites that two servers of one process each serve; the two sites take turns."""
    with ExitStack() as stack:
        sites = [stack.enter_context(_Served(site)) for site in (both.small, both.large)]
        times: list[list[tuple[float, ...]]] = [[], []]
        for number in range(1, _ROUNDS + 1):
            for found, site in zip(times, sites, strict=True):
                found.append(site.publish(number))
    small, large = ([median(column) for column in zip(*found, strict=True)] for found in times)
    every = _NAMES[2]
    return [
        *(
            Figure("a change", name, s * 1000, "ms", most=100 if name == every else None)
            for name, s in zip(_NAMES, small, strict=True)
        ),
        *(time_growth(_NAMES[n], small[n], large[n]) for n in (0, 2, 3)),
    ]


class _Served:
    """A site that two processes serve, a connection to each, and its publisher in this process."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._stack = ExitStack()
        dice = random.Random(11)
        self._body = partial(body, sentences=sentences(dice), dice=dice)

    def __enter__(self) -> "_Served":
        self._services = self._stack.enter_context(self._site.opened())
        named = {"FEEDSERVER_SITE_URL": self._services.settings.site.url}
        running = [self._stack.enter_context(servers.feedserver(self._site.folder, named)) for _ in range(2)]
        connections = [HTTPConnection("127.0.0.1", server.port, timeout=20) for server in running]
        self._connections = [self._stack.enter_context(closing(connection)) for connection in connections]
        self.publish(0)
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    def publish(self, number: int) -> tuple[float, ...]:
        """Seconds of each of _NAMES."""
        title = f"Harbour news {number}"
        text = f"---\ntitle: {title}\ntags: [topic-1, topic-7]\nauthors: [Ben Oak]\n---\n{self._body(number)}\n"
        began = time.perf_counter()
        publisher = self._services.publisher
        publisher.add(publisher.read(text.encode()), self._services.clock())
        published = time.perf_counter() - began
        waiting, answered = list(self._connections), []
        while waiting:
            for connection in list(waiting):
                if title.encode() in _get(connection, "/feed.atom"):
                    answered.append(time.perf_counter() - began)
                    waiting.remove(connection)
            assert time.perf_counter() - began < _DEADLINE, "the new post does not come"
        began = time.perf_counter()
        assert _get(self._connections[0], _PAGE)
        return published, answered[0], answered[-1], time.perf_counter() - began


def _get(connection: HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    return connection.getresponse().read()
