"""Verification: a source is looked at once, and what it says settles every ping that names it.

Carried out as the job `verify`, whose subject is the source's page: by the request that brought the ping while its
sender waits, or by a worker. The look stands between two short transactions, never inside one. Both lock the job
before the thoughts, as `receiving` does, so that a ping comes either before a look is settled or after it.
"""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import BudgetSpent
from feedserver.jobs import store as jobs
from feedserver.jobs.model import AT_LEISURE, AT_ONCE, Job, pause_after
from feedserver.settings import Settings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.thoughts import store, timeline
from feedserver.thoughts.lifecycle import (
    WAITS,
    Decision,
    Evidence,
    Linked,
    Missing,
    Trouble,
    Unlinked,
    as_it_is,
    can_be_seen,
    decide,
)
from feedserver.thoughts.model import State, Thought
from feedserver.thoughts.moderation.reputation import verdict_on
from feedserver.thoughts.verification import recheck, sources
from feedserver.thoughts.verification.fetch_budget import FetchBudget
from feedserver.thoughts.verification.inspect import Fetch, Inspection, Inspector
from feedserver.thoughts.verification.recheck import VERIFY
from feedserver.urls import Urls

__all__ = ["VERIFY", "Fetch", "Verifier"]

_log = logging.getLogger(__name__)
ENOUGH: Final = "enough fetches from this host for now"
# Seconds for a first look while others wait for its place: a source that is well answers in less, one that is slow is
# looked at with full patience the next time.
_HURRIED: Final = 4.0
_MOVABLE: Final[tuple[State, ...]] = ("received", "shown", "held", "gone")
_MISSED = timedelta(hours=12)  # after a 404, until the next look: the third one is a day after the first


