"""Tells one page: looks for its endpoint, and sends the ping. The job `send`, whose subject is the ping's id.

The requests are between short transactions, never inside one. What was heard is written in one transaction with the end
of the job: a crash before it has the page told once more.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from threading import Event
from typing import Final

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import BudgetSpent
from feedserver.jobs import failures
from feedserver.jobs import store as jobs
from feedserver.jobs.heard import store_heard
from feedserver.jobs.model import BACKGROUND, INTERACTIVE, Job, Outcome
from feedserver.jobs.worker import STOP_SECONDS
from feedserver.net.exchange import Exchange
from feedserver.sending import decisions, manners, store
from feedserver.sending.answers import Answer, Endpoint
from feedserver.sending.discovery import discover, enabled
from feedserver.sending.model import OutgoingPing, Version
from feedserver.sending.pingback import send_pingback
from feedserver.sending.posting import PATIENCE
from feedserver.sending.webmention import send_webmention
from feedserver.settings import Settings
from feedserver.storage import rate_limits
from feedserver.storage.engine import Database
from feedserver.storage.rate_limits import Count, Limit, Refusal
from feedserver.thoughts.verification.fetch_budget import FetchBudget
from feedserver.urls import Urls

_SENDERS: Final = {"webmention": send_webmention, "pingback": send_pingback}
_DEADLINE: Final = 10.0  # seconds to find an endpoint, so that enough is left for the POST (`_patience`)
_SHORT_DEADLINE: Final = 4.0  # the same while others wait for the slot
_LEAST_PATIENCE: Final = 5.0


class _PutOff(BudgetSpent):
    """A limit is reached before a request."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(manners.reason(refusal))
        self.refusal = refusal


class _TakenOver(Exception):
    """The lease was lost before the ping was sent."""


