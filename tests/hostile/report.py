"""Measures what strangers can cost the site, and writes docs/harmless.md: `python -m tests.hostile.report FILE`."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from feedserver.media import picture_process
from feedserver.readership.admission import CLIENTS_OF_NETWORK, NAMES_OF_NETWORK
from feedserver.sending.posting import PATIENCE
from feedserver.settings import LimitsSettings, PingbackSettings
from feedserver.thoughts.verification.cpu_budget import MOST as MOST_CPU
from feedserver.thoughts.verification.fetch_budget import HOSTS_AT_FULL_RATE
from tests.hostile import bombs, telling
from tests.hostile.databases import databases
from tests.hostile.dearest import MAX_BYTES, reader, search
from tests.hostile.growth import MOST, YEAR, play, settings_of
from tests.hostile.harmless import Row, document
from tests.hostile.inside import running_network
from tests.hostile.inventing import invent
from tests.hostile.killing import NO_LIMITS, Outcome, ping_through_kills
from tests.hostile.measure import ASKED, Cost, measure
from tests.hostile.pestering import pester
from tests.hostile.pushed_through_kills import push_through_kills
from tests.hostile.stalling import WAIT, quantile, stall
from tests.hostile.storming import p95, storm
from tests.hostile.telling import running_author
from tests.hostile.telling_killed import QUICK, tell_through_kills
from tests.hostile.tiring import crowd, tire
from tests.support.serving import Site, free_port

SEARCHED = 60.0  # seconds
SECONDS = 10.0  # the default of egress.timeout
STARTS = [1, 4, 4, 1, 4, 1, 4, 4]  # worker processes of each start; all are killed before the next one
FEWER_STARTS = [1, 4, 2, 4]
SUBSCRIBERS, HANGING = 1000, 100
AGENTS = 100_000  # invented
STORMS = {
    "a post with 300 links, to ten pages each of thirty hosts: 100 are told": telling.many_links,
    "fifty edits of a post in a minute": telling.many_edits,
    "five answers of 429 with `Retry-After: 600`, then 202": telling.told_to_wait,
    "500 for an hour, then 202": telling.failing_for_an_hour,
    "500 for ever": telling.failing_for_ever,
    "no answer at all": telling.hanging,
}


def main() -> None:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        costs = measure(SECONDS, asked=True)
        rows += _bounds(costs)
        rows += _dearest()
        rows += _pictures()
        rows += _fetches(_made(folder / "pestering"))
        rows += _readers(_made(folder / "readers"))
        rows += _one_network(_made(folder / "tiring"), _made(folder / "crowd"))
        rows += _inside(_made(folder / "inside"))
        rows += _stalled(_made(folder / "stalling"))
        rows += _killed(folder)
        rows += _stormed(_made(folder / "storm"))
        rows += _told_killed(folder)
        rows += _pushed_killed(folder)
        rows += _grown(_made(folder / "grown"))
        told = _told(folder)
    Path(sys.argv[1]).write_text(document(rows, costs, told), "utf-8")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


# --- measurements ---


def _bounds(costs: Sequence[Cost]) -> list[Row]:
    sources = [cost for cost in costs if cost.group not in ("xml", *ASKED)]
    asked = [cost for cost in costs if cost.group in ASKED]
    bodies = [cost for cost in costs if cost.group == "xml"]
    entries = [cost for cost in sources if cost.name.startswith("microformats: ")]
    of_marks = [cost.cpu for cost in sources if cost.name.startswith(("accents", "joiners", "flags"))]
    return [
        ("CPU for one hostile source", "1 s", f"{max(cost.cpu for cost in sources):.2f} s"),
        ("CPU for one source of combining marks, joiners or flags", "1 s", f"{max(of_marks):.2f} s"),
        ("CPU for one source of hostile microformats", "0.1 s", f"{max(cost.cpu for cost in entries):.3f} s"),
        ("memory for it", "16 MB", f"{max(cost.memory for cost in entries) / 1e6:.1f} MB"),
        ("memory for one hostile source", "16 MB", f"{max(cost.memory for cost in sources) / 1e6:.1f} MB"),
        ("time for one hostile source", f"{SECONDS:g} s", f"{max(cost.seconds for cost in sources):.1f} s"),
        ("body kept, after decompression", "1,048,576 bytes", f"{max(cost.body for cost in sources):,} bytes"),
        ("bytes taken from the wire", "2.3 MB", f"{max(cost.taken for cost in sources) / 1e6:.2f} MB"),
        (
            "CPU for one hostile page or endpoint that is told of a post",
            "1 s",
            f"{max(cost.cpu for cost in asked):.2f} s",
        ),
        ("memory for it", "16 MB", f"{max(cost.memory for cost in asked) / 1e6:.1f} MB"),
        ("time for it", f"{SECONDS * PATIENCE:g} s", f"{max(cost.seconds for cost in asked):.1f} s"),
        ("CPU for one hostile request body", "1 s", f"{max(cost.cpu for cost in bodies):.3f} s"),
        ("memory for one hostile request body", "16 MB", f"{max(cost.memory for cost in bodies) / 1e6:.1f} MB"),
    ]


def _dearest() -> list[Row]:
    with reader() as read:
        cost, page = search(read, SEARCHED)
    what = f"the dearest page within {MAX_BYTES:,} bytes that was found in {SEARCHED:g} s"
    return [(f"CPU for {what}: {page.links} × `{page.place}`", "1 s", f"{cost:.2f} s")]


def _pictures() -> list[Row]:
    found = bombs.measure()
    what = f"one hostile picture or film ({len(found)} kinds), in a process of its own"
    return [
        (
            f"memory for {what}",
            f"{picture_process.MOST_MEMORY / 1e6:,.0f} MB",
            f"{max(bomb.memory for bomb in found) / 1e6:,.0f} MB",
        ),
        ("CPU for it", f"{picture_process.MOST_CPU} s", f"{max(bomb.cpu for bomb in found):.1f} s"),
        ("memory for it in the process that takes it", "16 MB", f"{max(bomb.caller for bomb in found) / 1e6:.1f} MB"),
    ]


def _fetches(folder: Path) -> list[Row]:
    counts, limits = pester(folder), LimitsSettings()
    pings = f"{counts.source_pings} pings, two processes"
    return [
        (f"fetches of one responsive source in {limits.refetch:g} s ({pings})", "1", str(counts.source_fetches)),
        (f"requests to one host in a minute ({pings})", f"{limits.host}", str(counts.host_fetches)),
        ("requests to all hosts in a minute", f"{limits.host * HOSTS_AT_FULL_RATE:,}", "tested on both databases"),
    ]


def _readers(folder: Path) -> list[Row]:
    what = f"rows of readers in a day ({AGENTS:,} invented User-Agents from one address)"
    return [(what, f"{CLIENTS_OF_NETWORK + 2 * NAMES_OF_NETWORK:,}", f"{invent(folder, AGENTS):,}")]


def _one_network(tiring: Path, crowding: Path) -> list[Row]:
    pings, cpu = tire(tiring, 60)
    waiting = LimitsSettings().waiting
    what = f"CPU of one sender network in a minute ({pings} pings of dear pages, two processes, answers included)"
    return [
        (what, f"{MOST_CPU / 1_000:g} s, and what is being read", f"{cpu:.1f} s"),
        ("pings of one sender network that wait", f"{waiting // 10:,}", f"{crowd(crowding, 20, waiting):,}"),
        ("pings from one source site that wait", f"{waiting // 10:,}", "tested on both databases"),
    ]


def _inside(folder: Path) -> list[Row]:
    with running_network(folder) as net:
        tricks = net.tricks()
        for trick in tricks:
            net.ping(trick.source)
        return [(f"connections to forbidden addresses ({len(tricks)} tricks)", "0", str(net.connections()))]


def _stalled(folder: Path) -> list[Row]:
    measured = stall(folder, sources=50, responsive=10, requests=800)
    idle, loaded = (1000 * quantile(seconds, 0.95) for seconds in (measured.idle, measured.loaded))
    waited = sum(seconds > WAIT for seconds in measured.answers)
    return [
        (
            f"slowest answer to a ping, 50 silent sources, `pingback.wait` {WAIT:g} s",
            "little more than that",
            f"{max(measured.answers):.1f} s",
        ),
        ("pings whose sender waited, in one process", f"{PingbackSettings().places}", str(waited)),
        ("slowest verification of a responsive source, meanwhile", "12 s", f"{max(measured.verified):.1f} s"),
        ("p95 of feeds and pages, meanwhile", f"2 × {idle:.1f} ms idle", f"{loaded:.1f} ms"),
    ]


def _killed(folder: Path) -> list[Row]:
    rows = []
    for name, url in databases(folder, "killed"):
        environ = NO_LIMITS | {"FEEDSERVER_DATABASE_URL": url}
        site = Site(_made(folder / name), free_port(), environ)
        outcome = ping_through_kills(site, STARTS, seconds_between=1.0, timeout=150)
        site.stop()
        rows += _lost(name, outcome)
    return rows


def _lost(name: str, outcome: Outcome) -> list[Row]:
    what = f"{outcome.kills} kills of all processes, {len(outcome.acknowledged)} pings acknowledged"
    return [
        (f"pings lost or doubled, {name} ({what})", "0", str(outcome.lost)),
        (f"time until all of them were settled, {name}", "60 s", f"{outcome.settled_after:.1f} s"),
    ]


def _stormed(folder: Path) -> list[Row]:
    """A new post for many readers who subscribed, some of whom hang."""
    environ = {"FEEDSERVER_DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}"}
    site = Site(folder, free_port(), environ)
    site.start()
    came = storm(site, SUBSCRIBERS, HANGING, calm_seconds=3)
    site.stop()
    calm, stormy = (1000 * p95(seconds) for seconds in (came.calm, came.stormy))
    what = f"{SUBSCRIBERS:,} readers who subscribed, {HANGING} hang"
    return [
        (f"a new post is with the last of the others ({what})", "10 s", f"{came.last:.1f} s"),
        ("pushed twice to who took it", "0", str(len(came.twice))),
        ("pushes at once", "8", str(came.most_at_once)),
        ("p95 of polls meanwhile", f"2 × {calm:.1f} ms before", f"{stormy:.1f} ms"),
    ]


def _told_killed(folder: Path) -> list[Row]:
    rows: list[Row] = []
    for name, url in databases(folder, "told"):
        environ = QUICK | {"FEEDSERVER_DATABASE_URL": url}
        site = Site(_made(folder / f"told-{name}"), free_port(), environ)
        told = tell_through_kills(site, FEWER_STARTS, seconds_between=1.0, timeout=150)
        site.stop()
        what = f"{told.kills} kills of all processes, {len(told.due)} pages"
        rows += [
            (f"pages that a post links to never told, {name} ({what})", "0", str(len(told.lost))),
            (f"told once more, {name}", "what was under way at a kill", str(told.repeated)),
        ]
    return rows


def _pushed_killed(folder: Path) -> list[Row]:
    rows: list[Row] = []
    for name, url in databases(folder, "pushed"):
        environ = {"FEEDSERVER_DATABASE_URL": url}
        site = Site(_made(folder / f"pushed-{name}"), free_port(), environ)
        pushed = push_through_kills(site, FEWER_STARTS, seconds_between=1.5, timeout=90)
        site.stop()
        what = f"{len(pushed.kills)} kills of all processes, {pushed.readers} readers"
        rows += [
            (f"readers without the newest version, {name} ({what})", "0", str(pushed.behind)),
            (f"pushes that were heard, and repeated, {name}", "0", str(pushed.twice)),
        ]
    return rows


def _grown(folder: Path) -> list[Row]:
    rows = []
    for addresses in (1, 10_000):
        home = _made(folder / f"grown-{addresses}")
        for name, url in databases(home, f"grown-{addresses}"):
            growth = play(settings_of(home, url), addresses, YEAR)
            what = f"growth in a year of strangers, {name} (addresses: {addresses:,})"
            rows.append((what, f"{MOST / 1e6:.0f} MB", f"{growth.total / 1e6:.0f} MB"))
    return rows


def _told(folder: Path) -> Sequence[Sequence[str]]:
    """What each receiver gets of a site that tells it of its posts: requests of both kinds, and at once."""
    rows = []
    for number, (what, count_requests) in enumerate(STORMS.items()):
        path = _made(folder / f"telling-{number}")
        with running_author(path, f"sqlite:///{path / 'site.sqlite3'}") as author:
            count = count_requests(author)
        rows.append((what, str(count.looks), str(count.told), str(count.at_once)))
    return rows


if __name__ == "__main__":
    main()
