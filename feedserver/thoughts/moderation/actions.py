"""The owner's word: rules for what is shown at once, and what a moderator does with thoughts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from feedserver.errors import ThoughtError, ThoughtNotFound
from feedserver.jobs import store as jobs
from feedserver.jobs.model import INTERACTIVE
from feedserver.settings import Settings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.thoughts import store, timeline
from feedserver.thoughts.comments import Comment
from feedserver.thoughts.lifecycle import (
    WAITS,
    Act,
    Decision,
    Linked,
    Moderated,
    TakenBack,
    Verdict,
    as_it_is,
    can_be_seen,
    decide,
    nothing_to_show,
)
from feedserver.thoughts.model import State, Thought
from feedserver.thoughts.moderation import hosts, reputation
from feedserver.thoughts.moderation import undo as acts
from feedserver.thoughts.moderation.trust import MANY_LINKS, Facts, Rule, judge, source_site
from feedserver.thoughts.moderation.undo import Before
from feedserver.thoughts.verification import recheck
from feedserver.thoughts.verification.fetch_budget import budget_key

__all__ = ["Act", "Done"]


_STANDS: Final[tuple[State, ...]] = ("shown", "held")


@dataclass(frozen=True, slots=True)
class Done:
    """The thoughts as an act has left them, in the order asked for, and why it was not carried out on the others."""

    thoughts: tuple[Thought, ...]
    refused: tuple[ThoughtError, ...] = ()


def moderate(database: Database, thought_id: int, act: Act, now: datetime) -> Thought:
    """Carries out a moderator's act on one thought; harmless when repeated.

    Raises ThoughtNotFound, or ThoughtError for an act that makes no sense: there is nothing to show of a ping that
    was never verified.
    """
    done = moderate_all(database, [thought_id], act, now)
    if done.refused:
        raise done.refused[0]
    return done.thoughts[0]


def moderate_all(database: Database, thought_ids: Iterable[int], act: Act, now: datetime) -> Done:
    """Carries out one act on several thoughts, which is taken back as one; those it cannot be done to are left out."""
    wanted = list(dict.fromkeys(thought_ids))

    def deed(connection: Connection) -> Done:
        refused: list[ThoughtError] = []
        changes: list[tuple[Thought, Decision]] = []
        found = store.lock(connection, wanted)
        for thought_id in wanted:
            thought = found.get(thought_id)
            if thought is None:
                refused.append(ThoughtNotFound(thought_id))
            elif act in ("approve", "hide") and nothing_to_show(thought):
                refused.append(ThoughtError(f"thought {thought_id} was never verified, so there is nothing to {act}"))
            else:
                changes.append((thought, decide(thought, Moderated(act), WAITS, now)))
        befores = [
            Before(thought.id, as_it_is(thought), thought.checked_at)
            for thought, decision in changes
            if decision != as_it_is(thought)
        ]
        if befores:
            acts.add(connection, act, befores, now)
        return Done(_write(connection, changes, now), tuple(refused))

    return database.transact(deed)


def undo(database: Database, now: datetime) -> Done:
    """Takes the last act back, all of it. Raises ThoughtError when there is none, or it was a purge."""

    def deed(connection: Connection) -> Done:
        act = acts.last(connection)
        if act is None:
            raise ThoughtError("there is no act to take back")
        if act.act == acts.PURGE:
            raise ThoughtError(f"the last act was the purge of {act.host}, which cannot be taken back")
        befores = acts.befores(connection, act.id)
        found = store.lock(connection, [before.thought_id for before in befores])
        changes = []
        for before in befores:
            thought = found[before.thought_id]
            changes.append((thought, decide(thought, TakenBack(before.decision, before.checked_at), WAITS, now)))
        acts.forget(connection, [act.id])
        return Done(_write(connection, changes, now))

    return database.transact(deed)


def _write(connection: Connection, changes: list[tuple[Thought, Decision]], now: datetime) -> tuple[Thought, ...]:
    """Writes what was decided, tells the receipts, and sees to it that what stands or waits is looked at."""
    changed = [(thought, decision) for thought, decision in changes if decision != as_it_is(thought)]
    if any(can_be_seen(thought, decision) for thought, decision in changed):
        revision.revise(connection)
    store.moderate(connection, changed, now)
    for thought, decision in changed:
        if thought.source_key is not None and thought.state not in _STANDS:
            _have_looked_at(connection, thought.source_key, decision, now)
    told = {
        thought.id: f"{decision.state}: {decision.reason}" if decision.reason else decision.state
        for thought, decision in changed
    }
    timeline.record_all(connection, told, "decided", now)
    after = store.lock(connection, [thought.id for thought, _ in changes])
    return tuple(after[thought.id] for thought, _ in changes)


def _have_looked_at(connection: Connection, source_key: str, decision: Decision, now: datetime) -> None:
    """The duty to look at the source of a thought that did not stand: its job may have found nothing to do."""
    if decision.state == "received":
        job = jobs.ensure(connection, recheck.VERIFY, source_key, now, now, concurrency_key=budget_key(source_key))
        if not job.is_leased(now) and (job.run_at > now or job.priority != INTERACTIVE):
            job = jobs.bring_forward(connection, job, min(job.run_at, now))
        store.set_next_check(connection, source_key, job.run_at)
    elif decision.state in _STANDS:
        recheck.plan(connection, source_key, now)


def verdict_on(
    connection: Connection, thought: Thought, linked: Linked, setting: str, now: datetime, *, ours: bool
) -> Verdict:
    """What the owner's rules say of a verified pingback, with `moderation.pingbacks` for the `setting`.

    `ours` says that its source is a post of this site.
    """
    source_key, signals = thought.source_key or "", linked.signals
    source_sites = (
        [source_key]
        if signals.redirected_to is None or source_site(signals.redirected_to) == source_site(source_key)
        else [source_key, signals.redirected_to]
    )
    # Where the page alone says enough, nobody need be asked: it may be pinged for thousands of posts.
    known = signals.links >= MANY_LINKS
    alike = frozenset() if known else reputation.posts_alike(connection, linked.content, source_key)
    facts = Facts(
        signals,
        rule=_rule_for(connection, source_sites),
        ours=ours,
        # A trusted host may lead anywhere: then where it leads to has to be trusted as well.
        approved=setting == "trust" and all(reputation.approved_before(connection, one) for one in source_sites),
        befriended=setting == "trust" and all(reputation.befriended(connection, one, now) for one in source_sites),
        alike=alike | {thought.post_id},
    )
    return judge(facts, setting)


def _rule_for(connection: Connection, source_sites: list[str]) -> Rule | None:
    """The rule that holds for all of the places; one that is blocked is enough to block."""
    rules = {hosts.rule_for_page(connection, one) for one in source_sites}
    if "block" in rules:
        return "block"
    return "trust" if rules == {"trust"} else None


def take_comment(connection: Connection, post_id: int, comment: Comment, verdict: Verdict, now: datetime) -> Thought:
    """Stores a comment in the state that the verdict gives it."""
    if verdict.state == "shown":
        revision.revise(connection)
    return store.add_comment(
        connection,
        post_id=post_id,
        state=verdict.state,
        reason=verdict.reason,
        name=comment.name,
        email=comment.email,
        website=comment.website,
        text=comment.text,
        submission=comment.submission,
        now=now,
    )


def verdict_on_comment(connection: Connection, email: str, settings: Settings) -> Verdict:
    """What the owner's rules say of a new comment. Trust goes by the address that is never shown."""
    match settings.moderation.comments:
        case "show":
            return Verdict("shown", "comments are shown at once")
        case "trust" if email and reputation.approved_commenter(connection, email):
            return Verdict("shown", "its author was approved before")
        case _:
            return WAITS
