"""The SQL of links to posts: a post's neighbours in time, and related ones."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, and_, bindparam, select, tuple_

from feedserver.posts.model import EVERYTHING, Post, PostLink
from feedserver.storage.schema import listed, posts, related

RELATED: Final = 5  # posts named below a post
_NEAREST: Final = 50  # related posts that are read; some may be hidden
COLUMNS: list[ColumnElement[Any]] = [
    posts.c[name] for name in ("id", "slug", "title", "excerpt", "lang", "state", "published_at")
]


def _neighbour(condition: ColumnElement[bool], *order: ColumnElement[Any]) -> ScalarSelect[int]:
    query = select(listed.c.post_id).where(listed.c.list == EVERYTHING.key, condition)
    return query.order_by(*order).limit(1).scalar_subquery()


# Each neighbour is one step in the index of the site's list. The older one has no bound of `now`: SQLite might begin
# there, and read all posts in between.
_PLACE = tuple_(listed.c.published_at, listed.c.post_id)
_OWN = tuple_(bindparam("published_at", type_=listed.c.published_at.type), bindparam("id"))
_OLDER = _neighbour(_PLACE < _OWN, listed.c.published_at.desc(), listed.c.post_id.desc())
_NEWER = _neighbour(
    and_(_PLACE > _OWN, listed.c.published_at <= bindparam("now")), listed.c.published_at, listed.c.post_id
)
_NEIGHBOURS = select(*COLUMNS).where(posts.c.id.in_([_OLDER, _NEWER]))


def neighbours(connection: Connection, post: Post, now: datetime) -> tuple[PostLink | None, PostLink | None]:
    """The next older and the next newer visible post, as the site's list orders them: by date, then by id."""
    own = (post.published_at, post.id)
    rows = connection.execute(_NEIGHBOURS, {"published_at": post.published_at, "id": post.id, "now": now})
    found = {(row.published_at, row.id) > own: link(row) for row in rows}
    return found.get(False), found.get(True)


def related_to(connection: Connection, post_id: int, now: datetime) -> list[PostLink]:
    """The visible posts nearest to a post, nearest first."""
    nearest = select(related.c.other_id).where(related.c.post_id == post_id).order_by(related.c.score.desc())
    ids = connection.execute(nearest.limit(_NEAREST)).scalars().all()
    # By id alone: with the condition of visibility SQLite would read the index of all visible posts.
    rows = connection.execute(select(*COLUMNS).where(posts.c.id.in_(ids))).all()
    seen = [row for row in rows if row.state == "published" and row.published_at <= now]
    return [link(row) for row in sorted(seen, key=lambda row: ids.index(row.id))[:RELATED]]


def link(row: Row[Any]) -> PostLink:
    """A link to the post of a row with `COLUMNS`."""
    return PostLink(row.slug, row.title or row.excerpt or row.slug, row.lang, row.published_at)
