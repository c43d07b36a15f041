"""What a receipt tells the sender of a ping: everything that happened to it, but no word that was meant for the owner.

A moderator's reasons, and what made a thought look like spam, are between the owner and the moderator. Pure.
"""

from collections.abc import Sequence
from typing import Any, Final

from feedserver.thoughts.lifecycle import WAITS
from feedserver.thoughts.model import Thought, TimelineEntry

# What a decision on a state is told as, whatever the reason was.
_TOLD: Final[dict[str, str | None]] = {"held": WAITS.reason, "spam": None, "deleted": None}


def tell(
    thought: Thought, timeline: Sequence[TimelineEntry], post: str | None, *, looked_at_again: bool
) -> dict[str, Any]:
    """The receipt's keys (INTERFACE section 6). `post` is the post's URL where readers can see it."""
    return {
        "state": thought.state,
        "reason": _TOLD.get(thought.state, thought.reason),
        "source": thought.source,
        "target": thought.target,
        "post": post,
        "received_at": thought.received_at,
        "checked_at": thought.checked_at,
        "next_check_at": thought.next_check_at if looked_at_again else None,
        "timeline": [{"at": line.at, "event": line.event, "detail": _detail(line)} for line in timeline],
    }


def _detail(line: TimelineEntry) -> str:
    state = line.detail.partition(":")[0]
    if line.event != "decided" or state not in _TOLD:
        return line.detail
    reason = _TOLD[state]
    return f"{state}: {reason}" if reason else state
