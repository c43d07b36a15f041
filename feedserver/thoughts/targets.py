"""The SQL of pings' targets: the posts of this site that readers can see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from feedserver.posts.store import visible
from feedserver.storage.schema import posts, slugs


@dataclass(frozen=True, slots=True)
class Target:
    """A post as pings see it. `slug` is its present one."""

    id: int
    slug: str
    pings_open: bool


def find(connection: Connection, names: Sequence[str], now: datetime) -> dict[str, Target]:
    """The visible posts that have these slugs, or had them once, by slug."""
    query = select(slugs.c.slug.label("name"), posts.c.id, posts.c.slug, posts.c.pings_open).join_from(slugs, posts)
    rows = connection.execute(query.where(slugs.c.slug.in_(names), visible(now)))
    return {row.name: Target(row.id, row.slug, row.pings_open) for row in rows}