@dataclass(frozen=True, slots=True)
class Task:
    """A ping that is to be sent now, of the version `version`: its leased job, and the place that it has taken.

    `spent` is how much it has counted in each budget.
    """

    job: Job
    ping: OutgoingPing
    source: str
    version: Version
    places: Sequence[Count]
    spent: Counter[str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sends pings. Safe to share between threads. `stopping` is set when the process is to end."""

    database: Database
    urls: Urls
    settings: Settings
    clock: Clock
    exchange: Exchange
    stopping: Event

    def carry_out(self, job: Job) -> Outcome:
        """Runs a leased `send` job."""
        task = self.database.transact(lambda connection: self._prepare(connection, job))
        if not isinstance(task, Task):
            return task
        places = list(task.places)
        try:
            endpoint, answer = self._try(task, places)
        except _PutOff as put_off:
            refusal = put_off.refusal
            return self.database.transact(lambda connection: self._put_off(connection, job, refusal, places))
        except _TakenOver:
            self.database.transact(lambda connection: manners.leave(connection, places, self.clock()))
            return "taken over"
        settle = partial(self._settle, task=task, endpoint=endpoint, answer=answer, places=places)
        return store_heard(self.database, settle, self.stopping)

    # --- before the requests ---

    def _prepare(self, connection: Connection, job: Job) -> Task | Outcome:
        """Checks that there still is something to tell, and counts the first request."""
        now = self.clock()
        if not jobs.held(connection, job):
            return "taken over"
        ping = store.by_id(connection, int(job.subject))
        if ping is None or (version := decisions.to_tell(ping)) is None:
            jobs.finish(connection, job)
            return "done"
        if wait := manners.wait(connection, self.settings.sending):
            jobs.postpone(connection, job, now + wait.pause, now, attempts=job.attempts, error=wait.reason)
            return "put off"
        budget, place = self._budget.limits(ping.page, job.lane), manners.place(ping.page)
        with_post = [replace(limit, most=max(1, limit.most - 1)) for limit in budget]  # room for the POST is left
        if refusal := rate_limits.take(connection, [*with_post, place], now):
            return self._put_off(connection, job, refusal, [])
        source = ping.source if ping.may_have_heard else None
        if source is None:  # else it goes on naming the address that the receiver knows
            source = self.urls.post(store.slug(connection, ping))
            store.change(connection, ping.id, source=source)
        return Task(job, ping, source, version, [place.count(now)], Counter(limit.bucket for limit in budget))

    # --- the requests ---

    def _try(self, task: Task, places: list[Count]) -> tuple[Endpoint | None, Answer]:
        """Looks for the endpoint, and sends the ping there. Adds the places that it takes to `places`."""
        began, on_redirect = self.clock(), partial(self._spend_on_redirect, task=task)
        deadline = _SHORT_DEADLINE if task.job.short_deadline else _DEADLINE
        exchange: Exchange = partial(self.exchange, timeout=min(deadline, self.settings.egress.timeout))
        target, protocols = task.ping.target, enabled(self.settings.sending)
        found = discover(exchange, target, self.urls, self.clock(), protocols=protocols, on_redirect=on_redirect)
        if isinstance(found, Answer):
            return None, found
        places += self.database.transact(lambda connection: self._begin(connection, task, found, places))
        answer = _SENDERS[found.protocol](
            self.exchange,
            found,
            task.source,
            target,
            self.urls,
            self.clock(),
            timeout=self._patience(began),
            on_redirect=on_redirect,
        )
        return found, answer

    def _patience(self, began: datetime) -> float:
        """Seconds for the POST: many receivers fetch our page first. A worker that stops must not have to give up."""
        left = STOP_SECONDS - 1 - (self.clock() - began).total_seconds()
        return max(_LEAST_PATIENCE, min(self.settings.egress.timeout * PATIENCE, left))

    def _begin(
        self, connection: Connection, task: Task, endpoint: Endpoint, places: Sequence[Count]
    ) -> Sequence[Count]:
        """Counts the POST, takes the place of the endpoint's host, and notes that the receiver may hear of the post."""
        if not jobs.held(connection, task.job):
            raise _TakenOver
        now, place = self.clock(), manners.place(endpoint.url)
        new = [] if place.bucket in {count.bucket for count in places} else [place]
        self._spend(connection, task, endpoint.url, now, new)
        store.change(connection, task.ping.id, protocol=endpoint.protocol, endpoint=endpoint.url)
        return [limit.count(now) for limit in new]

    def _spend_on_redirect(self, url: str, *, task: Task) -> None:
        """Counts the request after a redirect."""
        self.database.transact(lambda connection: self._spend(connection, task, url, self.clock()))

    def _spend(self, connection: Connection, task: Task, url: str, now: datetime, places: Sequence[Limit] = ()) -> None:
        """Counts a further request of a ping, and takes `places`. Raises _PutOff if others leave no room for it.

        However low `limits.host` is, a ping that has begun may need more requests than that: else it never ends.
        """
        budget = self._budget.limits(url, task.job.lane)
        least = [replace(limit, most=max(limit.most, task.spent[limit.bucket] + 1)) for limit in budget]
        if refusal := rate_limits.take(connection, [*least, *places], now):
            raise _PutOff(refusal)
        task.spent.update(limit.bucket for limit in budget)

    # --- after the requests ---

    def _put_off(self, connection: Connection, job: Job, refusal: Refusal, places: Sequence[Count]) -> Outcome:
        """Has the page told later, as a limit is reached. That is no try.

        What waits for the place of its endpoint's host waits with all others that do, each for its turn: their pages
        are not asked again and again meanwhile.
        """
        now = self.clock()
        if jobs.held(connection, job):
            reason, queue = manners.reason(refusal), manners.queue(refusal)
            turn = manners.turn(connection, refusal, queue, now) if queue else None
            later = turn or self._budget.retry_at(connection, job, now)
            jobs.postpone(connection, job, later, now, attempts=job.attempts, error=reason, concurrency_key=queue)
        manners.leave(connection, places, now)
        return "put off"

    def _settle(
        self, connection: Connection, task: Task, endpoint: Endpoint | None, answer: Answer, places: Sequence[Count]
    ) -> Outcome:
        """Writes what was heard, and what is to come."""
        now, job = self.clock(), task.job
        outcome: Outcome = "taken over"
        if jobs.held(connection, job) and (ping := store.by_id(connection, task.ping.id)):
            settled = decisions.settled(
                ping,
                task.version,
                endpoint,
                answer,
                attempts=job.attempts,
                now=now,
                jitter=random.random(),  # noqa: S311
            )
            outcome = self._write(connection, job, settled, now)
        manners.leave(connection, places, now, pinged=endpoint)
        return outcome

    def _write(self, connection: Connection, job: Job, settled: decisions.Settled, now: datetime) -> Outcome:
        ping = settled.ping
        if settled.run_at is None:
            jobs.finish(connection, job)
            if store.is_erased(connection, ping):
                store.remove(connection, [ping.id])
                return "done"
        else:
            priority = BACKGROUND if settled.in_background else INTERACTIVE
            error = ping.detail if settled.attempts else None
            jobs.postpone(
                connection, job, settled.run_at, now, attempts=settled.attempts, error=error, priority=priority
            )
        store.write(connection, ping)
        if ping.state == "failed":
            failures.record(connection, job, f"{ping.target}: {ping.detail}", now)
            return "given up"
        return "to be tried again" if settled.attempts else "done"

    @property
    def _budget(self) -> FetchBudget:
        return FetchBudget(self.urls, self.settings.limits.host)
