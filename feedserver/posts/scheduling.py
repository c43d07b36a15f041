"""The jobs of scheduled posts. One waits for each until its date has come, and then runs `Publisher.notify_due`."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from feedserver.jobs import store as jobs
from feedserver.posts.events import PostEvent

PUBLISH: Final = "publish"  # the kind of these jobs; the subject is the post's id


def follow(connection: Connection, events: Sequence[PostEvent]) -> None:
    """Stores the jobs of scheduled posts; discards those of any others."""
    for event in events:
        if not event.is_first:
            jobs.discard(connection, PUBLISH, str(event.post.id))
        if event.post.status(event.now) == "scheduled":
            jobs.ensure(connection, PUBLISH, str(event.post.id), event.post.published_at, event.now, is_fixed=True)


def is_waiting(connection: Connection, post_id: int) -> bool:
    """Whether the post was scheduled, and no listener knows yet that it has appeared."""
    return jobs.find(connection, PUBLISH, str(post_id)) is not None
