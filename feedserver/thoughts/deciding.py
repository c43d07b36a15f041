"""What evidence does to a thought: one pure function of the thought, what was found at its source, and now.

Only verified evidence changes what is shown. A timeout, a 5xx or a stranger's repeated ping never does; a
moderator's `spam` and `deleted` are final; what a person approved keeps its words.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from feedserver.thoughts.model import State, Thought, Words

STRIKES: Final = 3  # 404s after which a source is gone …
STRIKE_SPAN: Final = timedelta(days=1)  # … when they span at least this

FINAL: Final[frozenset[State]] = frozenset({"spam", "deleted"})


@dataclass(frozen=True, slots=True)
class Linked:
    """The source links to the post, and says this."""

    words: Words


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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the owner's rules say of a newly verified thought."""

    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a thought becomes. `new_words` wait beside `words` that a person approved."""

    state: State
    reason: str | None
    words: Words
    restore: State | None
    strikes: int
    first_strike_at: datetime | None
    new_words: Words | None = None


def decide(thought: Thought, evidence: Evidence, verdict: Verdict, now: datetime) -> Decision:
    """What `thought` becomes in the light of `evidence`; `verdict` is for thoughts that had no state to keep."""
    unchanged = Decision(
        thought.state,
        thought.reason,
        thought.words,
        thought.restore,
        thought.strikes,
        thought.first_strike_at,
        thought.new_words,
    )
    if thought.state in FINAL:
        return unchanged
    match evidence:
        case Linked(words):
            return _linked(thought, words, verdict, unchanged)
        case Trouble(last=False):
            return unchanged
        case Trouble() if thought.state == "gone":
            return unchanged
        case _ if thought.state in ("shown", "held"):
            return _doubted(thought, evidence, unchanged, now)
        case _:
            # It was never shown, or is gone already: it stays away, and the reason is the newest.
            away: State = "gone" if thought.restore else "rejected"
            return replace(unchanged, state=away, reason=_reason(evidence))


def _linked(thought: Thought, words: Words, verdict: Verdict, unchanged: Decision) -> Decision:
    state: State
    if thought.state in ("shown", "held"):
        state, reason = thought.state, thought.reason
    elif thought.restore:
        state, reason = thought.restore, "the link is back"
    else:
        state, reason = verdict.state, verdict.reason
    settled = replace(unchanged, state=state, reason=reason, restore=None, strikes=0, first_strike_at=None)
    if thought.approved and words != thought.words:
        return replace(settled, new_words=words)
    return replace(settled, words=words, new_words=None)


def _doubted(thought: Thought, evidence: Evidence, unchanged: Decision, now: datetime) -> Decision:
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


def _reason(evidence: Evidence) -> str:
    match evidence:
        case Unlinked(reason):
            return reason
        case Missing():
            return "source missing"
        case _:
            return "no answer"
