"""The SQL of lists: which posts belong to which list, by date, and by position in the order of first publication.

A post that has left a list keeps its row and position there, so that archives never change. Call functions that write
after `revision.revise`, whose lock makes positions unique.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from feedserver.posts.events import PostEvent
from feedserver.posts.model import EVERYTHING, PAGES, PASSING, Listing, Post
from feedserver.storage.schema import listed, post_authors, post_tags

Known = dict[str, Row[Any]]

_HIGHEST: Final = select(func.max(listed.c.position)).where(listed.c.list == bindparam("key"))
_OF_POST: Final = select(listed).where(listed.c.post_id == bindparam("post"))


def follow(site_author: str, connection: Connection, events: Sequence[PostEvent]) -> None:
    """Updates the lists for changed posts, in their order: their tags, authors and dates.

    A post without authors belongs to the list of `site_author`, a draft or deleted post to none, a page to that of
    pages alone, a post that passes to that of those. A scheduled post gets its positions when it appears.
    """
    last: dict[str, int] = {}  # the positions that were given last
    new: list[dict[str, Any]] = []
    for event in events:
        post = event.post
        wanted = _lists_of(post, site_author) if post.state == "published" else []
        known = {} if event.is_first else _known(connection, post.id)
        for key in wanted:
            row = known.get(key)
            position = row.position if row is not None else None
            if position is None and event.new is not None:
                position = last[key] = (last.get(key) or _highest(connection, key)) + 1
            values = {"published_at": post.published_at, "position": position}
            if row is None:
                new.append({"list": key, "post_id": post.id, **values})
            else:
                connection.execute(update(listed).where(*_row(key, post.id)).values(values))
        _leave_lists(connection, post.id, {key: row for key, row in known.items() if key not in wanted})
    if new:
        connection.execute(insert(listed), new)


def highest(connection: Connection, listing: Listing) -> int:
    """The highest position in the list, 0 if there is none."""
    return _highest(connection, listing.key)


def names(connection: Connection, now: datetime, kind: str) -> list[str]:
    """The tags (`kind` is `tag`) or authors (`author`) with visible posts that name them, as these spell them."""
    # From each name to the next one through the index: DISTINCT would read a row for each post.
    keys = select(func.min(listed.c.list).label("list")).cte(recursive=True)
    following = select(func.min(listed.c.list)).where(listed.c.list > keys.c.list).scalar_subquery()
    keys = keys.union_all(select(following).where(keys.c.list.is_not(None)))
    seen = exists().where(listed.c.list == keys.c.list, listed.c.published_at <= now)
    named = {"tag": post_tags, "author": post_authors}[kind]
    spelled = select(named.c.name).where(named.c.folded == func.substr(keys.c.list, len(kind) + 2)).limit(1)
    query = select(spelled.scalar_subquery()).where(keys.c.list.startswith(f"{kind}/", autoescape=True), seen)
    return [name for name in connection.execute(query).scalars() if name is not None]


def move_unnamed(connection: Connection, author: str, before: str | None) -> None:
    """Moves the posts without authors from the list of the site's former author, `before`, to that of the new one."""
    new, old = Listing(author=author).key, Listing(author=before or "").key
    everyones = listed.alias()
    unnamed = ~exists().where(post_authors.c.post_id == listed.c.post_id)
    in_site = everyones.c.list == EVERYTHING.key, everyones.c.post_id == listed.c.post_id
    date = select(everyones.c.published_at).where(*in_site).scalar_subquery()
    connection.execute(update(listed).where(listed.c.list == old, unnamed).values(published_at=None))
    connection.execute(update(listed).where(listed.c.list == new, unnamed).values(published_at=date))
    theirs = listed.alias()
    number = func.row_number().over(order_by=(listed.c.position.is_(None), listed.c.position))
    missing = select(
        literal(new),
        listed.c.post_id,
        listed.c.published_at,
        case((listed.c.position.is_(None), None), else_=_highest(connection, new) + number),
    ).where(
        listed.c.list == EVERYTHING.key,
        unnamed,
        ~exists().where(theirs.c.list == new, theirs.c.post_id == listed.c.post_id),
    )
    connection.execute(insert(listed).from_select(["list", "post_id", "published_at", "position"], missing))


def _lists_of(post: Post, site_author: str) -> list[str]:
    if post.page or post.is_passing:
        return [PAGES.key if post.page else PASSING.key]
    tags = [Listing(tag=tag) for tag in post.tags]
    authors = [Listing(author=name) for name in post.authors or (site_author,)]
    return [listing.key for listing in (EVERYTHING, *tags, *authors)]


def _known(connection: Connection, post_id: int) -> Known:
    """The rows of a post, by list."""
    return {row.list: row for row in connection.execute(_OF_POST, {"post": post_id})}


def _highest(connection: Connection, key: str) -> int:
    return connection.execute(_HIGHEST, {"key": key}).scalar_one() or 0


def _leave_lists(connection: Connection, post_id: int, rows: Known) -> None:
    for key, row in rows.items():
        if row.position is None:
            connection.execute(delete(listed).where(*_row(key, post_id)))
        else:
            connection.execute(update(listed).where(*_row(key, post_id)).values(published_at=None))


def _row(key: str, post_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return listed.c.list == key, listed.c.post_id == post_id
