"""The bin: deleted posts can be restored for 30 days, then they are erased (`post_bin`).

All SQL runs in the transaction of the caller's connection.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, or_, select, update

from feedserver.clock import SKEW
from feedserver.posts.model import Post
from feedserver.storage.schema import posts

TERM: Final = timedelta(days=30)
_THERE: Final = (posts.c.state == "deleted", posts.c.source != "")


@dataclass(frozen=True, slots=True)
class BinnedPost:
    """A deleted post that can be restored. `deleted_at` is None if an older program has deleted it."""

    slug: str
    title: str
    excerpt: str
    deleted_at: datetime | None


def is_over(post: Post, now: datetime) -> bool:
    """Whether the time of a deleted post is over, though it may not be erased yet."""
    return post.deleted_at is not None and now - post.deleted_at >= TERM


def contents(connection: Connection, now: datetime) -> list[BinnedPost]:
    """The posts in the bin, those that were deleted last first."""
    columns = (posts.c.slug, posts.c.title, posts.c.excerpt, posts.c.deleted_at)
    in_time = or_(posts.c.deleted_at.is_(None), posts.c.deleted_at > now - TERM)
    query = select(*columns).where(*_THERE, in_time).order_by(posts.c.deleted_at.desc(), posts.c.id.desc())
    return [BinnedPost(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - documented


def next_over(connection: Connection, now: datetime) -> str | None:
    """The slug of a post whose time is over; None if there is none."""
    query = select(posts.c.slug).where(*_THERE, posts.c.deleted_at <= now - TERM)
    slug: str | None = connection.execute(query.order_by(posts.c.deleted_at).limit(1)).scalar()
    return slug


def note_times(connection: Connection, now: datetime) -> None:
    """Has the time begin now of posts that an older program has deleted, or one whose clock was wrong."""
    unknown = or_(posts.c.deleted_at.is_(None), posts.c.deleted_at > now + SKEW)
    connection.execute(update(posts).where(*_THERE, unknown).values(deleted_at=now.replace(microsecond=0)))
