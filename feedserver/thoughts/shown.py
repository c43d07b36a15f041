"""The SQL of thoughts that readers see."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select

from feedserver.posts import store as posts
from feedserver.storage.batches import batches
from feedserver.storage.schema import IS_NUMBERED, thoughts
from feedserver.thoughts.model import ON_A_PAGE, Thought
from feedserver.thoughts.source.identity import is_own
from feedserver.thoughts.store import QUERY, thought_of
from feedserver.urls import Urls, base_of_post


def on_page(connection: Connection, post_id: int, page: int, urls: Urls) -> list[Thought]:
    """The numbered thoughts that are shown on one page of a post, in the order of their positions."""
    last = page * ON_A_PAGE
    query = QUERY.where(IS_NUMBERED, thoughts.c.post_id == post_id)
    query = query.where(thoughts.c.position > last - ON_A_PAGE, thoughts.c.position <= last)
    # With a limit: PostgreSQL expects a great part of all thoughts on the first page, and would read and sort them.
    rows = connection.execute(query.order_by(thoughts.c.position).limit(ON_A_PAGE))
    return _with_parents(connection, [at_present(thought_of(row), urls) for row in rows])


def by_page(connection: Connection, post_id: int) -> dict[int, int]:
    """How many numbered thoughts are shown on each page of a post that has some, in the order of the pages."""
    page = ((thoughts.c.position - 1) // ON_A_PAGE + 1).label("page")
    query = select(page, func.count()).where(IS_NUMBERED, thoughts.c.post_id == post_id)
    rows = connection.execute(query.group_by(page).order_by(page)).all()
    return {row[0]: row[1] for row in rows}


def newest_pings(connection: Connection, post_id: int, urls: Urls, limit: int) -> list[Thought]:
    """The newest pings that are shown on a post, reactions too, in the order in which they were received."""
    query = QUERY.where(thoughts.c.post_id == post_id, thoughts.c.state == "shown", thoughts.c.kind != "comment")
    query = query.order_by(thoughts.c.received_at.desc(), thoughts.c.id.desc())
    rows = connection.execute(query.limit(limit)).all()
    return [at_present(thought_of(row), urls) for row in reversed(rows)]


def latest(
    connection: Connection, now: datetime, urls: Urls, limit: int, post_id: int | None = None, offset: int = 0
) -> list[Thought]:
    """The newest thoughts shown on visible posts, or on one of them."""
    query = select(thoughts.c.id).where(*_readable(now, post_id))
    query = query.order_by(thoughts.c.received_at.desc(), thoughts.c.id.desc()).limit(limit).offset(offset)
    ids = list(connection.execute(query).scalars())
    rows = connection.execute(QUERY.where(thoughts.c.id.in_(ids)))
    found = {row.id: at_present(thought_of(row), urls) for row in rows}
    return _with_parents(connection, [found[thought_id] for thought_id in ids])


def _with_parents(connection: Connection, found: list[Thought]) -> list[Thought]:
    """The thoughts, each with the shown one that it answers. Most answer none, and need no query."""
    ids = {thought.parent_id for thought in found if thought.parent_id is not None}
    if not ids:
        return found
    rows = connection.execute(QUERY.where(thoughts.c.id.in_(ids), thoughts.c.state == "shown"))
    parents = {row.id: thought_of(row) for row in rows}
    return [
        replace(thought, parent=parent.as_parent)
        if (parent := parents.get(thought.parent_id or 0)) and parent.post_id == thought.post_id
        else thought
        for thought in found
    ]


def at_present(thought: Thought, urls: Urls) -> Thought:
    """The thought; with present addresses if it is of one of our own posts, as the site may have moved since."""
    if thought.source is None or not is_own(thought.page_key) or urls.owns(thought.source):
        return thought
    slug = Urls(base_of_post(thought.source)).post_slug(thought.source)
    return replace(thought, source=urls.post(slug or ""), author_url=urls.home())


def count(connection: Connection, now: datetime, post_id: int | None = None) -> int:
    """How many thoughts are shown on visible posts, or on one of them."""
    query = select(func.count()).select_from(thoughts).where(*_readable(now, post_id))
    return int(connection.execute(query).scalar_one())


def counts(connection: Connection, post_ids: Collection[int] | None = None) -> dict[int, tuple[int, datetime]]:
    """For each of these posts with numbered thoughts, or of all: their number, and when the newest was received."""
    shown = select(thoughts.c.post_id, func.count(), func.max(thoughts.c.received_at))
    shown = shown.where(IS_NUMBERED).group_by(thoughts.c.post_id)
    some = [shown] if post_ids is None else [shown.where(thoughts.c.post_id.in_(ids)) for ids in batches([*post_ids])]
    return {post_id: (count, newest) for query in some for post_id, count, newest in connection.execute(query)}


def _readable(now: datetime, post_id: int | None) -> tuple[ColumnElement[bool], ...]:
    """The conditions for thoughts that readers see, on any post or on one that they see."""
    if post_id is not None:
        return thoughts.c.state == "shown", thoughts.c.post_id == post_id
    others, hidden = thoughts.alias(), posts.hidden(now)
    on_hidden = exists().where(others.c.state == "shown", others.c.post_id.in_(hidden))
    # Most sites have no thought on a hidden post, and need not search each thought's post among those.
    return thoughts.c.state == "shown", or_(~on_hidden, thoughts.c.post_id.not_in(hidden))
