"""Pings: how many are taken and verified a second, from one host and from many, and how soon each is answered."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import loading, servers
from bench.figures import Figure
from bench.sites import Site
from tests.support.serving import free_port, request, wait_until

CLIENTS = 8
MANY = 20  # source hosts
STALLED = 50
FREE = {  # no limits in the way: what is measured is the work
    "FEEDSERVER_LIMITS_SENDER": "1000000",
    "FEEDSERVER_LIMITS_HOST": "1000000",
    "FEEDSERVER_LIMITS_WAITING": "1000000",
}
_SECONDS = 2
_ROUNDS = 5
_SETTLED_SECONDS = 4.0  # that a round's pings have to be verified after it
_CALL = (
    "<?xml version='1.0'?><methodCall><methodName>pingback.ping</methodName><params>"
    "<param><value><string>{source}</string></value></param>"
    "<param><value><string>{target}</string></value></param></params></methodCall>"
)
# For wrk: each request is a ping of a source that nobody has named before, from the hosts in turn.
_SCRIPT = """
local n = {start}
request = function()
  n = n + 1
  local source = "http://127.0.2." .. (1 + n % {hosts}) .. ":{sources}/{pace}/{port}/post-" .. (1 + n % 100) .. "/" .. n
  local target = "http://127.0.0.1:{port}/posts/post-" .. (1 + n % 100)
  local body = "{head}" .. source .. "{middle}" .. target .. "{tail}"
  return wrk.format("POST", "/pingback", {{["Content-Type"] = "text/xml"}}, body)
end
"""


def measure(small: Site, large: Site) -> list[Figure]:
    with ExitStack() as stack:
        sources = stack.enter_context(blogs())
        ours = stack.enter_context(_pinged(small, sources))
        grown = stack.enter_context(_pinged(large, sources))
        found: dict[str, list[_Round]] = {"one": [], "many": [], "grown": []}
        for _ in range(_ROUNDS):
            found["one"].append(ours.round(1))
            found["many"].append(ours.round(MANY))
            found["grown"].append(grown.round(MANY))
        return _rates(found) + _answers(ours, grown)


@contextmanager
def blogs() -> Iterator[int]:
    """Other blogs, in a process of their own; the port that they share."""
    port = free_port("127.0.2.1")
    process = subprocess.Popen([sys.executable, "-m", "bench.sources", str(port)], cwd=servers.CHECKOUT)
    try:
        wait_until(lambda: _listens(port), 30, lambda: "no sources after 30 s")
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def script(folder: Path, *, pace: str, hosts: int, sources: int, port: int, start: int) -> Path:
    """Writes down for wrk which pings to send, numbered from `start`."""
    head, rest = _CALL.split("{source}")
    middle, tail = rest.split("{target}")
    path = folder / f"ping-{pace}.lua"
    values = {"pace": pace, "hosts": hosts, "sources": sources, "port": port, "start": start}
    path.write_text(_SCRIPT.format(head=head, middle=middle, tail=tail, **values), "utf-8")
    return path


@dataclass(frozen=True, slots=True)
class _Round:
    """Answers a second, thoughts shown a second by the end of the round, and the median time of an answer."""

    answered: float
    verified: float
    p50: float


class _Pinged:
    """A running site that is pinged."""

    def __init__(self, site: Site, running: servers.Running, sources: int) -> None:
        self._site = site
        self._sources = sources
        self._port = int(running.url.rpartition(":")[2])
        self._number = 0
        self.url = running.url

    def round(self, hosts: int) -> _Round:
        self._number += 1_000_000
        path = script(
            self._site.folder, pace="now", hosts=hosts, sources=self._sources, port=self._port, start=self._number
        )
        before = self.shown()
        load = loading.wrk(self.url + "/pingback", {}, seconds=_SECONDS, clients=CLIENTS, script=path)
        verified = (self.shown() - before) / _SECONDS
        self._settle()
        return _Round(load.rate, verified, load.p50)

    def answer_times(self, number: int) -> float:
        """Seconds until a ping of a page that is at hand is answered, the median of `number` in a row."""
        times = []
        for _ in range(number):
            began = time.perf_counter()
            self.ping("127.0.2.1", "now")
            times.append(time.perf_counter() - began)
        return median(times)

    def stall(self) -> None:
        """Pings of sources that never answer, each on a host of its own, all at once."""
        with ThreadPoolExecutor(STALLED) as senders:
            list(senders.map(lambda n: self.ping(f"127.0.2.{50 + n}", "never"), range(STALLED)))

    def ping(self, host: str, pace: str) -> bytes:
        self._number += 1
        slug = f"post-{1 + self._number % 100}"
        source = f"http://{host}:{self._sources}/{pace}/{self._port}/{slug}/{self._number}{host.rpartition('.')[2]}"
        call = _CALL.format(source=source, target=f"{self.url}/posts/{slug}")
        status, _, body = request(self.url + "/pingback", body=call.encode(), headers={"Content-Type": "text/xml"})
        assert status == 200, body
        assert b"fault" not in body, body
        return body

    def shown(self) -> int:
        return self._count("SELECT count(*) FROM thoughts WHERE state = 'shown'")

    def _settle(self) -> None:
        end = time.monotonic() + _SETTLED_SECONDS
        while time.monotonic() < end and self._count("SELECT count(*) FROM thoughts WHERE state = 'received'"):
            time.sleep(0.1)

    def _count(self, query: str) -> int:
        with closing(sqlite3.connect(self._site.folder / "var" / "feedserver.sqlite3", timeout=15)) as connection:
            return int(connection.execute(query).fetchone()[0])


@contextmanager
def _pinged(site: Site, sources: int) -> Iterator[_Pinged]:
    with servers.feedserver(site.folder, **FREE) as running:
        yield _Pinged(site, running, sources)


def _rates(found: dict[str, list[_Round]]) -> list[Figure]:
    figures = []
    for kind, name in (("one", "one source host"), ("many", f"{MANY} source hosts")):
        answered, verified = (median(getattr(one, what) for one in found[kind]) for what in ("answered", "verified"))
        p50 = median(one.p50 for one in found[kind]) * 1000
        figures += [
            Figure("pings", f"answered, {name}", answered, "a second", note=f"{CLIENTS} senders, median {p50:.0f} ms"),
            Figure("pings", f"verified meanwhile, {name}", verified, "a second"),
        ]
    ours, grown = (median(one.answered for one in found[kind]) for kind in ("many", "grown"))
    note = f"{ours:.0f} → {grown:.0f} a second"
    group = "from 100 to 100,000 posts"
    return [*figures, Figure(group, f"pings, {MANY} hosts", ours / grown, "× slower", most=1.2, note=note)]


def _answers(ours: _Pinged, grown: _Pinged) -> list[Figure]:
    quiet, far = loading.interleaved(
        5, {"ours": lambda: ours.answer_times(5), "grown": lambda: grown.answer_times(5)}
    ).values()
    ours.stall()
    held = ours.answer_times(21)
    group = "from 100 to 100,000 posts"
    return [
        Figure("pings", "time of an answer, nothing stalled", quiet * 1000, "ms"),
        Figure("pings", f"time of an answer, {STALLED} stalled sources", held * 1000, "ms", most=1500),
        Figure(
            group,
            "answer to one ping",
            far / quiet,
            "× slower",
            most=1.2,
            note=f"{quiet * 1000:.1f} → {far * 1000:.1f} ms",
        ),
    ]


def _listens(port: int) -> bool:
    try:
        return request(f"http://127.0.2.1:{port}/now/1/post-1/1")[0] == 200
    except OSError:
        return False
