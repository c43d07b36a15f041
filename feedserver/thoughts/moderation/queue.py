"""The moderation queue: thoughts that wait for moderation."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import Connection

from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.thoughts.listing import awaiting_moderation
from feedserver.thoughts.model import Thought

MAX_ENTRIES: Final = 100


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A thought that waits since `since` (UTC), and its post.

    While approved content stays shown, `thought` holds the pending content that waits beside it.
    """

    thought: Thought
    post: Post
    since: datetime

    @property
    def is_pending_content(self) -> bool:
        return self.thought.approved

    @property
    def guid(self) -> str:
        """A stable id; each pending content has its own."""
        if self.is_pending_content:
            return uuid5(UUID(self.thought.guid), self.thought.excerpt).urn
        return self.thought.guid


def entries(connection: Connection) -> list[QueueEntry]:
    """Returns the newest entries of the queue, newest first, without those on deleted posts."""
    waiting = awaiting_moderation(connection, MAX_ENTRIES)
    posts_by_id = posts.by_ids(connection, {thought.post_id for thought, _ in waiting})
    return [QueueEntry(thought, posts_by_id[thought.post_id], since) for thought, since in waiting]
