"""Moderation actions: approve, hide, spam, delete, and undoing the last one; `erase` is another matter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from feedserver.errors import ThoughtError, ThoughtNotFound
from feedserver.jobs import store as jobs
from feedserver.jobs.model import INTERACTIVE
from feedserver.storage import revision
from feedserver.storage.batches import batches
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
    is_erased,
    nothing_to_show,
)
from feedserver.thoughts.model import State, Thought, decision_line
from feedserver.thoughts.moderation import undo as undo_log
from feedserver.thoughts.verification import recheck
from feedserver.thoughts.verification.fetch_budget import budget_key

AT_ONCE: Final = 500  # thoughts in one transaction
_RECHECKED: Final[tuple[State, ...]] = ("shown", "held")


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The thoughts after an action, in the order of the ids, and an error for each that was refused.

    `logged` is the id of its entry in the undo log, as far as there is one.
    """

    thoughts: tuple[Thought, ...]
    refused: tuple[ThoughtError, ...] = ()
    logged: int | None = None


def moderate_all(database: Database, thought_ids: Iterable[int], action: Action, now: datetime) -> ActionResult:
    """Applies one action to several thoughts, in one transaction and with one entry in the undo log."""
    wanted = list(dict.fromkeys(thought_ids))
    return database.transact(partial(_moderate, wanted=wanted, action=action, now=now))


def moderate_heap(database: Database, thought_ids: Sequence[int], action: Action, now: datetime) -> list[State]:
    """Applies one action to any number of thoughts, a few hundred in a transaction, with one entry in the undo log.

    Returns the states of those to which it applied.
    """
    states: list[State] = []
    begun = None
    for some in batches(thought_ids, AT_ONCE):
        result = database.transact(partial(_moderate, wanted=some, action=action, now=now, begun=begun))
        states += [thought.state for thought in result.thoughts]
        begun = result.logged or begun
    return states


def undo(database: Database, now: datetime) -> ActionResult:
    """Undoes the last action, all of it. Raises ThoughtError if there is none, or if it cannot be undone."""
    result = database.transact(partial(_undo_some, now=now))
    undone = list(result.thoughts)
    while result.logged is not None:
        result = database.transact(partial(_undo_some, now=now, begun=result.logged))
        undone += result.thoughts
    return ActionResult(tuple(undone))


def _moderate(
    connection: Connection, wanted: Sequence[int], action: Action, now: datetime, begun: int | None = None
) -> ActionResult:
    refused: list[ThoughtError] = []
    changes: list[tuple[Thought, Decision]] = []
    found = store.lock(connection, wanted)
    for thought_id in wanted:
        thought = found.get(thought_id)
        if thought is None:
            refused.append(ThoughtNotFound(thought_id))
        elif is_erased(thought):
            refused.append(ThoughtError(f"thought {thought_id} was erased; nothing of it is left"))
        elif action in ("approve", "hide") and nothing_to_show(thought):
            refused.append(ThoughtError(f"thought {thought_id} was never verified, so there is nothing to {action}"))
        else:
            changes.append((thought, decide(thought, Moderated(action), NEEDS_APPROVAL, now)))
    logged = None
    if before := [thought for thought, decision in changes if decision != as_it_is(thought)]:
        logged = undo_log.add(connection, action, before, now, begun=begun)
    return ActionResult(_write(connection, changes, now), tuple(refused), logged)


def _undo_some(connection: Connection, now: datetime, begun: int | None = None) -> ActionResult:
    """Undoes the last action, or the one that was `begun`, for some of its thoughts."""
    action = undo_log.lock_last(connection) if begun is None else undo_log.lock(connection, begun)
    if action is None:
        if begun is not None:  # somebody else has undone the rest
            return ActionResult(())
        raise ThoughtError("there is no action to undo")
    if action.name in undo_log.NOT_UNDOABLE:
        what = {undo_log.ERASE: "erasing", undo_log.PURGE: f"the purge of {action.host or 'a host'}"}[action.name]
        raise ThoughtError(f"the last action was {what}, which cannot be undone")
    ids = undo_log.thought_ids(connection, action.id, AT_ONCE + 1)
    found = store.lock(connection, ids[:AT_ONCE])
    changes = []
    for snapshot in undo_log.take_snapshots(connection, action.id, found):
        event = Undone(snapshot.decision, snapshot.checked_at)
        thought = found[snapshot.thought_id]
        changes.append((thought, decide(thought, event, NEEDS_APPROVAL, now)))
    is_all = len(ids) <= AT_ONCE
    if is_all:
        undo_log.remove(connection, [action.id])
    return ActionResult(_write(connection, changes, now), logged=None if is_all else action.id)


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
            job = jobs.bring_forward(connection, job, min(job.run_at, now), now)
        store.set_next_check(connection, source_key, job.run_at)
    elif decision.state in _RECHECKED:
        recheck.plan(connection, source_key, now)
