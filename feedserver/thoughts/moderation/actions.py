"""Moderation actions: approve, hide, spam, delete, and undoing the last one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from feedserver.errors import ThoughtError, ThoughtNotFound
from feedserver.jobs import store as jobs
from feedserver.jobs.model import INTERACTIVE
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.thoughts import store, timeline
from feedserver.thoughts.lifecycle import (
    NEEDS_APPROVAL,
    Action,
    Decision,
    Moderated,
    Undone,
    as_it_is,
    can_be_seen,
    decide,
    nothing_to_show,
)
from feedserver.thoughts.model import State, Thought, decision_line
from feedserver.thoughts.moderation import undo as undo_log
from feedserver.thoughts.verification import recheck
from feedserver.thoughts.verification.fetch_budget import budget_key

_RECHECKED: Final[tuple[State, ...]] = ("shown", "held")


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The thoughts after an action, in the order of the ids, and an error for each that was refused."""

    thoughts: tuple[Thought, ...]
    refused: tuple[ThoughtError, ...] = ()


def moderate_all(database: Database, thought_ids: Iterable[int], action: Action, now: datetime) -> ActionResult:
    """Applies one action to several thoughts, in one transaction and with one entry in the undo log."""
    wanted = list(dict.fromkeys(thought_ids))

    def operation(connection: Connection) -> ActionResult:
        refused: list[ThoughtError] = []
        changes: list[tuple[Thought, Decision]] = []
        found = store.lock(connection, wanted)
        for thought_id in wanted:
            thought = found.get(thought_id)
            if thought is None:
                refused.append(ThoughtNotFound(thought_id))
            elif action in ("approve", "hide") and nothing_to_show(thought):
                refused.append(
                    ThoughtError(f"thought {thought_id} was never verified, so there is nothing to {action}")
                )
            else:
                changes.append((thought, decide(thought, Moderated(action), NEEDS_APPROVAL, now)))
        if before := [thought for thought, decision in changes if decision != as_it_is(thought)]:
            undo_log.add(connection, action, before, now)
        return ActionResult(_write(connection, changes, now), tuple(refused))

    return database.transact(operation)


def undo(database: Database, now: datetime) -> ActionResult:
    """Undoes the last action, all of it. Raises ThoughtError if there is none, or if it was a purge."""

    def operation(connection: Connection) -> ActionResult:
        action = undo_log.lock_last(connection)
        if action is None:
            raise ThoughtError("there is no action to undo")
        if action.name == undo_log.PURGE:
            raise ThoughtError(f"the last action was the purge of {action.host}, which cannot be undone")
        found = store.lock(connection, undo_log.thought_ids(connection, action.id))
        changes = []
        for snapshot in undo_log.snapshots(connection, action.id, found):
            thought = found[snapshot.thought_id]
            event = Undone(snapshot.decision, snapshot.checked_at)
            changes.append((thought, decide(thought, event, NEEDS_APPROVAL, now)))
        undo_log.remove(connection, [action.id])
        return ActionResult(_write(connection, changes, now))

    return database.transact(operation)


def _write(connection: Connection, changes: list[tuple[Thought, Decision]], now: datetime) -> tuple[Thought, ...]:
    """Stores the decisions, records them in the timelines, and schedules checks of sources without one."""
    changed = [(thought, decision) for thought, decision in changes if decision != as_it_is(thought)]
    if any(can_be_seen(thought, decision) for thought, decision in changed):
        revision.revise(connection)
    store.moderate(connection, changed, now)
    for thought, decision in changed:
        if thought.source_key is not None and thought.state not in _RECHECKED:
            _schedule_check(connection, thought.source_key, decision, now)
    details = {thought.id: decision_line(decision.state, decision.reason) for thought, decision in changed}
    timeline.record_all(connection, details, "decided", now)
    after = store.lock(connection, [thought.id for thought, _ in changes])
    return tuple(after[thought.id] for thought, _ in changes)


def _schedule_check(connection: Connection, source_key: str, decision: Decision, now: datetime) -> None:
    """Ensures that the source has a job; it was deleted if none of its thoughts was shown, held or received."""
    if decision.state == "received":
        job = jobs.ensure(connection, recheck.VERIFY, source_key, now, now, concurrency_key=budget_key(source_key))
        if not job.is_leased(now) and (job.run_at > now or job.priority != INTERACTIVE):
            job = jobs.bring_forward(connection, job, min(job.run_at, now))
        store.set_next_check(connection, source_key, job.run_at)
    elif decision.state in _RECHECKED:
        recheck.plan(connection, source_key, now)
