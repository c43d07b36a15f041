"""Pings: how many are answered and verified a second, beside the commit before and on a large site."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from bench import before, servers
from bench.figures import Figure, number, rate_growth, time_growth
from bench.loading import ROUNDS, interleaved, wrk
from bench.sites import Both, Site, made_by
from tests.support.serving import free_port, request
from tests.support.waiting import wait_until

_CLIENTS = 8
_HOSTS = 20  # of sources
_SECONDS = 2
_SETTLED_SECONDS = 4.0  # for a round's pings to be verified before the next round
SETTINGS = {  # no limits
    "FEEDSERVER_LIMITS_SENDER": "1000000",
    "FEEDSERVER_LIMITS_HOST": "1000000",
    "FEEDSERVER_LIMITS_WAITING": "1000000",
}
_CALL = (
    "<?xml version='1.0'?><methodCall><methodName>pingback.ping</methodName><params>"
    "<param><value><string>{source}</string></value></param>"
    "<param><value><string>{target}</string></value></param></params></methodCall>"
)
# For wrk: each request is a ping of a source that was not named before, from the hosts in turn.
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


def measure(both: Both) -> list[Figure]:
    with ExitStack() as stack:
        sources = stack.enter_context(blogs())
        sites = {"ours": stack.enter_context(pinged(both.small, sources))}
        sites["large"] = stack.enter_context(pinged(both.large, sources))
        if (tree := stack.enter_context(before.tree())) is not None:
            old = made_by(tree, both.folder / "before")
            sites["before"] = stack.enter_context(pinged(old, sources, tree=tree))
        rounds: dict[str, list[_Round]] = {name: [] for name in (*sites, "one host")}
        for _ in range(ROUNDS):
            rounds["one host"].append(sites["ours"].round(1))
            for name, site in sites.items():
                rounds[name].append(site.round(_HOSTS))
        found = {name: _median(of_site) for name, of_site in rounds.items()}
        answer_times = interleaved({name: partial(sites[name].answer_time, 5) for name in ("ours", "large")})
    return [
        *_rates("one host", found["one host"]),
        *_rates(f"{_HOSTS} hosts", found["ours"]),
        *(_beside(found["ours"], found["before"]) if "before" in found else ()),
        rate_growth("pings answered", found["ours"].answered, found["large"].answered),
        rate_growth("pings verified", found["ours"].verified, found["large"].verified),
        time_growth("answer to one ping", answer_times["ours"], answer_times["large"]),
    ]


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


@contextmanager
def pinged(
    site: Site, sources: int, settings: Mapping[str, str] = {}, *, workers: int = 1, tree: Path = servers.CHECKOUT
) -> Iterator["Pinged"]:
    """The site, served without limits; `sources` is the port of the other blogs."""
    with servers.feedserver(site.folder, {**SETTINGS, **settings}, workers=workers, tree=tree) as running:
        yield Pinged(site, running, sources)


def call(number: int, sources: int, site: str) -> bytes:
    """The ping of a source that answers at once; `number` makes it another one than all before."""
    slug = f"post-{1 + number % 100}"
    host, port = f"127.0.2.{1 + number % _HOSTS}", site.rpartition(":")[2]
    return _CALL.format(
        source=f"http://{host}:{sources}/now/{port}/{slug}/{number}", target=f"{site}/posts/{slug}"
    ).encode()


@dataclass(frozen=True, slots=True)
class _Round:
    """Answers a second, and thoughts that were shown a second by the end of the round."""

    answered: float
    verified: float


class Pinged:
    """A running site that is pinged. Every source is a new one."""

    def __init__(self, site: Site, running: servers.Running, sources: int) -> None:
        self.url = running.url
        self._site, self._port, self._sources = site, running.port, sources
        self._number = 0

    def round(self, hosts: int) -> _Round:
        shown = self._count("shown")
        answered = self.load("now", _CLIENTS, _SECONDS, hosts)
        verified = (self._count("shown") - shown) / _SECONDS
        end = time.monotonic() + _SETTLED_SECONDS
        while self._count("received") and time.monotonic() < end:
            time.sleep(0.1)
        return _Round(answered, verified)

    def load(self, pace: str, senders: int, seconds: int, hosts: int = _HOSTS) -> float:
        """Answers a second to so many senders. The sources take no time (`now`) or a second (`slow`)."""
        self._skip()
        head, rest = _CALL.split("{source}")
        middle, tail = rest.split("{target}")
        call = {"head": head, "middle": middle, "tail": tail}
        ports = {"sources": self._sources, "port": self._port}
        script = self._site.folder / f"ping-{pace}.lua"
        script.write_text(_SCRIPT.format(start=self._number, pace=pace, hosts=hosts, **call, **ports), "utf-8")
        return wrk(self.url + "/pingback", {}, seconds=seconds, clients=senders, script=script).rate

    def answer_time(self, number: int) -> float:
        """Seconds until a ping is answered, the median of `number` in a row."""
        self._skip()
        times = []
        for _ in range(number):
            began = time.perf_counter()
            self._ping()
            times.append(time.perf_counter() - began)
        return median(times)

    def _ping(self) -> None:
        self._number += 1
        sent = call(self._number, self._sources, self.url)
        status, _, body = request(self.url + "/pingback", body=sent, headers={"Content-Type": "text/xml"})
        assert status == 200, body
        assert b"fault" not in body, body

    def _skip(self) -> None:
        """Leaves the numbers to wrk that its script counts on to."""
        self._number += 1_000_000

    def _count(self, state: str) -> int:
        with closing(sqlite3.connect(self._site.database, timeout=15)) as connection:
            return int(connection.execute("SELECT count(*) FROM thoughts WHERE state = ?", [state]).fetchone()[0])


def _median(rounds: list[_Round]) -> _Round:
    return _Round(median(one.answered for one in rounds), median(one.verified for one in rounds))


def _rates(hosts: str, found: _Round) -> list[Figure]:
    return [
        Figure("pings", f"answered, {hosts}", found.answered, "/s", note=f"{_CLIENTS} senders"),
        Figure("pings", f"verified meanwhile, {hosts}", found.verified, "/s"),
    ]


def _beside(ours: _Round, old: _Round) -> list[Figure]:
    commit = before.COMMIT_BEFORE[:7]
    notes = [
        f"{number(new)} : {number(was)} /s"
        for new, was in ((ours.answered, old.answered), (ours.verified, old.verified))
    ]
    return [
        Figure("pings", f"answered, of {commit}", ours.answered / old.answered, "×", note=notes[0]),
        Figure("pings", f"verified, of {commit}", ours.verified / old.verified, "×", least=2, note=notes[1]),
    ]


def _listens(port: int) -> bool:
    try:
        return request(f"http://127.0.2.1:{port}/now/1/post-1/1")[0] == 200
    except OSError:
        return False
