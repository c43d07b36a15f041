"""The job that erases and folds what is not kept: hourly, and when much was stored. Workers add it if it is missing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.jobs import queue, store
from feedserver.jobs.model import BACKGROUND, SITE, Job
from feedserver.storage.engine import Database

HOUSEKEEPING: Final = "housekeeping"
_EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Runs `tasks`, each with the present time. Each runs in small transactions of its own."""

    database: Database
    clock: Clock
    tasks: Sequence[Callable[[datetime], None]]

    def carry_out(self, job: Job) -> None:
        self.database.transact(lambda connection: queue.bring_back(connection, self.clock()))
        for task in self.tasks:
            task(self.clock())
        now = self.clock()
        self.database.transact(
            lambda connection: store.postpone(
                connection, job, now + _EVERY, now, attempts=0, error=None, priority=BACKGROUND
            )
        )


def ensure(connection: Connection, now: datetime) -> Job:
    """The job, locked; a new one is due at once."""
    return store.ensure(connection, HOUSEKEEPING, SITE, now, now, priority=BACKGROUND)


def bring_forward(connection: Connection, now: datetime) -> None:
    """Makes the job due at once. One that is under way was due."""
    job = ensure(connection, now)
    if job.run_at > now:
        store.bring_forward(connection, job, now, now)
