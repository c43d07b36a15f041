"""Measures what strangers can cost the site, and writes docs/harmless.md: `python -m tests.hostile.report FILE`."""

import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from feedserver.jobs.model import MAX_PER_KEY
from feedserver.jobs.worker import BACKGROUND_SLOTS, SLOTS
from feedserver.readership.admission import CLIENTS_OF_NETWORK, NAMES_OF_NETWORK
from feedserver.settings import LimitsSettings, PingbackSettings
from feedserver.thoughts.verification.cpu_budget import MOST as MOST_CPU
from feedserver.thoughts.verification.cpu_budget import RESERVED
from feedserver.thoughts.verification.fetch_budget import HOSTS_AT_FULL_RATE
from tests.hostile import telling
from tests.hostile.databases import databases
from tests.hostile.dearest import MAX_BYTES, reader, search
from tests.hostile.growth import MOST, YEAR, play, settings_of
from tests.hostile.inside import running_network
from tests.hostile.inventing import invent
from tests.hostile.killing import NO_LIMITS, Outcome, ping_through_kills
from tests.hostile.measure import Cost, measure
from tests.hostile.pestering import pester
from tests.hostile.stalling import WAIT, quantile, stall
from tests.hostile.telling import running_author
from tests.hostile.tiring import crowd, tire
from tests.support.serving import FEEDSERVER, Site, free_port

SEARCHED = 60.0  # seconds
SECONDS = 10.0  # the default of egress.timeout
STARTS = [1, 4, 4, 1, 4, 1, 4, 4]  # worker processes of each start; all are killed before the next one
GROUPS = {
    "late": "answers that come late or byte by byte",
    "broken": "broken answers",
    "cut": "answers that end early",
    "long": "endless answers, decompression bombs",
    "page": "pages made to be slow",
    "tls": "invalid certificates",
    "xml": "request bodies",
}
AGENTS = 100_000  # invented
STORMS = {
    "a post with 300 links, to ten pages each of thirty hosts: 100 are told": telling.many_links,
    "fifty edits of a post in a minute": telling.many_edits,
    "five answers of 429 with `Retry-After: 600`, then 202": telling.told_to_wait,
    "500 for an hour, then 202": telling.failing_for_an_hour,
    "500 for ever": telling.failing_for_ever,
    "no answer at all": telling.hanging,
}
Row = tuple[str, str, str]


def main() -> None:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        costs = measure(SECONDS)
        rows += _bounds(costs)
        rows += _dearest()
        rows += _fetches(_made(folder / "pestering"))
        rows += _readers(_made(folder / "readers"))
        rows += _one_network(_made(folder / "tiring"), _made(folder / "crowd"))
        rows += _inside(_made(folder / "inside"))
        rows += _stalled(_made(folder / "stalling"))
        rows += _killed(folder)
        rows += _grown(_made(folder / "grown"))
        told = _told(folder)
    Path(sys.argv[1]).write_text(_document(rows, costs, told), "utf-8")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


# --- measurements ---


def _bounds(costs: Sequence[Cost]) -> list[Row]:
    sources = [cost for cost in costs if cost.group != "xml"]
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
        ("CPU for one hostile request body", "1 s", f"{max(cost.cpu for cost in bodies):.3f} s"),
        ("memory for one hostile request body", "16 MB", f"{max(cost.memory for cost in bodies) / 1e6:.1f} MB"),
    ]


def _dearest() -> list[Row]:
    with reader() as read:
        cost, page = search(read, SEARCHED)
    what = f"the dearest page within {MAX_BYTES:,} bytes that was found in {SEARCHED:g} s"
    return [(f"CPU for {what}: {page.links} × `{page.place}`", "1 s", f"{cost:.2f} s")]


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
        site = Site(_made(folder / name), free_port(), environ, FEEDSERVER)
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


def _grown(folder: Path) -> list[Row]:
    rows = []
    for addresses in (1, 10_000):
        for name, url in databases(folder, f"grown-{addresses}"):
            growth = play(settings_of(folder, url), addresses, YEAR)
            what = f"growth in a year of strangers, {name} (addresses: {addresses:,})"
            rows.append((what, f"{MOST / 1e6:.0f} MB", f"{growth.total / 1e6:.0f} MB"))
    return rows


def _told(folder: Path) -> Sequence[Sequence[str]]:
    """What each receiver gets of a site that tells it of its posts: requests of both kinds, and at once."""
    rows = []
    for number, (what, storm) in enumerate(STORMS.items()):
        path = _made(folder / f"telling-{number}")
        with running_author(path, f"sqlite:///{path / 'site.sqlite3'}") as author:
            count = storm(author)
        rows.append((what, str(count.looks), str(count.told), str(count.at_once)))
    return rows


