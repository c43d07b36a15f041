"""The lifecycle of a thought: one pure function of the thought, an event, and now.

An event is evidence from the source, a ping, or a moderation action. Only evidence and moderators change what is shown:
a timeout, a 5xx or a repeated ping never does. A moderator's `spam` and `deleted` are final for all but a moderator,
and approved content stays as it was approved.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from feedserver.thoughts.model import Content, LinkSignals, State, Thought

STRIKES: Final = 3  # a source is gone after so many 404s in a row …
STRIKE_SPAN: Final = timedelta(days=1)  # … over at least this time

FINAL: Final[frozenset[State]] = frozenset({"spam", "deleted"})


@dataclass(frozen=True, slots=True)
class Linked:
    """The source links to the post. `signals` are for the verdict alone."""

    content: Content
    signals: LinkSignals = field(default_factory=LinkSignals)


@dataclass(frozen=True, slots=True)
class Unlinked:
    """The source does not link to the post. `reason` is `no link` or `not a text`."""

    reason: str = "no link"


@dataclass(frozen=True, slots=True)
class Missing:
    """The source cannot be fetched. `status` is the HTTP status; None without an answer."""

    status: int | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """The source is in trouble: a timeout, a 5xx, a broken connection. `last` marks the last attempt."""

    last: bool = False


Evidence = Linked | Unlinked | Missing | Trouble

Act = Literal["approve", "hide", "spam", "delete"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the owner's rules say of a verified thought. `suspicious`: it looks like spam, whatever the setting."""

    state: State
    reason: str
    suspicious: bool = False


WAITS: Final = Verdict("held", "waits for approval")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a thought becomes. `pending_content` waits beside `content` that a person approved."""

    state: State
    reason: str | None
    content: Content
    restore: State | None
    strikes: int
    first_strike_at: datetime | None
    pending_content: Content | None = None
    approved: bool = False


@dataclass(frozen=True, slots=True)
class Pinged:
    """A ping for a known pair: once more the claim that the source links to the post."""


@dataclass(frozen=True, slots=True)
class Moderated:
    """A moderation action."""

    act: Act


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A moderation action is undone: what was `before` it, and when the source had last been checked by then."""

    before: Decision
    checked_at: datetime | None


LifecycleEvent = Evidence | Pinged | Moderated | TakenBack


def decide(thought: Thought, event: LifecycleEvent, verdict: Verdict, now: datetime) -> Decision:
    """What `thought` becomes through `event`. `verdict` counts where the source links and there is no state to keep."""
    unchanged = as_it_is(thought)
    match event:
        case Moderated(act):
            return _moderated(thought, act, unchanged)
        case TakenBack():
            return _taken_back(thought, event)
        case _ if thought.state in FINAL:
            return unchanged
        case Pinged():
            return _pinged(thought, unchanged)
        case Linked(content):
            return _linked(thought, content, verdict, unchanged)
        case Trouble(last=False):
            return unchanged
        case Trouble() if thought.state == "gone":
            return unchanged
        case _ if thought.state in ("shown", "held"):
            return _doubted(thought, event, unchanged, now)
        case _:
            # Never shown, or gone already: only the reason changes.
            away: State = "gone" if thought.restore else "rejected"
            return replace(unchanged, state=away, reason=_reason(event))


def as_it_is(thought: Thought) -> Decision:
    """The decision that changes nothing."""
    return Decision(
        thought.state,
        thought.reason,
        thought.content,
        thought.restore,
        thought.strikes,
        thought.first_strike_at,
        thought.pending_content,
        thought.approved,
    )


def nothing_to_show(thought: Thought) -> bool:
    """Whether a ping was never verified, so that it can be neither approved nor hidden."""
    return not thought.author_name


def can_be_seen(thought: Thought, decision: Decision) -> bool:
    """Whether readers see a difference between the thought and the decision."""
    differs = thought.state != decision.state or thought.content != decision.content
    return differs and "shown" in (thought.state, decision.state)


# The state and the reason after each moderation action.
_OUTCOMES: Final[dict[Act, tuple[State, str]]] = {
    "approve": ("shown", "approved"),
    "hide": ("held", "hidden by the moderator"),
    "spam": ("spam", "not wanted here"),
    "delete": ("deleted", "not wanted here"),
}


def _moderated(thought: Thought, act: Act, unchanged: Decision) -> Decision:
    """Approving takes over pending content; every action clears it."""
    if act in ("approve", "hide") and nothing_to_show(thought):
        return unchanged
    state, reason = _OUTCOMES[act]
    content = thought.pending_content or thought.content if act == "approve" else thought.content
    decided = replace(unchanged, state=state, reason=reason, content=content, restore=None, pending_content=None)
    return replace(decided, approved=act == "approve")


def _taken_back(thought: Thought, event: TakenBack) -> Decision:
    """The decision before a moderation action, with what inspections have found since."""
    before = event.before
    if thought.checked_at == event.checked_at:
        return before
    latest = thought.pending_content or thought.content
    content, pending_content = (before.content, latest) if before.approved else (latest, None)
    back = replace(
        before,
        content=content,
        pending_content=pending_content if pending_content != content else None,
        strikes=thought.strikes,
        first_strike_at=thought.first_strike_at,
    )
    if before.state in ("shown", "held") and thought.state in ("gone", "received"):  # the link has gone since
        return replace(back, state=thought.state, reason=thought.reason, restore=before.state)
    return back


def _pinged(thought: Thought, unchanged: Decision) -> Decision:
    """A rejected or gone thought is verified anew; any other stays as it is."""
    if thought.state not in ("rejected", "gone"):
        return unchanged
    return replace(unchanged, state="received", reason=None)


def _linked(thought: Thought, content: Content, verdict: Verdict, unchanged: Decision) -> Decision:
    state: State
    reason: str | None
    if thought.state == "shown" and verdict.suspicious and not thought.approved and content != thought.content:
        state, reason = verdict.state, verdict.reason  # bait and switch
    elif thought.state in ("shown", "held"):
        state, reason = thought.state, thought.reason
    elif thought.restore:
        state, reason = thought.restore, "the link is back"
    else:
        state, reason = verdict.state, verdict.reason
    settled = replace(unchanged, state=state, reason=reason, restore=None, strikes=0, first_strike_at=None)
    if thought.approved and content != thought.content:
        return replace(settled, pending_content=content)
    return replace(settled, content=content, pending_content=None)


def _doubted(thought: Thought, evidence: LifecycleEvent, unchanged: Decision, now: datetime) -> Decision:
    """Evidence against a thought that is shown or held."""
    reason = _reason(evidence)
    gone = replace(unchanged, state="gone", reason=reason, restore=thought.state, strikes=0, first_strike_at=None)
    match evidence:
        case Unlinked() | Missing(status=410):
            return gone
        case Missing(status=404):
            first = thought.first_strike_at or now
            strikes = thought.strikes + 1
            if strikes >= STRIKES and now - first >= STRIKE_SPAN:
                return gone
            return replace(unchanged, strikes=strikes, first_strike_at=first)
        case _:
            return unchanged


def _reason(evidence: LifecycleEvent) -> str:
    match evidence:
        case Unlinked(reason):
            return reason
        case Missing():
            return "source missing"
        case _:
            return "no answer"
