"""How often a source's host, and all hosts together, may be asked for something: counted in the database."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from feedserver.jobs import store as jobs
from feedserver.jobs.model import BACKGROUND, Job
from feedserver.storage import rate_limits
from feedserver.thoughts.parties import budget_key
from feedserver.urls import Urls

HOSTS_AT_FULL_RATE: Final = 40  # so many times `limits.host` is what the whole site may fetch in a minute: 1,200
_OVERALL: Final = "fetch:"  # the bucket of all fetches together; those of one party go on with its name
_WINDOW: Final = timedelta(seconds=rate_limits.WINDOW)
_LONG: Final = timedelta(days=1)  # what waits for a later day is not in the way


@dataclass(frozen=True, slots=True)
class FetchBudget:
    """What may be fetched; `host` is `limits.host`, requests a minute."""

    urls: Urls
    host: int

    def concurrency_key(self, source_key: str) -> str | None:
        """Whose machines a look at `page` burdens; None for our own."""
        return None if self.urls.owns(source_key) else budget_key(source_key)

    def spend(self, connection: Connection, source_key: str, now: datetime, priority: int) -> bool:
        """Whether one more request to the host of `page`, which is counted, fits into `limits.host`, which subdomains
        share, and into what the whole site may send: else many hosts under one roof, or many names, would be a way
        around it. What nobody waits for has half of it, and leaves the rest to new pings."""
        concurrency_key = self.concurrency_key(source_key)
        if concurrency_key is None:
            return True
        most = self._most(priority)
        return rate_limits.allow_all(
            connection, {f"fetch:{concurrency_key}": most, _OVERALL: most * HOSTS_AT_FULL_RATE}, now
        )

    def next_chance(self, connection: Connection, job: Job, now: datetime) -> datetime:
        """When to try again for which there was nothing left: at a moment within the time that those take that want
        the same host, or thousands of them would be tried again each minute, all in vain but for a few."""
        waiting = 0
        if job.concurrency_key is not None:
            waiting = jobs.count_of(connection, job.concurrency_key, job.priority, now + _LONG)
        minutes = max(1.0, waiting / self._most(job.priority))
        return now + _WINDOW * random.uniform(0.5, minutes)  # noqa: S311 - no secret

    def _most(self, priority: int) -> int:
        return max(1, self.host // 2) if priority == BACKGROUND else self.host
