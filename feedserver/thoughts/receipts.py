"""The contents of a receipt: what happened to a ping, without the reasons of moderation. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from feedserver.thoughts.lifecycle import NEEDS_APPROVAL
from feedserver.thoughts.model import Thought, TimelineEntry, decision_line, state_in

# The reasons that senders see for these states instead of the real ones.
_REASONS_FOR_SENDERS: Final[dict[str, str | None]] = {"held": NEEDS_APPROVAL.reason, "spam": None, "deleted": None}


def for_sender(
    thought: Thought, timeline: Sequence[TimelineEntry], post: str | None, *, is_rechecked: bool
) -> dict[str, Any]:
    """The receipt's keys (docs/interface.md, “Shapes of JSON”). `post` is the post's URL, None if it is not visible;
    `is_rechecked`: the source will be inspected again."""
    return {
        "state": thought.state,
        "reason": _REASONS_FOR_SENDERS.get(thought.state, thought.reason),
        "source": thought.source,
        "target": thought.target,
        "post": post,
        "received_at": thought.received_at,
        "checked_at": thought.checked_at,
        "next_check_at": thought.next_check_at if is_rechecked else None,
        "timeline": [{"at": line.at, "event": line.event, "detail": _detail(line)} for line in timeline],
    }


def _detail(line: TimelineEntry) -> str:
    state = state_in(line.detail)
    if line.event != "decided" or state not in _REASONS_FOR_SENDERS:
        return line.detail
    return decision_line(state, _REASONS_FOR_SENDERS[state])
