"""Settles the thoughts of a source after an inspection, in one transaction with its job."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from feedserver.domains import author_site
from feedserver.jobs import store as jobs
from feedserver.jobs.model import BACKGROUND, INTERACTIVE, Job, Outcome
from feedserver.jobs.retry import pause_after
from feedserver.settings import Settings
from feedserver.storage import revision
from feedserver.thoughts import joining, store, timeline
from feedserver.thoughts.lifecycle import (
    NEEDS_APPROVAL,
    Decision,
    Evidence,
    Linked,
    Missing,
    Trouble,
    Unlinked,
    Unread,
    as_it_is,
    can_be_seen,
    decide,
    is_moderated,
    shows_other_content,
)
from feedserver.thoughts.model import State, Thought, decision_line
from feedserver.thoughts.moderation.reputation import verdict_on
from feedserver.thoughts.retention import RefusalCounter, is_refused
from feedserver.thoughts.verification import recheck, sources
from feedserver.thoughts.verification.inspect import Inspection
from feedserver.urls import Urls, normalize_source

MOVABLE: Final[tuple[State, ...]] = (
    "received",
    "shown",
    "held",
    "gone",
)  # states that evidence from the source can change
_AFTER_MISSED: Final = timedelta(hours=12)  # until the recheck after a 404: the third one is a day after the first


@dataclass(frozen=True, slots=True)
class Settler:
    """Settles the thoughts of a source. Runs in the caller's transaction, which has locked the job."""

    urls: Urls
    settings: Settings
    refusals: RefusalCounter

    def settle(self, connection: Connection, job: Job, found: Inspection, now: datetime) -> Outcome:
        """Writes the findings, the decisions, and the time of the next inspection."""
        thoughts = store.of_source(connection, job.subject, MOVABLE)
        waiting = [thought for thought in thoughts if thought.state == "received"]
        troubled = [thought for thought in waiting if isinstance(found.evidence(thought.post_id), Trouble)]
        if troubled:
            pause = pause_after(job.attempts + 1, random.random())  # noqa: S311 - no secret
            if pause is not None:
                for thought in waiting:  # a part of the page may have come, with links
                    if thought not in troubled:
                        self.apply(connection, thought, found.summary, found.evidence(thought.post_id), now)
                self._try_again(connection, job, found, troubled, now + pause, now)
                self._save(connection, job, found, now)
                return "to be tried again"
            found = replace(found, otherwise=Trouble(last=True))
        late = [thought for thought in waiting if self._came_late(connection, thought, found)]
        decided = [
            (thought, self.apply(connection, thought, found.summary, found.evidence(thought.post_id), now))
            for thought in thoughts
            if thought not in late
        ]
        moments = [now + timedelta(seconds=self.settings.limits.refetch)] if late else []
        if any(decision.strikes > thought.strikes for thought, decision in decided):
            moments.append(now + _AFTER_MISSED)
        self._plan_next(connection, job, found, moments, INTERACTIVE if late else BACKGROUND, now)
        self._save(connection, job, found, now)
        return "given up" if troubled else "done"

    def _save(self, connection: Connection, job: Job, found: Inspection, now: datetime) -> None:
        """Writes what the source said, when its thoughts have their new states."""
        if found.record:
            refetch = timedelta(seconds=self.settings.limits.refetch)
            record = replace(found.record, fetched_at=now)
            sources.save(connection, job.subject, record, refetch)
            if found.findings.mentions and (final := found.findings.redirected_to):  # its thoughts have moved there
                at_final = replace(found.findings, redirected_to=None)
                sources.save(connection, normalize_source(final), replace(record, findings=at_final), refetch)

    def apply(
        self, connection: Connection, thought: Thought, summary: str, evidence: Evidence, now: datetime
    ) -> Decision:
        """Decides on one thought. Where its page has another already, the two become one."""
        if not isinstance(evidence, Linked) or evidence.page_key is None:
            decision = self._decision(connection, thought, evidence, now)
            return self._write(connection, thought, decision, {}, summary, evidence, now)
        shared_by_path = self.settings.moderation.shared_by_path
        other = joining.other_thought(connection, thought, evidence)
        removed = joining.removed_page(connection, thought, evidence)
        if removed is not None and removed.thought_id is not None:
            return self._of_erased_page(connection, thought, removed.thought_id, now)
        if other is not None and (thought.state != "received" or thought.restore is not None):
            stays = joining.which_stays(thought, other, evidence, shared_by_path)
            if stays is None:
                decision = self._decision(connection, thought, evidence, now)
                return self._write(connection, thought, decision, {}, summary, evidence, now)
            if stays is thought:
                thought = self._join(connection, other, thought, now)
                other = None
        of_page = thought
        if other is not None:
            other = self._join(connection, thought, other, now)
            goes_on = joining.called_it_canonical(other, thought, evidence, shared_by_path)
            if other.state in joining.STANDING and not goes_on:
                return as_it_is(thought)  # its own looks alone change it
            of_page = other if goes_on else replace(other, state="received")
        is_spam = removed is not None and of_page.state == "received"
        return self._decide_on_page(connection, of_page, thought, summary, evidence, now, is_spam=is_spam)

    def _of_erased_page(self, connection: Connection, thought: Thought, erased_id: int, now: datetime) -> Decision:
        """The thought joins the erased one of its page, unless a moderator has decided on it."""
        erased = store.lock(connection, [erased_id]).get(erased_id)
        if erased is not None and not is_moderated(thought):
            self._join(connection, thought, erased, now)
        return as_it_is(thought)

    def _decide_on_page(
        self,
        connection: Connection,
        of_page: Thought,
        ping: Thought,
        summary: str,
        linked: Linked,
        now: datetime,
        *,
        is_spam: bool,
    ) -> Decision:
        """Decides on the thought of a page that was just read for `ping`, and moves it there."""
        shared_by_path = self.settings.moderation.shared_by_path
        if is_spam:
            decision = replace(as_it_is(of_page), state="spam", reason="its page was removed before")
        else:
            decision = self._decision(connection, of_page, linked, now)
        moved = joining.claim(connection, of_page, linked, ping, shared_by_path)
        self._write(connection, of_page, decision, moved, summary, linked, now)
        if "source_key" in moved and of_page.source_key:
            self._expire(connection, [of_page.source_key], now)
        if (source_key := moved.get("source_key", of_page.source_key)) != ping.source_key and source_key:
            recheck.plan(connection, source_key, now)
        return decision

    def _join(self, connection: Connection, thought: Thought, other: Thought, now: datetime) -> Thought:
        """Returns the other one as it is with that ping. As a webmention, its source is looked at for what it says."""
        kind = joining.join(connection, thought, other, now)
        self._expire(connection, [thought.source_key or ""], now)
        if kind != other.kind and other.source_key:
            recheck.bring_forward(connection, other.source_key, now)
        return replace(other, kind=kind)

    def _expire(self, connection: Connection, source_keys: Sequence[str], now: datetime) -> None:
        """Lets go of what was read at sources from which a thought has moved, unless others of theirs stand."""
        sources.expire(connection, source_keys, now + timedelta(seconds=self.settings.limits.refetch))

    def _decision(self, connection: Connection, thought: Thought, evidence: Evidence, now: datetime) -> Decision:
        if not isinstance(evidence, Linked):
            return decide(thought, evidence, NEEDS_APPROVAL, now)
        verdict, linked = NEEDS_APPROVAL, evidence.to(thought.kind)
        if thought.state == "received" or shows_other_content(thought, linked.content):
            ours = self.urls.owns(thought.source_key or "")
            verdict = verdict_on(connection, thought, linked, self.settings.moderation, now, ours=ours)
        return decide(thought, linked, verdict, now)

    def _write(
        self,
        connection: Connection,
        thought: Thought,
        decision: Decision,
        moved: Mapping[str, str],
        summary: str,
        evidence: Evidence,
        now: datetime,
    ) -> Decision:
        """Writes the decision and the lines of its receipt.

        An inspection that changes nothing writes no line: a source may be pinged on every edit.
        """
        lines = _lines(thought, decision, summary, evidence)
        timeline.record_lines(connection, thought.id, lines, now)
        if lines and (thought.state != "received" or thought.restore):  # else its pings and attempts are folded already
            most = timeline.MOST_LINES_SHOWN if _was_shown(thought, decision) else timeline.MOST_LINES
            timeline.trim(connection, thought.id, most)
        if can_be_seen(thought, decision):
            revision.revise(connection)
        columns = dict(moved) | (self._unit_of_trust(thought, decision, moved) if isinstance(evidence, Linked) else {})
        size = store.settle(connection, thought, decision, now, columns)
        if is_refused(decision):
            self.refusals.count(connection, size, now)
        return decision

    def _unit_of_trust(self, thought: Thought, decision: Decision, moved: Mapping[str, str]) -> dict[str, str]:
        """The column that says by whom others of the same author are known, of a webmention."""
        if thought.kind != "webmention":
            return {}
        source_key = moved.get("source_key", thought.source_key or "")
        shared_by_path = self.settings.moderation.shared_by_path
        return {"source_site": author_site(source_key, decision.content.author_url, shared_by_path)}

    def _try_again(
        self,
        connection: Connection,
        job: Job,
        found: Inspection,
        waiting: Sequence[Thought],
        run_at: datetime,
        now: datetime,
    ) -> None:
        """Postpones the job after a temporary failure, and records it in the receipts of waiting pings."""
        for thought in waiting:
            timeline.record_attempt(connection, thought.id, found.summary, now)
        jobs.postpone(connection, job, run_at, now, attempts=job.attempts + 1, error=found.summary)
        store.set_next_check(connection, job.subject, run_at)

    def _came_late(self, connection: Connection, thought: Thought, found: Inspection) -> bool:
        """Whether a ping without a link came during the fetch: the source may have added the link after it began."""
        if isinstance(found.evidence(thought.post_id), Linked):
            return False
        last_pinged_at = timeline.last_pinged_at(connection, thought.id)
        return last_pinged_at is not None and last_pinged_at > found.started_at

    def _plan_next(
        self,
        connection: Connection,
        job: Job,
        found: Inspection,
        moments: list[datetime],
        priority: int,
        now: datetime,
    ) -> None:
        """Postpones the job to the earliest of `moments` and rechecks, or finishes it if there are none."""
        due = recheck.due(connection, job.subject, now)
        moments = [*moments, due] if due else moments
        if not moments:
            jobs.finish(connection, job)
            return
        error = found.summary if isinstance(found.otherwise, Trouble) else None
        jobs.postpone(connection, job, min(moments), now, attempts=0, error=error, priority=priority)
        store.set_next_check(connection, job.subject, min(moments))


def _was_shown(thought: Thought, decision: Decision) -> bool:
    return "shown" in (thought.state, thought.restore, decision.state) or thought.approved


def _lines(thought: Thought, decision: Decision, summary: str, evidence: Evidence) -> list[tuple[str, str]]:
    """The lines of the receipt's timeline: event and detail."""
    moved = thought.state == "received" or decision.state != thought.state
    lines = []
    if moved or decision != as_it_is(thought):
        lines += [("fetched", summary), ("found", _finding(evidence))]
    if moved:
        lines.append(("decided", decision_line(decision.state, decision.reason)))
    elif decision.pending_content and decision.pending_content != thought.pending_content:
        lines.append(("decided", "the changed content waits for approval"))
    return lines


def _finding(evidence: Evidence) -> str:
    match evidence:
        case Linked():
            return "a link to the post"
        case Unlinked("not a text"):
            return "something that is not HTML, so that it holds no links"
        case Unlinked():
            return "no link to the post"
        case Unread():
            return "no link to the post in the part that was read"
        case Missing():
            return "no such page"
        case Trouble():
            return "no answer, after several tries over two days"
