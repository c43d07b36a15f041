"""The SQL of the author's list of posts: some of them at a time, by state and title.

All of it runs in the transaction of the caller's connection.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select

from feedserver.posts.model import PostState, Status
from feedserver.storage.schema import posts
from feedserver.text import caseless

_COLUMNS: Final = [posts.c[name] for name in ("id", "slug", "title", "excerpt", "state", "published_at", "page")]
_NEWEST_FIRST: Final = (posts.c.published_at.desc(), posts.c.id.desc())


@dataclass(frozen=True, slots=True)
class Overview:
    """One line of the list: as in a `Post`."""

    id: int
    slug: str
    title: str
    excerpt: str
    state: PostState
    published_at: datetime
    page: bool

    @property
    def label(self) -> str:
        return self.title or self.excerpt or self.slug

    def status(self, now: datetime) -> Status:
        return "scheduled" if self.state == "published" and self.published_at > now else self.state


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which posts are listed: in this state at `now`, those that are not deleted where it is None; with these words in
    their titles."""

    now: datetime
    state: Status | None = None
    words: str = ""


def found(connection: Connection, chosen: Chosen, limit: int, offset: int) -> tuple[list[Overview], int]:
    """Some of the chosen posts, newest first, and the number of all."""
    where = _in_state(chosen)
    if chosen.words:  # letter case and marks are those of Unicode, which databases do not know
        ids = _with_words(connection, where, chosen.words)
        total, shown = len(ids), ids[offset : offset + limit]
    else:  # from the index alone: rows have texts of megabytes
        total = connection.execute(select(func.count()).select_from(posts).where(where)).scalar_one()
        query = select(posts.c.id).where(where).order_by(*_NEWEST_FIRST).limit(limit).offset(offset)
        shown = list(connection.execute(query).scalars())
    rows = connection.execute(select(*_COLUMNS).where(posts.c.id.in_(shown)).order_by(*_NEWEST_FIRST))
    return [Overview(**row._mapping) for row in rows], total  # noqa: SLF001 - documented


def _with_words(connection: Connection, where: ColumnElement[bool], words: str) -> list[int]:
    """The ids of posts that have all words in their titles, in the order of the list."""
    wanted = caseless(words).split()
    titles = select(posts.c.id, posts.c.title, posts.c.slug).where(where).order_by(*_NEWEST_FIRST)
    return [
        row.id
        for row in connection.execute(titles)
        if all(word in caseless(f"{row.title} {row.slug}") for word in wanted)
    ]


def _in_state(chosen: Chosen) -> ColumnElement[bool]:
    state, now = chosen.state, chosen.now
    if state is None:
        return posts.c.state != "deleted"
    if state in ("scheduled", "published"):
        has_come = posts.c.published_at <= now
        return (posts.c.state == "published") & (has_come if state == "published" else ~has_come)
    return posts.c.state == state
