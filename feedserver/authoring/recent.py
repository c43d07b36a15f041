"""The SQL of what apps list: posts, drafts among them, no pages and none that are deleted; tags."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from feedserver.posts import store
from feedserver.posts.model import Post
from feedserver.storage.schema import post_tags, posts

# published: scheduled ones too; visible: what readers see
Which = Literal["all", "published", "scheduled", "draft", "visible"]

_MOST_TAGS: Final = 1000


@dataclass(frozen=True, slots=True)
class Order:
    """By which date a list is sorted: that of posts, or of their last changes."""

    by: Literal["date", "modified"] = "date"
    newest_first: bool = True


NEWEST: Final = Order()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the list: at most `limit` posts, after the post with the id `after`, or after `offset` posts."""

    limit: int
    offset: int = 0
    after: int | None = None


def listed(connection: Connection, which: Which, part: Part, now: datetime, order: Order = NEWEST) -> list[Post]:
    """A part of the list of these posts. `after` is for the newest first alone."""
    query = select(posts.c.id).where(~posts.c.page, _among(which, now), *_after(connection, part.after))
    keys = (posts.c.updated_at if order.by == "modified" else posts.c.published_at, posts.c.id)
    query = query.order_by(*(key.desc() if order.newest_first else key.asc() for key in keys))
    query = query.limit(part.limit).offset(part.offset)
    return store.in_order(connection, connection.execute(query).scalars().all())


def _among(which: Which, now: datetime) -> ColumnElement[bool]:
    match which:
        case "visible":
            return store.visible(now)
        case "scheduled":
            return and_(posts.c.state == "published", posts.c.published_at > now)
        case "all":
            return posts.c.state != "deleted"
        case _:
            return posts.c.state == which


def _after(connection: Connection, post_id: int | None) -> Sequence[ColumnElement[bool]]:
    """The condition for those that follow a post; none where there is no such post."""
    post = None if post_id is None else store.by_id(connection, post_id)
    if post is None:
        return ()
    same_time = and_(posts.c.published_at == post.published_at, posts.c.id < post.id)
    return (or_(posts.c.published_at < post.published_at, same_time),)


def tags(connection: Connection) -> Sequence[str]:
    """The tags that are used most, in the order of their names."""
    most = (
        select(func.min(post_tags.c.name).label("name"), post_tags.c.folded)
        .join(posts, posts.c.id == post_tags.c.post_id)
        .where(posts.c.state != "deleted")
        .group_by(post_tags.c.folded)
        .order_by(func.count().desc(), post_tags.c.folded)
        .limit(_MOST_TAGS)
        .subquery()
    )
    return connection.execute(select(most.c.name).order_by(most.c.folded)).scalars().all()
