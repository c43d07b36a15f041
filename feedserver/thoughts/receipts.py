"""What a receipt tells the sender of a ping: what happened to it, without the reasons of moderators and of suspicion.

Pure.
"""

from collections.abc import Sequence
from typing import Any, Final

from feedserver.thoughts.lifecycle import WAITS
from feedserver.thoughts.model import Thought, TimelineEntry

# The reason that senders read for these states, whatever it was.
_TOLD: Final[dict[str, str | None]] = {"held": WAITS.reason, "spam": None, "deleted": None}


def tell(
    thought: Thought, timeline: Sequence[TimelineEntry], post: str | None, *, is_rechecked: bool
) -> dict[str, Any]:
    """The receipt's keys (docs/interface.md, “Shapes of JSON”). `post` is the post's URL where readers can see it;
    `is_rechecked`: its source will be inspected again."""
    return {
        "state": thought.state,
        "reason": _TOLD.get(thought.state, thought.reason),
        "source": thought.source,
        "target": thought.target,
        "post": post,
        "received_at": thought.received_at,
        "checked_at": thought.checked_at,
        "next_check_at": thought.next_check_at if is_rechecked else None,
        "timeline": [{"at": line.at, "event": line.event, "detail": _detail(line)} for line in timeline],
    }


def _detail(line: TimelineEntry) -> str:
    state = line.detail.partition(":")[0]
    if line.event != "decided" or state not in _TOLD:
        return line.detail
    reason = _TOLD[state]
    return f"{state}: {reason}" if reason else state
