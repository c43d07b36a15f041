"""The text of docs/harmless.md, from what `report` has measured."""

import os
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from feedserver.jobs.model import MAX_PER_KEY
from feedserver.jobs.worker import BACKGROUND_SLOTS, SLOTS
from feedserver.thoughts.verification.cpu_budget import MOST as MOST_CPU
from feedserver.thoughts.verification.cpu_budget import RESERVED
from feedserver.thoughts.verification.fetch_budget import HOSTS_AT_FULL_RATE
from tests.hostile.measure import Cost

GROUPS = {
    "late": "answers that come late or byte by byte",
    "broken": "broken answers",
    "cut": "answers that end early",
    "long": "endless answers, decompression bombs",
    "page": "pages made to be slow",
    "tls": "invalid certificates",
    "xml": "request bodies",
    "target": "all of these but request bodies, as a page that a post links to",
    "webmention": "the same, as an endpoint of Webmentions",
    "pingback": "the same, as an endpoint of Pingbacks",
}
Row = tuple[str, str, str]


def document(rows: Sequence[Row], costs: Sequence[Cost], told: Sequence[Sequence[str]]) -> str:
    return f"""\
# What strangers can cost: bounds and measurements

Made by `make harmless`; do not edit. Measured with Python {platform.python_version()}, turbohtml
{version("turbohtml")} and gunicorn {version("gunicorn")} on {os.cpu_count()} cores of {platform.system()}; the bounds
hold anywhere, the milliseconds do not. `make test` checks every bound on both databases in a short form, `make soak`
in a long one.

{table(("cost", "bound", "measured"), rows)}

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

{table(("what happens", "looks", "pings", "at once"), told)}

Two posts that mention each other are told once each: a thought that is shown is no change of the post.

## What hostile sources cost

The maximum of each kind, each case in a process of its own, from the request to the thought. CPU in seconds, memory,
received bytes and body in thousands of bytes.

{table(("kind", "cases", "CPU", "memory", "seconds", "received", "body"), list(_by_kind(costs)))}

The most expensive cases:

{table(("case", "CPU", "memory", "seconds", "receipt"), list(_most_expensive(costs)))}
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


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
