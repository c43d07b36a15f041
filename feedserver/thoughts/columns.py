"""The columns of a thought, new and after a decision, for `store`."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from feedserver.domains import wide_network
from feedserver.thoughts.contents import entry_of, to_json, words_of
from feedserver.thoughts.disk_size import disk_size
from feedserver.thoughts.lifecycle import Decision, is_first_shown, nothing_to_show
from feedserver.thoughts.model import REACTIONS, Content, Kind, State, Thought, person_of

_WAITS: tuple[State, ...] = ("received", "held")


def blank(kind: Kind, state: State, post_id: int, now: datetime) -> dict[str, Any]:
    """Those that every new thought has."""
    return {
        "guid": uuid4().urn,
        "post_id": post_id,
        "kind": kind,
        "state": state,
        "author_name": "",
        "author_url": "",
        "title": "",
        "excerpt": "",
        "approved": False,
        "strikes": 0,
        "received_at": now.replace(microsecond=0),
    }


def decided(thought: Thought, decision: Decision, now: datetime) -> dict[str, Any]:
    """Those that a decision on a thought sets."""
    content, waiting = decision.content, decision.pending_content
    values: dict[str, Any] = words_of(content) | {
        "response": content.response,
        "published_at": content.published_at,
        "state": decision.state,
        "reason": decision.reason,
        "restore": decision.restore,
        "strikes": decision.strikes,
        "first_strike_at": decision.first_strike_at,
        "pending_content": to_json(words_of(waiting) if waiting else None),
        "pending_entry": to_json(entry_of(waiting)),
        "approved": decision.approved,
        "sender": wide_network(thought.sender) if thought.sender and decision.state != "received" else thought.sender,
        "word_bytes": content.size + (waiting.size if waiting else 0),
        "size": disk_size(thought.source, thought.target, thought.source_key, content, waiting),
    }
    values |= _numbering(thought, decision.content)
    if decision.state not in _WAITS:
        values["sender_network"] = None
    if not content.says_the_same(thought.content) and not nothing_to_show(thought):
        values["updated_at"] = now.replace(microsecond=0)
    if waiting != thought.pending_content:
        values["pending_since"] = now if waiting else None
    if decision.state != thought.state:
        values["decided_at"] = now
    if is_first_shown(thought, decision):
        values |= shown_first(now)
    return values


def shown_first(now: datetime) -> dict[str, Any]:
    """Those of a thought that readers see from now on, and never saw before."""
    return {"first_shown_at": now, "untold_shown_at": now}


def _numbering(thought: Thought, content: Content) -> dict[str, Any]:
    """The columns that number a thought, or count it among the people who reacted.

    Position zero keeps the trigger from giving one; null lets it give one when the thought is shown.
    """
    if content.response in REACTIONS:
        person = {"person": person_of(content, thought.source_key or "")}
        return person if thought.position is not None else person | {"position": 0}
    return {"person": None} if thought.position != 0 else {"person": None, "position": None}
