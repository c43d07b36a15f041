"""The lifecycle of a thought: a pure function of the thought, an event, and now.

An event is evidence from the source, a ping, or a moderation action. Only evidence and moderators change what is shown:
a timeout, a 5xx or a repeated ping never does. Only a moderator can change `spam` and `deleted`. Approved content
stays as approved.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from feedserver.thoughts.model import Content, Kind, LinkSignals, State, Thought

# A source is gone when both are reached.
STRIKES: Final = 3  # 404s in a row
STRIKE_SPAN: Final = timedelta(days=1)  # from the first of them to the last

FINAL: Final[frozenset[State]] = frozenset({"spam", "deleted"})
ERASED: Final = "erased: its words, names and addresses are gone"  # the reason of an erased thought
HIDDEN: Final = "hidden by the moderator"  # the reason of a held thought that waits for nobody
_BACK: Final = "the link is back"


@dataclass(frozen=True, slots=True)
class Linked:
    """The source links to the post. Only the verdict uses `signals`. `page_key`: which page it is.

    `webmention`: what it says once a webmention has come, None if that is the same.
    """

    content: Content
    signals: LinkSignals = field(default_factory=LinkSignals)
    page_key: str | None = None
    webmention: "Linked | None" = None

    def to(self, kind: Kind) -> "Linked":
        """The evidence for a thought of this kind."""
        return self.webmention if kind == "webmention" and self.webmention else self

    @property
    def contents(self) -> tuple[Content, ...]:
        """The contents by which the page may be known: words that are missing are those of other pages too."""
        further = self.webmention.content if self.webmention else self.content
        return (self.content, further) if further.excerpt and further != self.content else (self.content,)


@dataclass(frozen=True, slots=True)
class Unlinked:
    """The source does not link to the post. `reason` is “no link” or “not a text”."""

    reason: str = "no link"


@dataclass(frozen=True, slots=True)
class Unread:
    """The source does not link to the post in the part of it that was read. The link may be in the rest."""


@dataclass(frozen=True, slots=True)
class Missing:
    """The source cannot be fetched. `status` is the HTTP status, None without a response."""

    status: int | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A temporary failure: a timeout, a 5xx, a broken connection. `last` marks the last attempt."""

    last: bool = False


Evidence = Linked | Unlinked | Unread | Missing | Trouble

