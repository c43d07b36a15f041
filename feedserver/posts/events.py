"""What a change to a post means for readers.

`Publisher` tells its listeners of each change, in order, inside the transaction that makes it: what a listener raises
rolls the change back. `services.py` says who listens. Visibility goes by the clock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from feedserver.posts.model import Post

Kind = Literal["appeared", "changed", "disappeared", "withheld"]


@dataclass(frozen=True, slots=True)
class PostEvent:
    """One change: `old` is the post as readers saw it, `new` as they see it now; None where they see nothing.

    `post` is the post as it is stored now, whatever its state. `now` is when the change was made.
    """

    post: Post
    old: Post | None
    new: Post | None
    now: datetime

    @property
    def kind(self) -> Kind:
        """`withheld`: a draft or a scheduled post was stored or deleted, of which readers see nothing yet.

        A scheduled post has appeared once its job has told so, or an edit, rename or deletion that came before the job.
        """
        if self.old is None:
            return "appeared" if self.new else "withheld"
        return "changed" if self.new else "disappeared"


Listener = Callable[[Connection, PostEvent], None]


def change(before: Post | None, post: Post, now: datetime) -> PostEvent:
    """The event of a post that was stored as `before` and is stored as `post` now."""
    return PostEvent(post, _seen(before, now), _seen(post, now), now)


def appearance(post: Post, now: datetime) -> PostEvent:
    """The event of a scheduled post whose time has come."""
    return PostEvent(post, None, _seen(post, now), now)


def _seen(post: Post | None, now: datetime) -> Post | None:
    return post if post is not None and post.visible(now) else None
