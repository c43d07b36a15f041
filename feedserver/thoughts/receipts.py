"""Receipts: their tokens, and their contents: what happened to a ping, without the reasons of moderation. Pure.

A token carries a keyed check, so that a receipt that is no longer kept differs from one that never was.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Any, Final

from feedserver.thoughts.lifecycle import NEEDS_APPROVAL, is_erased
from feedserver.thoughts.model import Thought, TimelineEntry, decision_line, state_in

_RANDOM_BYTES: Final = 18  # 144 bits, 24 characters of a token
_CHECK_BYTES: Final = 6  # 48 bits: the next 8 characters
_CHECK_LENGTH: Final = _CHECK_BYTES * 4 // 3

# The reasons that senders see for these states instead of the real ones.
_REASONS_FOR_SENDERS: Final[dict[str, str | None]] = {"held": NEEDS_APPROVAL.reason, "spam": None, "deleted": None}


def new_token(key: str) -> str:
    """A new token: random characters, then their check. `key` is the site's (`revision.kept_key`)."""
    random = secrets.token_urlsafe(_RANDOM_BYTES)
    return random + _check(random, key)


def token_of_removed(key: str, post_id: int, source_key: str) -> str:
    """The token for a pair that a moderator removed and of which no thought is left.

    It is the same each time, and its receipt is answered as one that is no longer kept, as that of the thought is.
    """
    about = f"receipt of what was removed {post_id} {source_key}".encode("utf-8", "replace")
    random = urlsafe_b64encode(hmac.digest(key.encode(), about, "sha256")[:_RANDOM_BYTES]).decode("ascii")
    return random + _check(random, key)


def was_issued(token: str, key: str) -> bool:
    """Whether this site has issued a token, by its check alone. False for tokens from before there were checks."""
    random, check = token[:-_CHECK_LENGTH], token[-_CHECK_LENGTH:]
    return hmac.compare_digest(_check(random, key).encode(), check.encode("utf-8", "replace"))


def for_sender(
    thought: Thought, timeline: Sequence[TimelineEntry], post: str | None, at: str | None, *, is_rechecked: bool
) -> dict[str, Any]:
    """The receipt's keys (docs/interface.md, “Shapes of JSON”).

    `post` is the post's URL, `at` the thought's on it, both None if readers cannot see it; `is_rechecked`: the source
    will be inspected again.
    """
    return {
        "state": thought.state,
        "reason": thought.reason if is_erased(thought) else _REASONS_FOR_SENDERS.get(thought.state, thought.reason),
        "source": thought.source,
        "target": thought.target,
        "post": post,
        "thought": at,
        "received_at": thought.received_at,
        "checked_at": thought.checked_at,
        "next_check_at": thought.next_check_at if is_rechecked else None,
        "timeline": [{"at": line.at, "event": line.event, "detail": _detail(line)} for line in timeline],
    }


def _detail(line: TimelineEntry) -> str:
    state = state_in(line.detail)
    if line.event == "decided" and state in _REASONS_FOR_SENDERS:
        return decision_line(state, _REASONS_FOR_SENDERS[state])
    if line.times == 1:
        return line.detail
    count = f"attempt {line.times}" if line.event == "fetched" else f"{line.times} times, this was the last"
    return f"{line.detail} ({count})"


def _check(random: str, key: str) -> str:
    proof = hmac.digest(key.encode(), b"receipt " + random.encode("utf-8", "replace"), "sha256")
    return urlsafe_b64encode(proof[:_CHECK_BYTES]).decode("ascii")
