"""Events: what a change to a post means for readers.

`Publisher` notifies its listeners, in order, of changes, inside their transaction; an exception rolls these back.
`services.py` lists the listeners. A scheduled post appears by the clock, without a change: `appearance` is its event.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from feedserver.posts.model import Post

EventKind = Literal["appeared", "changed", "disappeared", "withheld"]


@dataclass(frozen=True, slots=True)
class PostEvent:
    """One change: `old` is the post that readers saw, `new` the one they see now; None if they see none, or one that
    passes.

    `post` is the post as stored now, in any state. `now` is the time of the change. `is_first`: it is stored for the
    first time, so that nothing refers to it yet.
    """

    post: Post
    old: Post | None
    new: Post | None
    now: datetime
    is_first: bool = False

    @property
    def kind(self) -> EventKind:
        """`withheld`: a draft or a scheduled post was stored or deleted, so readers see no change.

        `appeared` of a scheduled post comes from its job, or from an edit, rename or deletion before the job.
        """
        if self.old is None:
            return "appeared" if self.new else "withheld"
        return "changed" if self.new else "disappeared"


Listener = Callable[[Connection, Sequence[PostEvent]], None]


def each(listener: Callable[[Connection, PostEvent], None]) -> Listener:
    """A listener that hears of one event after another."""

    def hear(connection: Connection, events: Sequence[PostEvent]) -> None:
        for event in events:
            listener(connection, event)

    return hear


def change(before: Post | None, post: Post, now: datetime) -> PostEvent:
    """The event of storing `post` over `before`, None for a new post."""
    return PostEvent(post, _seen(before, now), _seen(post, now), now, is_first=before is None)


def appearance(post: Post, now: datetime) -> PostEvent:
    """The event of a scheduled post whose time has come."""
    return PostEvent(post, None, _seen(post, now), now)


def _seen(post: Post | None, now: datetime) -> Post | None:
    return post if post is not None and post.visible(now) and not post.is_passing else None
