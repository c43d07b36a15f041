"""Moderation actions: approve, hide, spam, delete, and undoing the last one; `erase` is another matter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from feedserver.errors import ThoughtChanged, ThoughtError, ThoughtNotFound
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
from feedserver.thoughts.moderation import ruling
from feedserver.thoughts.moderation import undo as undo_log
from feedserver.thoughts.moderation.seen import version_of
from feedserver.thoughts.moderation.trust import Rule
from feedserver.thoughts.moderation.undo import ActionKey, LoggedAction
from feedserver.thoughts.verification import recheck
from feedserver.thoughts.verification.fetch_budget import budget_key

AT_ONCE: Final = 500  # thoughts in one transaction
_RECHECKED: Final[tuple[State, ...]] = ("shown", "held")


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The thoughts after an action, in the order of the ids, and an error for each that was refused.

    `rules`: what an undone action on places has put back there. `logged` names the action's entry in the undo log,
    as far as there is one.
    """

    thoughts: tuple[Thought, ...]
    refused: tuple[ThoughtError, ...] = ()
    rules: Mapping[str, Rule | None] = field(default_factory=dict)
    logged: ActionKey | None = None


@dataclass(frozen=True, slots=True)
class _Deed:
    """One action of an account, or of the command line. `seen`: what it has read of thoughts (`version_of`)."""

    action: Action
    now: datetime
    account: str | None = None
    seen: Mapping[int, str] = field(default_factory=dict)


def moderate_all(
    database: Database,
    thought_ids: Iterable[int],
    action: Action,
    now: datetime,
    *,
    account: str | None = None,
    seen: Mapping[int, str] | None = None,
) -> ActionResult:
    """Applies one action to several thoughts, in one transaction and with one entry in the undo log of an account.

    A thought that is not as it was `seen` (`version_of`) is refused: somebody else decided, or its source has changed.
    One that is already as it would become is not: a form may be sent twice.
    """
    wanted = list(dict.fromkeys(thought_ids))
    return database.transact(partial(_moderate, wanted=wanted, deed=_Deed(action, now, account, seen or {})))


def moderate(
    connection: Connection, thought_ids: Sequence[int], action: Action, now: datetime, *, seen: Mapping[int, str]
) -> ActionResult:
    """Does what `moderate_all` does for the command line, in a transaction of the caller's."""
    return _moderate(connection, thought_ids, _Deed(action, now, seen=seen))


def moderate_heap(
    database: Database, thought_ids: Sequence[int], action: Action, now: datetime, *, account: str | None = None
) -> list[State]:
    """Applies one action to any number of thoughts, a few hundred in a transaction, with one entry in the undo log.

    Returns the states of those to which it applied.
    """
    deed = _Deed(action, now, account)
    states: list[State] = []
    begun = None
    for some in batches(thought_ids, AT_ONCE):
        result = database.transact(partial(_moderate, wanted=some, deed=deed, begun=begun))
        states += [thought.state for thought in result.thoughts]
        begun = result.logged or begun
    return states


def undo(database: Database, now: datetime, *, account: str | None = None, expected: str | None = None) -> ActionResult:
    """Undoes the last action of an account, all of it. `expected`: the `ActionKey` of the one that is meant, as text.

    Thoughts on which others have decided since stay so, and are told as refused. Raises ThoughtError if there is no
    action, if it cannot be undone, or if it is not the one that is meant.
    """
    result = database.transact(partial(_undo_last, now=now, account=account, expected=expected))
    undone, refused = list(result.thoughts), list(result.refused)
    while result.logged is not None:
        result = database.transact(partial(_undo_begun, now=now, begun=result.logged))
        undone += result.thoughts
        refused += result.refused
    return ActionResult(tuple(undone), tuple(refused), result.rules)


def _moderate(
    connection: Connection, wanted: Sequence[int], deed: _Deed, begun: ActionKey | None = None
) -> ActionResult:
    refused: list[ThoughtError] = []
    changes: list[tuple[Thought, Decision]] = []
    found = store.lock(connection, wanted)
    for thought_id in wanted:
        thought = found.get(thought_id)
        if error := _refusal(connection, thought_id, thought, deed):
            refused.append(error)
        elif thought is not None:
            changes.append((thought, decide(thought, Moderated(deed.action), NEEDS_APPROVAL, deed.now)))
    logged = None
    if before := [thought for thought, decision in changes if decision != as_it_is(thought)]:
        logged = undo_log.add(connection, deed.action, before, deed.now, account=deed.account, begun=begun)
    return ActionResult(_write(connection, changes, deed.now), tuple(refused), logged=logged)


def _refusal(connection: Connection, thought_id: int, thought: Thought | None, deed: _Deed) -> ThoughtError | None:
    """Why an action does not apply to a thought, None if it does."""
    if thought is None:
        return ThoughtNotFound(thought_id)
    if is_erased(thought):
        return ThoughtError(f"thought {thought_id} was erased; nothing of it is left")
    if deed.action in ("approve", "hide") and nothing_to_show(thought):
        return ThoughtError(f"thought {thought_id} was never verified, so there is nothing to {deed.action}")
    is_done = decide(thought, Moderated(deed.action), NEEDS_APPROVAL, deed.now) == as_it_is(thought)
    if not is_done and version_of(thought) != deed.seen.get(thought_id, version_of(thought)):
        return ThoughtChanged(thought_id, thought.state, thought.reason, undo_log.decided_by(connection, thought_id))
    return None


def _undo_last(connection: Connection, now: datetime, account: str | None, expected: str | None) -> ActionResult:
    """Undoes the last action of an account for some of its thoughts, or for all places."""
    action = undo_log.lock_last(connection, account)
    if expected is not None and (action is None or str(action.key) != expected):
        raise ThoughtError("this is not the last action any more; it may have been undone already")
    if action is None:
        raise ThoughtError("there is no action to undo")
    if action.name in undo_log.NOT_UNDOABLE:
        what = {undo_log.ERASE: "erasing", undo_log.PURGE: f"the purge of {action.host or 'a host'}"}[action.name]
        raise ThoughtError(f"the last action was {what}, which cannot be undone")
    if action.rules:
        undo_log.remove(connection, [action.id])
        return ActionResult((), rules=ruling.put_back(connection, action, now))
    return _undo_some(connection, now, action)


def _undo_begun(connection: Connection, now: datetime, begun: ActionKey) -> ActionResult:
    """Goes on with undoing an action, of which somebody else may have undone the rest."""
    action = undo_log.lock(connection, begun)
    return _undo_some(connection, now, action) if action else ActionResult(())


def _undo_some(connection: Connection, now: datetime, action: LoggedAction) -> ActionResult:
    ids = undo_log.thought_ids(connection, action.id, AT_ONCE + 1)
    found = store.lock(connection, ids[:AT_ONCE])
    overtaken = undo_log.later(connection, action.id, found)
    changes, refused = [], []
    for snapshot in undo_log.take_snapshots(connection, action.id, found):
        thought = found[snapshot.thought_id]
        if thought.id in overtaken:
            refused.append(ThoughtChanged(thought.id, thought.state, thought.reason, overtaken[thought.id]))
        else:
            event = Undone(snapshot.decision, snapshot.checked_at)
            changes.append((thought, decide(thought, event, NEEDS_APPROVAL, now)))
    is_all = len(ids) <= AT_ONCE
    if is_all:
        undo_log.remove(connection, [action.id])
    return ActionResult(_write(connection, changes, now), tuple(refused), logged=None if is_all else action.key)


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
