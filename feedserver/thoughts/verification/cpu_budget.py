"""Limits of the CPU that inspections take in any minute, for one network of senders and for one source site.

Each page has bounds of its own; these are for many pages. What an inspection takes is counted when it ends. Before it a
part is reserved, for as long as its lease would last, so that no more than forty for one network or site are under way
at once in all processes together, and a crash keeps nothing from others for long.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from sqlalchemy import Connection

from feedserver.domains import wide_network
from feedserver.jobs.model import LEASE, Job
from feedserver.storage import rate_limits
from feedserver.storage.rate_limits import Count, Limit
from feedserver.thoughts import waiting_limits

MOST: Final = 10_000  # milliseconds of CPU in any minute
# Milliseconds for an inspection under way: ten times what most take, half of what the dearest does. With more, the
# parts of two processes that died would be all there is until their leases end.
RESERVED: Final = 250
_NETWORK: Final = "reading by network:"  # sorts after the buckets of fetches, which more share
_SITE: Final = "reading by site:"
_PAUSE: Final = 0.05  # seconds between the tries of two that wait
_LATER: Final = 3_600  # seconds over which rechecks are spread: nobody waits for them


def limits(sender: str | None, site: str | None) -> Sequence[Limit]:
    """The limits of one inspection, for a sender's address and a source site; None is not counted."""
    named = [(_NETWORK, sender and wide_network(sender)), (_SITE, site)]
    return [Limit(f"{prefix}{name}", MOST, RESERVED, LEASE) for prefix, name in named if name]


def is_of_cpu(bucket: str) -> bool:
    """Whether a bucket that has refused is one of these."""
    return bucket.startswith((_NETWORK, _SITE))


def settle(connection: Connection, reserved: Sequence[Count], seconds: float, now: datetime) -> None:
    """Counts the CPU that an inspection took, in place of what was reserved for it."""
    taken = [Count(count.bucket, ceil(seconds * 1_000), now) for count in reserved]
    given_back = [replace(count, amount=-count.amount) for count in reserved]
    rate_limits.add(connection, [*given_back, *taken], now)


def retry_at(
    connection: Connection, job: Job, sender: str | None, site: str | None, seconds: int, now: datetime
) -> datetime:
    """When to try again what may not begin for some seconds: spread, so that not all try at once."""
    spread = float(_LATER)
    if job.lane != "background":
        waiting = waiting_limits.count(connection, sender or "", site or "")
        spread = max(waiting.pings_of_network, waiting.pings_of_site) * _PAUSE
    return now + timedelta(seconds=seconds * random.uniform(0.5, 1) + random.uniform(0, spread))  # noqa: S311 - no secret
