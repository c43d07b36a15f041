"""Posts that pass: what Open Live Writer publishes to see how the site looks, and deletes within a minute.

They stand on the home page and at their own address, and in no other list: to all that follows posts they are as
drafts (`events`). One that the app leaves behind goes to the bin.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from feedserver.jobs import store as jobs
from feedserver.jobs.model import Job
from feedserver.posts import store
from feedserver.posts.events import PostEvent
from feedserver.storage.engine import Database

LEAVE: Final = "leave"  # the kind of the jobs that put such posts into the bin; the subject is the post's id
CLOSED: Final = {"pings": False, "comments": False, "tell": False}  # the fields of their documents that say more
_STAYS: Final = timedelta(minutes=10)


def follow(connection: Connection, events: Sequence[PostEvent]) -> None:
    """Stores a job for each new post that passes."""
    for event in events:
        if event.is_first and event.post.is_passing:
            jobs.ensure(connection, LEAVE, str(event.post.id), event.now + _STAYS, event.now)


def leave(database: Database, delete: Callable[[str], object], job: Job) -> None:
    """Runs such a job. `delete` puts the post with a slug into the bin."""
    with database.read() as connection:
        post = store.by_id(connection, int(job.subject))
    if post is not None and post.is_passing and post.state == "published":
        delete(post.slug)
    database.transact(lambda connection: jobs.finish(connection, job))
