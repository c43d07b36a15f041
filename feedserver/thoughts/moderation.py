"""The owner's word: rules for what is shown at once, and what a moderator does with a thought."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection

from feedserver.errors import ThoughtError, ThoughtNotFound
from feedserver.settings import Settings
from feedserver.storage import site
from feedserver.storage.engine import Database
from feedserver.thoughts import hosts, store
from feedserver.thoughts.comments import Comment
from feedserver.thoughts.deciding import Verdict
from feedserver.thoughts.model import State, Thought

Act = Literal["approve", "hide", "spam", "delete"]


@dataclass(frozen=True, slots=True)
class _Outcome:
    state: State
    reason: str
    approved: bool


_OUTCOMES: Final[dict[Act, _Outcome]] = {
    "approve": _Outcome("shown", "approved", approved=True),
    "hide": _Outcome("held", "hidden by the moderator", approved=False),
    "spam": _Outcome("spam", "not wanted here", approved=False),
    "delete": _Outcome("deleted", "not wanted here", approved=False),
}
_WAITS: Final = Verdict("held", "waits for approval")


def moderate(database: Database, thought_id: int, act: Act, now: datetime) -> Thought:
    """Carries out a moderator's act on one thought; harmless when repeated.

    Raises ThoughtNotFound, or ThoughtError for an act that makes no sense: there is nothing to show of a ping that
    was never verified.
    """
    outcome = _OUTCOMES[act]
    with database.write() as connection:
        thought = store.lock(connection, thought_id)
        if thought is None:
            raise ThoughtNotFound(thought_id)
        if act in ("approve", "hide") and not thought.author_name:
            raise ThoughtError(f"thought {thought_id} was never verified, so there is nothing to {act}")
        store.moderate(connection, thought, outcome.state, outcome.reason, approved=outcome.approved, now=now)
        store.record(connection, thought_id, "decided", f"{outcome.state}: {outcome.reason}", now)
        if "shown" in (thought.state, outcome.state):
            site.revise(connection)
        changed = store.by_id(connection, thought_id)
    assert changed is not None, "thoughts are never removed"
    return changed


def verdict_on(connection: Connection, thought: Thought, settings: Settings) -> Verdict:
    """What the owner's rules say of a newly verified pingback. A rule for its host is stronger than the setting."""
    host = thought.host or ""
    match hosts.rule_for(connection, host):
        case "block":
            return Verdict("held", "its host is blocked")
        case "trust":
            return Verdict("shown", "its host is trusted")
        case _:
            pass
    match settings.moderation.pingbacks:
        case "show":
            return Verdict("shown", "verified")
        case "trust" if store.approved_before(connection, store.from_host(host)):
            return Verdict("shown", "its host was approved before")
        case _:
            return _WAITS


def take_comment(connection: Connection, post_id: int, comment: Comment, verdict: Verdict, now: datetime) -> Thought:
    """Stores a comment in the state that the verdict gives it."""
    if verdict.state == "shown":
        site.revise(connection)
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
        case "trust" if email and store.approved_before(connection, store.from_email(email)):
            return Verdict("shown", "its author was approved before")
        case _:
            return _WAITS
