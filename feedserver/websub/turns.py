"""When a callback may be asked: not by a restored site, and within the limits of requests to its host."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from feedserver.jobs import store as jobs
from feedserver.jobs.model import Job
from feedserver.storage import rate_limits, revision
from feedserver.thoughts.verification.fetch_budget import LIMIT_REACHED, FetchBudget


def wait_for_turn(connection: Connection, kind: str, subscription_id: int, callback_site: str, now: datetime) -> None:
    """Ensures a job that asks the callback of a subscription. Those of one site share a few slots."""
    jobs.ensure(connection, kind, str(subscription_id), now, now, concurrency_key=f"hub:{callback_site}")


@dataclass(frozen=True, slots=True)
class Turns:
    budget: FetchBudget

    def take(self, connection: Connection, job: Job, callback: str, now: datetime) -> bool:
        """Counts a request to `callback`; postpones the leased job and returns False if it has to wait."""
        if revision.is_restored(connection):
            later, why = now + revision.COPY_PAUSE, revision.WAITS_AS_COPY
        elif rate_limits.take(connection, self.budget.limits(callback, job.lane), now):
            later, why = self.budget.retry_at(connection, job, now), LIMIT_REACHED
        else:
            return True
        jobs.postpone(connection, job, later, now, attempts=job.attempts, error=why)
        return False
