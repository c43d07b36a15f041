"""The SQL of a post's links to other posts: its neighbours in time, and related ones."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, literal, select, tuple_

from feedserver.posts.model import Post, PostLink
from feedserver.posts.store import EVERYTHING
from feedserver.storage.schema import listed, posts, related

RELATED: Final = 5  # posts named below a post
_NEAREST: Final = 50  # related posts that are read; some may be hidden
_COLUMNS: list[ColumnElement[Any]] = [
    posts.c[name] for name in ("id", "slug", "title", "excerpt", "state", "published_at")
]


def neighbours(connection: Connection, post: Post, now: datetime) -> tuple[PostLink | None, PostLink | None]:
    """The next older and the next newer visible post, as the site's list orders them: by date, then by id."""
    older, newer = (_neighbour(post, now, newer=newer) for newer in (False, True))
    rows = connection.execute(select(*_COLUMNS).where(posts.c.id.in_([older, newer]))).all()
    found = {(row.published_at, row.id) > (post.published_at, post.id): _link(row) for row in rows}
    return found.get(False), found.get(True)


def _neighbour(post: Post, now: datetime, *, newer: bool) -> ScalarSelect[int]:
    """The id of a neighbour: one step in the index of the list, however many posts there are."""
    place = tuple_(listed.c.published_at, listed.c.post_id)
    own = tuple_(literal(post.published_at, listed.c.published_at.type), literal(post.id))
    query = select(listed.c.post_id).where(listed.c.list == EVERYTHING.key)
    if newer:
        query = query.where(place > own, listed.c.published_at <= now)
        query = query.order_by(listed.c.published_at, listed.c.post_id)
    else:  # with a bound of `now` SQLite would begin there
        query = query.where(place < own).order_by(listed.c.published_at.desc(), listed.c.post_id.desc())
    return query.limit(1).scalar_subquery()


def related_to(connection: Connection, post_id: int, now: datetime) -> list[PostLink]:
    """The visible posts nearest to a post, nearest first."""
    nearest = select(related.c.other_id).where(related.c.post_id == post_id).order_by(related.c.score.desc())
    ids = connection.execute(nearest.limit(_NEAREST)).scalars().all()
    # By id alone: with the condition of visibility SQLite would read the index of all visible posts.
    rows = connection.execute(select(*_COLUMNS).where(posts.c.id.in_(ids))).all()
    seen = [row for row in rows if row.state == "published" and row.published_at <= now]
    return [_link(row) for row in sorted(seen, key=lambda row: ids.index(row.id))[:RELATED]]


def _link(row: Row[Any]) -> PostLink:
    return PostLink(row.slug, row.title or row.excerpt or row.slug, row.published_at)
