"""Verification: a source is inspected once, and this settles every ping with that source.

Run as the job `verify`, whose subject is the source key: by the process that received the ping, while its sender waits,
or by a worker. The fetch is between two short transactions, never inside one. Both lock the job before the thoughts, as
`receiving` does, so that a ping is stored either before an inspection is settled or after it. The page is locked before
both, as other sources may be URLs of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from feedserver.clock import Clock, is_of_future
from feedserver.domains import source_site
from feedserver.errors import BudgetSpent
from feedserver.jobs import queue
from feedserver.jobs import store as jobs
from feedserver.jobs.model import BACKGROUND, INTERACTIVE, Job, Lane, Outcome
from feedserver.settings import Settings
from feedserver.storage import rate_limits
from feedserver.storage.engine import Database
from feedserver.storage.rate_limits import Count
from feedserver.thoughts import joining, store, timeline
from feedserver.thoughts.lifecycle import Linked
from feedserver.thoughts.model import State, Thought
from feedserver.thoughts.retention import RefusalCounter
from feedserver.thoughts.source.identity import page_key
from feedserver.thoughts.verification import cpu_budget, recheck, sources
from feedserver.thoughts.verification.fetch_budget import LIMIT_REACHED, FetchBudget
from feedserver.thoughts.verification.inspect import Fetch, Inspection, Inspector
from feedserver.thoughts.verification.recheck import VERIFY
from feedserver.thoughts.verification.settle import MOVABLE, Settler
from feedserver.thoughts.verification.sources import SourceRecord
from feedserver.urls import Urls, base_of_post

TOO_DEAR: Final = "the pages of this sender or site have taken their CPU time for this minute"
# Seconds for a first attempt while others wait for its slot; a slow source has the whole `egress.timeout` in its next
# attempt.
_SHORT_DEADLINE: Final = 4.0


@dataclass(frozen=True, slots=True)
class Task:
    """A verification with a counted fetch: its leased job, the address of the ping's sender, and the record that a 304
    would confirm.

    `started_at` is when that record was read: a ping that comes later asks for another inspection. Links below `former`
    bases of the site count, as they did when the site had them. `reserved` is CPU for the inspection.
    """

    job: Job
    sender: str | None
    believed: SourceRecord | None
    started_at: datetime
    former: tuple[str, ...]
    reserved: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Verifier:
    """Verifies pings. Safe to share between threads. `cpu_clock` tells the CPU seconds of the calling thread."""

    database: Database
    urls: Urls
    settings: Settings
    clock: Clock
    cpu_clock: Callable[[], float]
    fetch: Fetch
    refusals: RefusalCounter

    def carry_out(self, job: Job) -> Outcome:
        """Runs a leased `verify` job.

        A failed attempt is repeated after a growing pause; after the last one the pings are rejected.
        """
        task = self.database.transact(lambda connection: self._prepare(connection, job))
        return self.verify(task) if isinstance(task, Task) else task

    def verify(self, task: Task) -> Outcome:
        """Inspects the source, outside any transaction, and settles its thoughts."""
        job = task.job
        on_redirect = partial(self._spend_on_redirect, lane=job.lane)
        fetch = partial(self.fetch, on_redirect=on_redirect, timeout=_SHORT_DEADLINE if job.short_deadline else None)
        urls, settings = replace(self.urls, former=task.former), self.settings
        shared_by_path = settings.moderation.shared_by_path
        inspector = Inspector(self.database, urls, settings.site.title, fetch, shared_by_path)
        begun = self.cpu_clock()
        found = inspector.inspect(job.subject, task.sender, task.believed, task.started_at)
        cpu = self.cpu_clock() - begun
        return self.database.transact(lambda connection: self._settle(connection, task, found, cpu))

    # --- for `receiving`, within its transaction ---

    def last_record(self, connection: Connection, source_key: str, now: datetime) -> SourceRecord | None:
        """The record of a source; None if it was not fetched lately and none of its thoughts stands."""
        return sources.last(connection, source_key, now, self._refetch)

    def ask(
        self, connection: Connection, source_key: str, job: Job | None, record: SourceRecord | None, now: datetime
    ) -> Job:
        """Ensures a job to inspect a source as soon as `limits.refetch` allows; `job` is the existing one, locked.

        A ping shortens the pause after a failure, and does not count as one of the attempts.
        """
        due = self._may_fetch_from(record, now)
        if job is None:
            key = self._budget.concurrency_key(source_key)
            return jobs.add(connection, VERIFY, source_key, due, now, concurrency_key=key)
        if job.run_at > due or job.priority != INTERACTIVE:  # a leased job is never due later
            job = jobs.bring_forward(connection, job, min(job.run_at, due), now)
            store.set_next_check(connection, source_key, job.run_at)
        return job

    def start(
        self, connection: Connection, job: Job, sender: str, record: SourceRecord | None, most: int, now: datetime
    ) -> Task | None:
        """Leases a job for a waiting sender, and counts its fetch; None if a worker is to run it later.

        At most `most` jobs with its concurrency key may run.
        """
        if job.leased_until is not None or job.run_at > now:
            return None
        if not queue.has_room(connection, job.concurrency_key, now, most):
            return None
        return self._begin(connection, jobs.lease(connection, job, now), sender, record, now)

    def known_link(self, record: SourceRecord | None, post_id: int, now: datetime) -> Linked | None:
        """The link to a post that a source had within `limits.refetch`; None if it was not fetched or had none.

        So one fetch is enough for a blog that pings every post it links to.
        """
        return record.findings.on(post_id) if record is not None and self.was_read_lately(record, now) else None

    def was_read_lately(self, record: SourceRecord | None, now: datetime) -> bool:
        """Whether a source was fetched within `limits.refetch`."""
        return self._may_fetch_from(record, now) > now

    def settle_known(self, connection: Connection, thought: Thought, linked: Linked, now: datetime) -> State:
        """Settles a ping with a `known_link`. Returns the state of its thought."""
        assert thought.source_key is not None, "pings have a source"
        decision = self._settler.apply(connection, thought, "the source was read shortly before", linked, now)
        recheck.plan(connection, thought.source_key, now)
        return decision.state

    def _may_fetch_from(self, record: SourceRecord | None, now: datetime) -> datetime:
        if record is None or is_of_future(record.fetched_at, now):
            return now
        return max(now, record.fetched_at + self._refetch)

    # --- before the fetch ---

    def _prepare(self, connection: Connection, job: Job) -> Task | Outcome:
        """Checks that the fetch is still needed, and counts it."""
        now = self.clock()
        if not jobs.held(connection, job):
            return "taken over"
        thoughts = store.of_source(connection, job.subject, MOVABLE)
        is_awaited = any(thought.state == "received" for thought in thoughts)
        if not is_awaited and not recheck.decision_times(connection, job.subject):
            store.set_next_check(connection, job.subject, None)
            jobs.finish(connection, job)
            return "done"
        sender = timeline.last_sender(connection, job.subject)
        record = self.last_record(connection, job.subject, now)
        return self._begin(connection, job, sender, record, now) or "put off"

    def _begin(
        self, connection: Connection, job: Job, sender: str | None, record: SourceRecord | None, now: datetime
    ) -> Task | None:
        """Counts the request, and reserves CPU; postpones the job and returns None if a limit is reached."""
        site = None if self.urls.owns(job.subject) else self._site(job.subject)
        of_cpu = cpu_budget.limits(sender, site)
        refusal = rate_limits.take(connection, [*self._budget.limits(job.subject, job.lane), *of_cpu], now)
        if refusal is not None:
            if cpu_budget.is_of_cpu(refusal.bucket):
                run_at, error = cpu_budget.retry_at(connection, job, sender, site, refusal.seconds, now), TOO_DEAR
            else:
                run_at, error = self._budget.retry_at(connection, job, now), LIMIT_REACHED
            jobs.postpone(connection, job, run_at, now, attempts=job.attempts, error=error)
            store.set_next_check(connection, job.subject, run_at)
            return None
        told = None if job.priority == BACKGROUND else sender or None
        believed = sources.believed(connection, job.subject, record, now)
        reserved = tuple(limit.count(now) for limit in of_cpu)
        return Task(job, told, believed, now, self._former_bases(connection, job.subject), reserved)

    def _site(self, source_key: str) -> str:
        return source_site(source_key, self.settings.moderation.shared_by_path)

    def _former_bases(self, connection: Connection, source_key: str) -> tuple[str, ...]:
        """The bases under which this source was pinged before the site moved."""
        former = (target for target in sources.targets(connection, source_key) if not self.urls.owns(target))
        return tuple(sorted(set(map(base_of_post, former))))

    def _spend_on_redirect(self, url: str, *, lane: Lane) -> None:
        """Counts the request after a redirect. Raises BudgetSpent, so that the job is retried later."""
        limits = self._budget.limits(url, lane)
        if self.database.transact(lambda connection: rate_limits.take(connection, limits, self.clock())):
            raise BudgetSpent(LIMIT_REACHED)

    # --- after the fetch ---

    def _settle(self, connection: Connection, task: Task, found: Inspection, cpu: float) -> Outcome:
        """Settles the thoughts, and counts the seconds of CPU that the inspection took."""
        pages = [page_key(task.job.subject), *([found.findings.page_key] if found.findings.page_key else [])]
        joining.lock_pages(connection, pages)
        outcome: Outcome = "taken over"
        if jobs.held(connection, task.job):
            outcome = self._settler.settle(connection, task.job, found, self.clock())
        cpu_budget.settle(connection, task.reserved, cpu, self.clock())
        return outcome

    @property
    def _refetch(self) -> timedelta:
        return timedelta(seconds=self.settings.limits.refetch)

    @property
    def _budget(self) -> FetchBudget:
        return FetchBudget(self.urls, self.settings.limits.host)

    @property
    def _settler(self) -> Settler:
        return Settler(self.urls, self.settings, self.refusals)