Action = Literal["approve", "hide", "spam", "delete"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of a newly verified thought by rules and settings. `suspicious`: it has signs of spam."""

    state: State
    reason: str
    suspicious: bool = False


NEEDS_APPROVAL: Final = Verdict("held", "waits for approval")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a thought becomes. `pending_content` waits for approval while approved `content` is shown."""

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
    """A further ping for a known pair of source and post."""


@dataclass(frozen=True, slots=True)
class Moderated:
    """A moderation action."""

    action: Action


@dataclass(frozen=True, slots=True)
class Undone:
    """A moderation action is undone: the decision `before` it, and the `checked_at` of that time."""

    before: Decision
    checked_at: datetime | None


LifecycleEvent = Evidence | Pinged | Moderated | Undone


def decide(thought: Thought, event: LifecycleEvent, verdict: Verdict, now: datetime) -> Decision:
    """What `thought` becomes through `event`. `verdict` applies to a link if there is no state to keep or restore."""
    unchanged = as_it_is(thought)
    match event:
        case Moderated(action):
            return _moderated(thought, action, unchanged)
        case Undone():
            return _undone(thought, event)
        case _ if thought.state in FINAL:
            return unchanged
        case Pinged():
            return _pinged(thought, unchanged)
        case Linked(content):
            return _linked(thought, content, verdict, unchanged)
        case Trouble(last=False):
            return unchanged
        case Trouble() | Unread() if thought.state == "gone":
            return unchanged
        case _ if thought.state in ("shown", "held"):
            return _doubted(thought, event, unchanged, now)
        case _:
            # Never shown, or already gone: only the reason changes.
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


def waits_anew(thought: Thought, decision: Decision) -> bool:
    """Whether a finding at the source makes the thought, or new words of it, wait for a look of which nobody knows.

    One that is back with its link waited before, or was hidden.
    """
    if decision.pending_content is not None:
        return decision.pending_content != thought.pending_content
    return decision.state == "held" and thought.state != "held" and decision.reason != _BACK


def is_first_shown(thought: Thought, decision: Decision) -> bool:
    """Whether readers see the thought for the first time."""
    was_shown = thought.first_shown_at is not None or bool(thought.position)  # no reaction has a position
    return decision.state == "shown" and thought.state != "shown" and not was_shown


def waits(thought: Thought) -> bool:
    """Whether a thought, or new words beside its approved ones, waits for a look."""
    if thought.state == "held":
        return thought.reason != HIDDEN
    return thought.state == "shown" and thought.pending_content is not None


def nothing_to_show(thought: Thought) -> bool:
    """Whether a ping was never verified, so that it can be neither approved nor hidden."""
    return not thought.author_name


def is_erased(thought: Thought) -> bool:
    """Whether nothing is left of a thought but its receipt and its id."""
    return thought.state == "deleted" and thought.reason == ERASED


def is_moderated(thought: Thought) -> bool:
    """Whether a moderator's decision on a thought holds; also true if it may have been hidden before its link went."""
    if thought.approved or thought.state in FINAL or thought.restore == "held":
        return True
    return thought.state == "held" and thought.reason in (HIDDEN, _BACK)


def shows_other_content(thought: Thought, content: Content) -> bool:
    """Whether a thought is shown, or would be again with its link, and its source has changed what no moderator
    approved."""
    is_shown = (thought.restore or thought.state) == "shown"
    return is_shown and not thought.approved and not content.says_the_same(thought.content)


def can_be_seen(thought: Thought, decision: Decision) -> bool:
    """Whether readers see a difference between the thought and the decision."""
    differs = thought.state != decision.state or thought.content != decision.content
    return differs and "shown" in (thought.state, decision.state)


# The state and the reason after each moderation action.
_OUTCOMES: Final[dict[Action, tuple[State, str]]] = {
    "approve": ("shown", "approved"),
    "hide": ("held", HIDDEN),
    "spam": ("spam", "not wanted here"),
    "delete": ("deleted", "not wanted here"),
}


def _moderated(thought: Thought, action: Action, unchanged: Decision) -> Decision:
    """Approving takes over pending content; every action clears it."""
    if action in ("approve", "hide") and nothing_to_show(thought):
        return unchanged
    state, reason = _OUTCOMES[action]
    content = thought.pending_content or thought.content if action == "approve" else thought.content
    decided = replace(unchanged, state=state, reason=reason, content=content, restore=None, pending_content=None)
    return replace(decided, approved=action == "approve")


def _undone(thought: Thought, event: Undone) -> Decision:
    """The decision before a moderation action, with later findings of inspections."""
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
    """A rejected or gone thought is verified again; any other is unchanged."""
    if thought.state not in ("rejected", "gone"):
        return unchanged
    return replace(unchanged, state="received", reason=None)


def _linked(thought: Thought, content: Content, verdict: Verdict, unchanged: Decision) -> Decision:
    state: State
    reason: str | None
    if verdict.suspicious and shows_other_content(thought, content):
        state, reason = verdict.state, verdict.reason  # harmless content was replaced by spam
    elif thought.state in ("shown", "held"):
        state, reason = thought.state, thought.reason
    elif thought.restore:
        state, reason = thought.restore, _BACK
    else:
        state, reason = verdict.state, verdict.reason
    settled = replace(unchanged, state=state, reason=reason, restore=None, strikes=0, first_strike_at=None)
    if thought.approved and not content.says_the_same(thought.content):
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
        case Unread():
            return "no link before the size limit"
        case Missing():
            return "source missing"
        case _:
            return "no answer"