# --- the document ---


def _document(rows: Sequence[Row], costs: Sequence[Cost], told: Sequence[Sequence[str]]) -> str:
    return f"""\
# What strangers can cost: bounds and measurements

Made by `make harmless`; do not edit. Measured with Python {platform.python_version()}, turbohtml
{version("turbohtml")} and gunicorn {version("gunicorn")} on {os.cpu_count()} cores of {platform.system()}; the bounds
hold anywhere, the milliseconds do not. `make test` checks every bound on both databases in a short form, `make soak`
in a long one.

{_table(("cost", "bound", "measured"), rows)}

## How the bounds are kept

- **Jobs survive a crash.** A ping and its job are committed in one transaction. A worker renews the lease of a job
  while it runs. When the process dies, the lease ends within 20 s, and another worker takes the job over. After each
  death of its process a job waits longer, since the job may be the cause.
- **Stalled sources delay nobody.** In one process {SLOTS} first tries, {SLOTS} retries and {BACKGROUND_SLOTS}
  background rechecks run at a time, and in all processes together {MAX_PER_KEY} jobs of one host (registrable domain,
  IPv4 address or IPv6 /64). When half of the slots for first tries are taken, further first tries have a timeout of
  four seconds; a retry has the whole `egress.timeout`. Every second slot that becomes free goes to the newest ping.
- **No host can be flooded.** One inspection of a source settles all pings that name it. Every request, after a redirect
  too, counts in the budget of its host and in one of the whole site ({HOSTS_AT_FULL_RATE} times `limits.host`). The
  first retry of a source in trouble comes within a minute, sooner than `limits.refetch`; further pings do not bring it
  forward.
- **No sender takes all.** Pages that one network (IPv4 /24, IPv6 /48) names, and those of one source site, take
  {MOST_CPU // 1000} s of CPU in any minute; later ones wait, and lose no attempt. What a page took is counted when it
  was read, {RESERVED} ms are reserved before: so at most {MOST_CPU // RESERVED} are under way at once, and what these
  take beyond their reservations is all that can exceed the limit. One network and one source site have a tenth of what
  may wait, of pings and of bytes.
- **Internal addresses cannot be reached.** The resolved address is checked, and the connection goes to that very
  address; each redirect is checked again. One forbidden address is enough to refuse its name. A forbidden address takes
  the same steps and gets the same answer as an unknown name.
- **Work is bounded.** One deadline covers name resolution, connection, TLS, redirects and body. Every received byte
  counts. A page is parsed twice at most, up to 200,000 tokens and 10,000 links.
- **Nothing grows for ever.** Each thought estimates the bytes that it takes. Beyond the bounds of `keep` the oldest
  refused pings go; what waits for its verification or a moderator is refused. Timelines count repetition.

## What others get of a post that links to them

A site that tells pages of its posts ([conversation.md](conversation.md)): looks for an endpoint, pings, and the most
requests that one host had at a time, in the sixty days after it was published.

{_table(("what happens", "looks", "pings", "at once"), told)}

Two posts that mention each other are told once each: a thought that is shown is no change of the post.

## What hostile sources cost

The maximum of each kind, each case in a process of its own, from the request to the thought. CPU in seconds, memory,
received bytes and body in thousands of bytes.

{_table(("kind", "cases", "CPU", "memory", "seconds", "received", "body"), list(_by_kind(costs)))}

The most expensive cases:

{_table(("case", "CPU", "memory", "seconds", "receipt"), list(_most_expensive(costs)))}
"""


def _by_kind(costs: Sequence[Cost]) -> Iterator[tuple[str, ...]]:
    for group, meaning in GROUPS.items():
        of_kind = [cost for cost in costs if cost.group == group]
        yield (
            meaning,
            str(len(of_kind)),
            f"{max(cost.cpu for cost in of_kind):.3f}",
            f"{max(cost.memory for cost in of_kind) / 1000:,.0f}",
            f"{max(cost.seconds for cost in of_kind):.1f}",
            f"{max(cost.taken for cost in of_kind) / 1000:,.0f}",
            f"{max(cost.body for cost in of_kind) / 1000:,.0f}",
        )


def _most_expensive(costs: Sequence[Cost]) -> Iterator[tuple[str, ...]]:
    for cost in sorted(costs, key=lambda cost: -cost.cpu)[:12]:
        yield (
            cost.name,
            f"{cost.cpu:.3f}",
            f"{cost.memory / 1000:,.0f}",
            f"{cost.seconds:.1f}",
            cost.outcome,
        )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
