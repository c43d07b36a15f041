"""The jobs of scheduled posts. One waits for each until its date has come, and then runs `Publisher.notify_due`."""

from typing import Final

from sqlalchemy import Connection

from feedserver.jobs import store as jobs
from feedserver.posts.events import PostEvent

PUBLISH: Final = "publish"  # the kind of these jobs; the subject is the post's id


def follow(connection: Connection, event: PostEvent) -> None:
    """Stores the job of a scheduled post; discards that of any other."""
    jobs.discard(connection, PUBLISH, str(event.post.id))
    if event.post.status(event.now) == "scheduled":
        jobs.ensure(connection, PUBLISH, str(event.post.id), event.post.published_at, event.now, is_fixed=True)


def is_waiting(connection: Connection, post_id: int) -> bool:
    """Whether the post was scheduled, and no listener knows yet that it has appeared."""
    return jobs.find(connection, PUBLISH, str(post_id)) is not None