@dataclass(frozen=True, slots=True)
class Verifier:
    """Settles pings. Safe to share between threads."""

    database: Database
    urls: Urls
    settings: Settings
    clock: Clock
    fetch: Fetch

    def carry_out(self, job: Job) -> None:
        """Looks at the source that a leased `verify` job names, and settles what can be settled.

        A look that failed is repeated after a growing pause; after the last one the pings are rejected.
        """
        sender = self.database.transact(lambda connection: self._prepare(connection, job))
        if sender is None:
            return
        go_on = partial(self._may_go_on_to, priority=job.priority)
        fetch = partial(self.fetch, on_redirect=go_on, timeout=_HURRIED if job.hurried else None)
        looker = Inspector(self.database, self.urls, self.settings.site.title, fetch)
        look = looker.look(job.subject, sender or None, self.clock())
        self.database.transact(lambda connection: self._settle(connection, job, look))

    def ask(self, connection: Connection, source_key: str, now: datetime) -> Job:
        """The duty to look at a source as soon as `limits.refetch` allows; its row stays locked.

        A source in trouble is looked at with growing pauses. A ping is a sign of life: it shortens the pause, and the
        look it asks for is not one of the tries after which a source is given up.
        """
        job = jobs.find(connection, VERIFY, source_key)
        due = self._may_look_from(connection, source_key, now)
        if job is None:
            job = jobs.ensure(
                connection, VERIFY, source_key, due, now, concurrency_key=self._budget.concurrency_key(source_key)
            )
        elif job.run_at > due or job.priority != AT_ONCE:  # the first of which a job that somebody holds never is
            job = jobs.bring_forward(connection, job, min(job.run_at, due))
        store.set_next_check(connection, source_key, job.run_at)
        return job

    def settle_at_once(self, connection: Connection, thought: Thought, now: datetime) -> bool:
        """Settles a ping from what its source said within `limits.refetch`; False when that does not tell.

        Another blog pings each of the posts it links to; one fetch is enough for all of them.
        """
        assert thought.source_key is not None, "pings have a page"
        kept = sources.last(connection, thought.source_key)
        if kept is None or self._may_look_from(connection, thought.source_key, now) <= now:
            return False
        linked = kept.findings.on(thought.post_id)
        if linked is None:
            return False
        self._apply(connection, thought, "the source was read a short while before", linked, now)
        recheck.plan(connection, thought.source_key, now)
        return True

    def _may_look_from(self, connection: Connection, source_key: str, now: datetime) -> datetime:
        kept = sources.last(connection, source_key)
        if kept is None:
            return now
        return max(now, kept.fetched_at + timedelta(seconds=self.settings.limits.refetch))

    # --- before the look ---

    def _prepare(self, connection: Connection, job: Job) -> str | None:
        """The address of whoever sent the newest ping, or ``; None when this is not the time to look."""
        now = self.clock()
        if not jobs.held(connection, job):
            return None
        thoughts = store.of_page(connection, job.subject, _MOVABLE)
        if not any(thought.state == "received" for thought in thoughts) and not store.standing_since(
            connection, job.subject
        ):
            store.set_next_check(connection, job.subject, None)
            jobs.finish(connection, job)
            return None
        if not self._budget.spend(connection, job.subject, now, job.priority):
            self._put_off(connection, job, now)
            return None
        return "" if job.priority == AT_LEISURE else timeline.last_sender(connection, job.subject) or ""

    def _may_go_on_to(self, url: str, *, priority: int) -> None:
        """Counts a redirect's next request like a first one. Raises BudgetSpent, and another day it is tried again."""
        if not self.database.transact(lambda connection: self._budget.spend(connection, url, self.clock(), priority)):
            raise BudgetSpent(ENOUGH)

    def _put_off(self, connection: Connection, job: Job, now: datetime) -> None:
        run_at = self._budget.next_chance(connection, job, now)
        self._plan(connection, job, run_at, attempts=job.attempts, error=ENOUGH)

    @property
    def _budget(self) -> FetchBudget:
        return FetchBudget(self.urls, self.settings.limits.host)

    # --- after the look ---

    def _settle(self, connection: Connection, job: Job, look: Inspection) -> None:
        now = self.clock()
        if not jobs.held(connection, job):
            _log.info("another process has taken over the look at %s", job.subject)
            return
        if look.kept:
            sources.keep(connection, job.subject, replace(look.kept, fetched_at=now))
        thoughts = store.of_page(connection, job.subject, _MOVABLE)
        if isinstance(look.otherwise, Trouble) and any(thought.state == "received" for thought in thoughts):
            if (pause := pause_after(job.attempts + 1, random.random())) is not None:  # noqa: S311 - no secret
                self._try_again(connection, job, look, thoughts, pause)
                return
            look = replace(look, otherwise=Trouble(last=True))
        again = [moment for thought in thoughts if (moment := self._weigh(connection, thought, look, now))]
        self._plan_next(connection, job, look, again, now)

    def _plan_next(
        self, connection: Connection, job: Job, look: Inspection, again: Sequence[datetime], now: datetime
    ) -> None:
        """The job comes again when something is to be seen once more, else when what stands is due."""
        due = recheck.due(connection, job.subject, now)
        moments = [*again, due] if due else again
        if not moments:
            jobs.finish(connection, job)
            return
        error = look.story if isinstance(look.otherwise, Trouble) else None
        waits = store.of_page(connection, job.subject, ("received",))
        priority = AT_ONCE if waits else AT_LEISURE
        self._plan(connection, job, min(moments), attempts=0, error=error, priority=priority)

    def _try_again(
        self, connection: Connection, job: Job, look: Inspection, thoughts: Sequence[Thought], pause: timedelta
    ) -> None:
        """Nobody answered properly: that changes nothing, but those who wait for it are told."""
        now = self.clock()
        for thought in thoughts:
            if thought.state == "received":
                timeline.record(connection, thought.id, "fetched", look.story, now)
        self._plan(connection, job, now + pause, attempts=job.attempts + 1, error=look.story)

    def _plan(
        self,
        connection: Connection,
        job: Job,
        run_at: datetime,
        *,
        attempts: int,
        error: str | None,
        priority: int | None = None,
    ) -> None:
        jobs.postpone(connection, job, run_at, attempts=attempts, error=error, priority=priority)
        store.set_next_check(connection, job.subject, run_at)

    def _weigh(self, connection: Connection, thought: Thought, look: Inspection, now: datetime) -> datetime | None:
        """Settles one thought. Returns when its source is to be looked at once more, None where it need not be."""
        evidence = look.evidence(thought.post_id)
        if thought.state == "received" and not isinstance(evidence, Linked):
            asked_at = timeline.asked_at(connection, thought.id)
            if asked_at is not None and asked_at > look.started_at:
                # The ping came while the page was on its way; by then the page may have had the link.
                return now + timedelta(seconds=self.settings.limits.refetch)
        decision = self._apply(connection, thought, look.story, evidence, now)
        return now + _MISSED if decision.strikes > thought.strikes else None

    def _apply(
        self, connection: Connection, thought: Thought, story: str, evidence: Evidence, now: datetime
    ) -> Decision:
        """Decides, writes, and tells the receipt; what readers can see counts as a revision.

        A look that changes nothing is told by `checked_at` alone, or the receipt of a page that is pinged on every
        edit would never end.
        """
        verdict = WAITS
        if isinstance(evidence, Linked) and (thought.state == "received" or _is_otherwise(thought, evidence)):
            ours, setting = self.urls.owns(thought.source_key or ""), self.settings.moderation.pingbacks
            verdict = verdict_on(connection, thought, evidence, setting, now, ours=ours)
        decision = decide(thought, evidence, verdict, now)
        moved = thought.state == "received" or decision.state != thought.state
        if moved or _says_more(thought, decision):
            timeline.record(connection, thought.id, "fetched", story, now)
            timeline.record(connection, thought.id, "found", _finding(evidence), now)
        if moved:
            timeline.record(connection, thought.id, "decided", _telling(decision), now)
        elif decision.pending_content and decision.pending_content != thought.pending_content:
            timeline.record(connection, thought.id, "decided", "the new words wait for approval", now)
        if can_be_seen(thought, decision):
            revision.revise(connection)
        store.settle(connection, thought, decision, now)
        return decision


def _is_otherwise(thought: Thought, evidence: Linked) -> bool:
    """Whether a page says something else than what is shown of it and no person approved: it is judged again."""
    return thought.state == "shown" and not thought.approved and evidence.content != thought.content


def _finding(evidence: Evidence) -> str:
    match evidence:
        case Linked():
            return "a link to the post"
        case Unlinked("not a text"):
            return "something that is not HTML, so that it holds no links"
        case Unlinked():
            return "no link to the post"
        case Missing():
            return "no such page"
        case Trouble():
            return "no answer, after several tries over two days"


def _telling(decision: Decision) -> str:
    return f"{decision.state}: {decision.reason}" if decision.reason else decision.state


def _says_more(thought: Thought, decision: Decision) -> bool:
    return decision != as_it_is(thought)
