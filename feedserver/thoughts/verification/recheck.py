"""Rechecks of the sources of shown and held thoughts: after a week, then monthly, as background `verify` jobs.

Our own posts are inspected when they change.
"""

import random
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, exists, select

from feedserver.jobs import store as jobs
from feedserver.jobs.model import BACKGROUND
from feedserver.posts.events import PostEvent
from feedserver.storage.schema import jobs as jobs_table
from feedserver.storage.schema import posts, slugs, thoughts
from feedserver.thoughts import store
from feedserver.thoughts.verification.fetch_budget import budget_key
from feedserver.urls import Urls

VERIFY: Final = "verify"  # the kind of the job that inspects a source; its subject is the source's key

FIRST: Final = timedelta(days=7)
THEN: Final = timedelta(days=30)
_DECISION_TIMES: Final = (
    select(thoughts.c.decided_at)
    .join(posts, posts.c.id == thoughts.c.post_id)
    .where(
        thoughts.c.source_key == bindparam("key"),
        thoughts.c.state.in_(("shown", "held")),
        posts.c.state != "deleted",
    )
)
_WITHOUT_JOB: Final = (
    select(thoughts.c.source_key)
    .distinct()
    .where(
        thoughts.c.post_id == bindparam("post"),
        thoughts.c.state.in_(("shown", "held")),
        thoughts.c.source_key.is_not(None),
        ~exists().where(jobs_table.c.kind == VERIFY, jobs_table.c.subject == thoughts.c.source_key),
    )
)
_JITTER: Final = 0.1  # of a pause: spreads sources that were pinged together


def next_recheck(decided_at: datetime, now: datetime, jitter: float) -> datetime:
    """When to recheck a source that was inspected `now`; `jitter` is a number from 0 to 1."""
    settled = now - decided_at >= FIRST * (1 - 2 * _JITTER)  # the first recheck may have come early
    pause = (THEN if settled else FIRST) * (1 - jitter * _JITTER)
    return (now + pause).replace(microsecond=0)


def due(connection: Connection, source_key: str, now: datetime) -> datetime | None:
    """When a source that was inspected now is due again; None if none of its thoughts is shown or held."""
    moments = [
        next_recheck(decided_at or now, now, random.random())  # noqa: S311 - no secret
        for decided_at in decision_times(connection, source_key)
    ]
    return min(moments, default=None)


def decision_times(connection: Connection, source_key: str) -> list[datetime | None]:
    """The `decided_at` of each shown or held thought of a source, except on deleted posts."""
    return list(connection.execute(_DECISION_TIMES, {"key": source_key}).scalars())


def plan(connection: Connection, source_key: str, now: datetime) -> None:
    """Ensures that a source with shown or held thoughts has a job; an existing one is unchanged."""
    job = jobs.find(connection, VERIFY, source_key)
    if job is None:
        moment = due(connection, source_key, now)
        if moment is None:
            return
        key = budget_key(source_key)
        job = jobs.add(connection, VERIFY, source_key, moment, now, concurrency_key=key, priority=BACKGROUND)
    store.set_next_check(connection, source_key, job.run_at)


def bring_forward(connection: Connection, source_key: str, now: datetime) -> None:
    """Has a source that is inspected again inspected now."""
    job = jobs.find(connection, VERIFY, source_key)
    if job is not None and job.run_at > now:
        store.set_next_check(connection, source_key, jobs.bring_forward(connection, job, now, now).run_at)


def follow(urls: Urls, connection: Connection, event: PostEvent) -> None:
    """Has a post of ours inspected at once whose readers see a change, if it is a source of thoughts itself.

    The sources of thoughts on a post that was deleted have no job any more: a restored post gets them back.
    """
    if event.old is None:
        if event.post.state != "deleted":
            for source_key in connection.execute(_WITHOUT_JOB, {"post": event.post.id}).scalars().all():
                plan(connection, source_key, event.now)
        return
    for slug in connection.execute(select(slugs.c.slug).where(slugs.c.post_id == event.post.id)).scalars().all():
        bring_forward(connection, urls.post(slug), event.now)
