"""Manners towards those who are told: one ping at a time to a host, and a pause between two where it takes pingbacks.

Kept in the database, so that all processes together keep them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import uniform
from typing import Final

from sqlalchemy import Connection

from feedserver.jobs import store as jobs
from feedserver.jobs.model import one_at_a_time
from feedserver.sending.answers import Endpoint
from feedserver.sending.store import SEND
from feedserver.settings import SendingSettings
from feedserver.storage import rate_limits, revision
from feedserver.storage.rate_limits import Count, Limit, Refusal
from feedserver.thoughts.verification.fetch_budget import LIMIT_REACHED, budget_key

PAUSE: Final = timedelta(seconds=16)  # between two pingbacks: WordPress refuses a second one within 15 seconds
_OFF: Final = "sending.webmentions and sending.pingbacks are false"
_BUSY: Final = "another ping to this host is under way, or was sent shortly before"
_UNDER_WAY: Final = timedelta(seconds=30)  # a place is free after that if its process has died
_FULL: Final = 2  # what a ping under way takes of a place; a pause takes less, so that the two can be told apart
_PLACE: Final = "pinging:"  # sorts after the buckets of fetches, which more share
_LONG: Final = timedelta(hours=1)  # jobs planned later than this are not in the way


@dataclass(frozen=True, slots=True)
class Wait:
    """Why nothing is sent now, and after what pause to look again."""

    reason: str
    pause: timedelta


def wait(connection: Connection, settings: SendingSettings) -> Wait | None:
    """Why this site sends nothing now; None if it does."""
    if revision.is_restored(connection):
        return Wait(revision.WAITS_AS_COPY, revision.COPY_PAUSE)
    return None if settings.webmentions or settings.pingbacks else Wait(_OFF, timedelta(hours=1))


def place(url: str) -> Limit:
    """The one place for a ping to the host of a URL."""
    return Limit(_bucket(url), _FULL, amount=_FULL, lasting=_UNDER_WAY)


def leave(connection: Connection, places: Sequence[Count], now: datetime, *, pinged: Endpoint | None = None) -> None:
    """Gives places back. That of a host that was `pinged` and takes pingbacks stays taken for a pause."""
    counts = [Count(taken.bucket, -taken.amount, taken.at) for taken in places]
    if pinged is not None and pinged.protocol == "pingback":
        counts.append(Limit(_bucket(pinged.url), 1, lasting=PAUSE).count(now))
    rate_limits.add(connection, counts, now)


def reason(refusal: Refusal) -> str:
    """Why a ping waits, for the owner."""
    return _BUSY if refusal.bucket.startswith(_PLACE) else LIMIT_REACHED


def key(url: str) -> str:
    """The concurrency key of jobs that send pings to the host of a URL."""
    return one_at_a_time(SEND, budget_key(url))


def queue(refusal: Refusal) -> str | None:
    """The concurrency key of all that wait for the same place; None if it is no place that was refused."""
    is_place = refusal.bucket.startswith(_PLACE)
    return one_at_a_time(SEND, refusal.bucket.removeprefix(_PLACE)) if is_place else None


def turn(connection: Connection, refusal: Refusal, waiting: str, now: datetime) -> datetime:
    """When to try again what waits for a place: after the others in its queue, which is `waiting`."""
    if refusal.held >= _FULL:  # a ping is under way, and ends at any moment
        return now + PAUSE * uniform(0.1, 1)  # noqa: S311 - no secret
    ahead = jobs.count_planned(connection, waiting, now, now + _LONG)
    return now + timedelta(seconds=refusal.seconds) + PAUSE * ahead


def _bucket(url: str) -> str:
    return f"{_PLACE}{budget_key(url)}"
