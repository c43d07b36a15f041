"""When what stands is looked at again: a week after it was decided on, then monthly, as `verify` jobs without hurry."""

import random
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from feedserver.jobs import store as jobs
from feedserver.jobs.model import BACKGROUND
from feedserver.thoughts import store
from feedserver.thoughts.parties import budget_key

VERIFY: Final = "verify"  # the job of looking at a source; its subject is the source's page

FIRST: Final = timedelta(days=7)
THEN: Final = timedelta(days=30)
_JITTER: Final = 0.1  # of a pause: what came together does not come back together


def next_look(decided_at: datetime, now: datetime, jitter: float) -> datetime:
    """When to look again after a look `now`; `jitter` is a number from 0 to 1."""
    settled = now - decided_at >= FIRST * (1 - 2 * _JITTER)  # the first look may have come early
    pause = (THEN if settled else FIRST) * (1 - jitter * _JITTER)
    return (now + pause).replace(microsecond=0)


def due(connection: Connection, source_key: str, now: datetime) -> datetime | None:
    """When a source that was looked at now is due again; None where nothing of it stands any more."""
    moments = [
        next_look(decided_at or now, now, random.random())  # noqa: S311 - no secret
        for decided_at in store.standing_since(connection, source_key)
    ]
    return min(moments, default=None)


def plan(connection: Connection, source_key: str, now: datetime) -> None:
    """Sees to it that a source of which something stands is looked at again; a duty that is there already stays."""
    job = jobs.find(connection, VERIFY, source_key)
    if job is None:
        moment = due(connection, source_key, now)
        if moment is None:
            return
        job = jobs.ensure(
            connection, VERIFY, source_key, moment, now, concurrency_key=budget_key(source_key), priority=BACKGROUND
        )
    store.set_next_check(connection, source_key, job.run_at)
