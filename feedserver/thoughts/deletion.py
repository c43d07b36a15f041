"""The SQL by which thoughts go: with their rows, or with all that they tell of somebody."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, update

from feedserver.storage import schema
from feedserver.storage.batches import batches
from feedserver.storage.schema import thoughts
from feedserver.thoughts.disk_size import disk_size
from feedserver.thoughts.lifecycle import ERASED
from feedserver.thoughts.model import NOTHING

_ERASED: dict[str, Any] = {
    "state": "deleted",
    "reason": ERASED,
    "approved": False,
    "strikes": 0,
    "word_bytes": 0,
    "size": disk_size(None, None, None, NOTHING),
    **dict.fromkeys(("author_name", "author_url", "title", "excerpt"), ""),
    **dict.fromkeys(("source", "source_key", "source_site", "host", "page_key", "page_path", "target")),
    **dict.fromkeys(("email", "commenter", "person", "sender", "sender_network", "fingerprint")),
    **dict.fromkeys(("pending_content", "pending_entry", "pending_since", "response", "published_at")),
    **dict.fromkeys(("restore", "first_strike_at", "updated_at", "next_check_at")),
    **dict.fromkeys(("untold_held_at", "untold_shown_at")),  # nobody is told of it any more
}


def delete_all(connection: Connection, thought_ids: Sequence[int]) -> None:
    """Deletes thoughts with their timelines, and their places in the undo log."""
    forget_past(connection, thought_ids)
    for some in batches(thought_ids):
        connection.execute(update(thoughts).where(thoughts.c.parent_id.in_(some)).values(parent_id=None))
        connection.execute(delete(thoughts).where(thoughts.c.id.in_(some)))


def forget_past(connection: Connection, thought_ids: Sequence[int]) -> None:
    """Deletes the timelines of thoughts, and their places in the undo log."""
    for some in batches(thought_ids):
        for table in (schema.moderation_undo, schema.thought_events):
            connection.execute(delete(table).where(table.c.thought_id.in_(some)))


def blank(connection: Connection, thought_ids: Sequence[int], now: datetime) -> None:
    """Overwrites all that thoughts tell of somebody: words, names, addresses. Their receipts find them still."""
    connection.execute(update(thoughts).where(thoughts.c.id.in_(thought_ids)).values(_ERASED | {"decided_at": now}))
