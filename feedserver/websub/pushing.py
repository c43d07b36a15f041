"""Pushes new versions of feeds to their readers: one job, in one process at a time, for as long as there is something.

Every poll for jobs asks whether there is (`is_needed`): so whoever changes the site need not tell, and a process
that was killed leaves nothing undone. `fan_out` is what the job does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import FeedNotFound, PostNotFound
from feedserver.feeds.scopes import newest_of
from feedserver.jobs.model import Job, Outcome
from feedserver.net.exchange import Exchange
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.websub import waiting

if TYPE_CHECKING:
    from feedserver.feeds.documents import FeedDocuments

PUSH: Final = "push"  # the kind of the job


@dataclass(frozen=True, slots=True)
class Pusher:
    """Safe to share between threads. `documents` makes what renders feeds, at the first push.

    `most_seconds` is the longest that one push may take. When `stopping` is set, no further one begins.
    """

    database: Database
    clock: Clock
    documents: Callable[[], "FeedDocuments"]
    exchange: Exchange
    most_seconds: float
    stopping: Event

    def is_needed(self, connection: Connection, now: datetime) -> bool:
        """Whether there is something to push, or to look at, and no job that does it."""
        return not self.stopping.is_set() and waiting.is_job_needed(connection, PUSH, now)

    def carry_out(self, job: Job) -> Outcome:
        """Runs the job."""
        from feedserver.websub.fan_out import FanOut  # with its threads, where there are readers

        with self.database.read() as connection:
            is_restored = revision.is_restored(connection)
        fan_out = FanOut(self.database, self.clock, self.documents(), self.exchange, self.most_seconds, job)
        if not is_restored:
            fan_out.run(self.stopping)
        return self.database.transact(fan_out.finish)


def newest_etag(documents: "FeedDocuments", topic: str) -> str | None:
    """The ETag of a topic's newest version; None if there is no such feed."""
    try:
        return documents.get(newest_of(topic)).validators.etag
    except (FeedNotFound, PostNotFound):
        return None
