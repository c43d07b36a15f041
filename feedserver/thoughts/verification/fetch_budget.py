"""Limits of requests a minute to a source's host, and to all hosts together, counted in the database."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection

from feedserver.domains import is_address, network, registrable_domain
from feedserver.host_names import host_name
from feedserver.jobs import store as jobs
from feedserver.jobs.model import Job, Lane
from feedserver.storage import rate_limits
from feedserver.storage.rate_limits import Limit
from feedserver.urls import Urls

LIMIT_REACHED: Final = "the fetch limit of this host is reached"
HOSTS_AT_FULL_RATE: Final = 40  # all hosts together get so many times `limits.host` requests a minute: 1,200
_OVERALL: Final = "fetch:"  # the bucket of all fetches, and the prefix of single hosts' buckets
_LONG: Final = timedelta(days=1)  # jobs due later than this do not delay others


def budget_key(source_key: str) -> str:
    """The budget key of a source: the registrable domain of its host, or the network of its address."""
    return budget_key_of(host_name(urlsplit(source_key)))


def budget_key_of(host: str) -> str:
    """The same of a host, without brackets."""
    return network(host) if is_address(host) else registrable_domain(host)


@dataclass(frozen=True, slots=True)
class FetchBudget:
    """`host` is `limits.host`: requests a minute to one budget key."""

    urls: Urls
    host: int

    def concurrency_key(self, source_key: str) -> str | None:
        """The budget key of a source; None for our own posts, which are read without HTTP."""
        return None if self.urls.owns(source_key) else budget_key(source_key)

    def limits(self, url: str, lane: Lane) -> Sequence[Limit]:
        """The limits of one request to `url`: of its host, and of all hosts, which bounds what many names can cause.

        Retries and background jobs have half of each budget, so that the rest is left for new pings.
        """
        concurrency_key = self.concurrency_key(url)
        if concurrency_key is None:
            return []
        most = self._most(lane)
        return [Limit(f"{_OVERALL}{concurrency_key}", most), Limit(_OVERALL, most * HOSTS_AT_FULL_RATE)]

    def retry_at(self, connection: Connection, job: Job, now: datetime) -> datetime:
        """Retry time for a rate-limited job, spread over the time that its host's queue needs to drain."""
        waiting = 0
        if job.concurrency_key is not None:
            waiting = jobs.count_of(connection, job.concurrency_key, job.priority, now + _LONG)
        minutes = max(1.0, waiting / self._most(job.lane))
        return now + rate_limits.WINDOW * random.uniform(0.5, minutes)  # noqa: S311 - no secret

    def _most(self, lane: Lane) -> int:
        return self.host if lane == "first" else max(1, self.host // 2)
