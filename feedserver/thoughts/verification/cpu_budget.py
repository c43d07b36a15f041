"""Limits of the CPU that inspections take in any minute, for one network of senders and for one source site.

Each page has bounds of its own; these are for many pages. What an inspection takes is counted when it ends. Before it a
part is reserved, so that no more than forty for one network or site are under way at once, in all processes together.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Final

from sqlalchemy import Connection

from feedserver.domains import wide_network
from feedserver.jobs.model import Job
from feedserver.storage import rate_limits
from feedserver.storage.rate_limits import Count, Limit
from feedserver.thoughts import waiting_limits

MOST: Final = 10_000  # milliseconds of CPU in any minute
RESERVED: Final = (
    250  # milliseconds for an inspection under way: ten times what most take, half of what the dearest does
)
_NETWORK: Final = "reading by network:"  # sorts after the buckets of fetches, which more share
_SITE: Final = "reading by site:"
_LATER: Final = 60.0  # minutes over which rechecks are spread: nobody waits for them


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was reserved for an inspection, in these buckets as of a time."""

    buckets: tuple[str, ...]
    at: datetime


def limits(sender: str | None, site: str | None) -> Sequence[Limit]:
    """The limits of one inspection, for a sender's address and a source site; None is not counted."""
    named = [(_NETWORK, sender and wide_network(sender)), (_SITE, site)]
    return [Limit(f"{prefix}{name}", MOST, RESERVED) for prefix, name in named if name]


def is_of_cpu(bucket: str) -> bool:
    """Whether a bucket that has refused is one of these."""
    return bucket.startswith((_NETWORK, _SITE))


def settle(connection: Connection, reserved: Reservation, seconds: float, now: datetime) -> None:
    """Counts the CPU that an inspection took, in place of what was reserved for it."""
    taken = ceil(seconds * 1_000)
    counts = [Count(bucket, -RESERVED, reserved.at) for bucket in reserved.buckets]
    rate_limits.add(connection, [*counts, *(Count(bucket, taken, now) for bucket in reserved.buckets)], now)


def retry_at(connection: Connection, job: Job, sender: str | None, site: str | None, now: datetime) -> datetime:
    """When to try again, spread over the time that what waits of this network or site needs if each is dear."""
    minutes = _LATER
    if job.lane != "background":
        waiting = waiting_limits.count(connection, sender or "", site or "")
        minutes = max(1.0, max(waiting.pings_of_network, waiting.pings_of_site) * RESERVED / MOST)
    return now + rate_limits.WINDOW * random.uniform(0.1, minutes)  # noqa: S311 - no secret
