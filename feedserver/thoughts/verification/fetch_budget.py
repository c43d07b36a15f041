"""How many requests a minute a source's host, and all hosts together, may get; counted in the database."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection

from feedserver.domains import is_address, network, registrable_domain
from feedserver.jobs import store as jobs
from feedserver.jobs.model import BACKGROUND, Job
from feedserver.storage import rate_limits
from feedserver.urls import Urls, host_name

HOSTS_AT_FULL_RATE: Final = 40  # the whole site may send so many times `limits.host` requests a minute: 1,200
_OVERALL: Final = "fetch:"  # the bucket of all fetches; those of single hosts have their key behind it
_WINDOW: Final = timedelta(seconds=rate_limits.WINDOW)
_LONG: Final = timedelta(days=1)  # jobs due later than this do not delay others


def budget_key(source_key: str) -> str:
    """Whose servers a fetch of this source burdens: the registrable domain of its host, or its network."""
    host = host_name(urlsplit(source_key))
    return network(host) if is_address(host) else registrable_domain(host)


@dataclass(frozen=True, slots=True)
class FetchBudget:
    """`host` is `limits.host`: requests a minute to one budget key."""

    urls: Urls
    host: int

    def concurrency_key(self, source_key: str) -> str | None:
        """The budget key of a source; None for our own posts, which are read without HTTP."""
        return None if self.urls.owns(source_key) else budget_key(source_key)

    def spend(self, connection: Connection, url: str, now: datetime, priority: int) -> bool:
        """Counts one more request to `url`; False, and not counted, where the budget is spent.

        The budget of the whole site bounds what many host names can bring about. Background jobs have half of each
        budget, so that new pings find the rest.
        """
        concurrency_key = self.concurrency_key(url)
        if concurrency_key is None:
            return True
        most = self._most(priority)
        return rate_limits.allow_all(
            connection, {f"{_OVERALL}{concurrency_key}": most, _OVERALL: most * HOSTS_AT_FULL_RATE}, now
        )

    def next_chance(self, connection: Connection, job: Job, now: datetime) -> datetime:
        """When to try a rate-limited job again: spread over the time that its host's queue needs to drain."""
        waiting = 0
        if job.concurrency_key is not None:
            waiting = jobs.count_of(connection, job.concurrency_key, job.priority, now + _LONG)
        minutes = max(1.0, waiting / self._most(job.priority))
        return now + _WINDOW * random.uniform(0.5, minutes)  # noqa: S311 - no secret

    def _most(self, priority: int) -> int:
        return max(1, self.host // 2) if priority == BACKGROUND else self.host
