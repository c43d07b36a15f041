"""What happens to a thought: one pure function of the thought, an event, and now.

An event is what was found at its source, a ping, or a moderator's act. Only verified evidence and a moderator change
what is shown. A timeout, a 5xx or a stranger's repeated ping never does; a moderator's `spam` and `deleted` are final
for all but a moderator; what a person approved keeps its words.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from feedserver.thoughts.model import Content, LinkSignals, State, Thought

STRIKES: Final = 3  # 404s after which a source is gone …
STRIKE_SPAN: Final = timedelta(days=1)  # … when they span at least this

FINAL: Final[frozenset[State]] = frozenset({"spam", "deleted"})


@dataclass(frozen=True, slots=True)
class Linked:
    """The source links to the post, and says this. `manner` is for the owner's rules alone."""

    content: Content
    signals: LinkSignals = field(default_factory=LinkSignals)


@dataclass(frozen=True, slots=True)
class Unlinked:
    """The source was read, and does not link to the post. `reason` is `no link` or `not a text`."""

    reason: str = "no link"


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no such source for us. `status` is its answer, None where there was none (no such host)."""

    status: int | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """The source did not answer properly; it may yet. `last` says that it will not be asked again."""

    last: bool = False


Evidence = Linked | Unlinked | Missing | Trouble

Act = Literal["approve", "hide", "spam", "delete"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the owner's rules say of a verified thought; `suspicious` is what looks like spam, whatever the setting."""

    state: State
    reason: str
    suspicious: bool = False


WAITS: Final = Verdict("held", "waits for approval")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a thought becomes. `new_words` wait beside `words` that a person approved."""

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
    """Somebody claims once more that the source links to the post."""


@dataclass(frozen=True, slots=True)
class Moderated:
    """A person has decided."""

    act: Act


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A person takes their last act back: what was `before` it, and when the source had been looked at by then."""

    before: Decision
    checked_at: datetime | None


LifecycleEvent = Evidence | Pinged | Moderated | TakenBack


def decide(thought: Thought, event: LifecycleEvent, verdict: Verdict, now: datetime) -> Decision:
    """What `thought` becomes through `event`; `verdict` is for a source that links and had no state to keep."""
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
            # It was never shown, or is gone already: it stays away, and the reason is the newest.
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
    """Whether readers can tell the difference between what was and what is decided."""
    differs = thought.state != decision.state or thought.content != decision.content
    return differs and "shown" in (thought.state, decision.state)


# What a moderator's act makes of a thought: its state, and why.
_OUTCOMES: Final[dict[Act, tuple[State, str]]] = {
    "approve": ("shown", "approved"),
    "hide": ("held", "hidden by the moderator"),
    "spam": ("spam", "not wanted here"),
    "delete": ("deleted", "not wanted here"),
}


def _moderated(thought: Thought, act: Act, unchanged: Decision) -> Decision:
    """A person's word. Approving takes over the words that waited beside approved ones; no act leaves any waiting."""
    if act in ("approve", "hide") and nothing_to_show(thought):
        return unchanged
    state, reason = _OUTCOMES[act]
    content = thought.pending_content or thought.content if act == "approve" else thought.content
    decided = replace(unchanged, state=state, reason=reason, content=content, restore=None, pending_content=None)
    return replace(decided, approved=act == "approve")


def _taken_back(thought: Thought, event: TakenBack) -> Decision:
    """What was before a moderator's act, but for what looks at the source have brought since."""
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
    if before.state in ("shown", "held") and thought.state in ("gone", "received"):  # its link has vanished since
        return replace(back, state=thought.state, reason=thought.reason, restore=before.state)
    return back


def _pinged(thought: Thought, unchanged: Decision) -> Decision:
    """A pair that was rejected or gone is verified anew; what stands is not touched by a claim."""
    if thought.state not in ("rejected", "gone"):
        return unchanged
    return replace(unchanged, state="received", reason=None)


def _linked(thought: Thought, content: Content, verdict: Verdict, unchanged: Decision) -> Decision:
    state: State
    reason: str | None
    if thought.state == "shown" and verdict.suspicious and not thought.approved and content != thought.content:
        state, reason = verdict.state, verdict.reason  # bait that was switched
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
    """A thought that is shown or held, and evidence that speaks against it."""
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
