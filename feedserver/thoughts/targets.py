"""The SQL of pings' targets: the visible posts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from feedserver.posts.store import visible
from feedserver.storage.schema import posts, slugs

_FIND = (
    select(slugs.c.slug.label("name"), posts.c.id, posts.c.slug, posts.c.pings_open, posts.c.page)
    .join_from(slugs, posts)
    .where(slugs.c.slug.in_(bindparam("names", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Target:
    """A post that is pinged. `slug` is its current one. A `page` stands at another address, and takes no pings."""

    id: int
    slug: str
    pings_open: bool
    page: bool


def find(connection: Connection, names: Sequence[str], now: datetime) -> dict[str, Target]:
    """The visible posts and pages that have or had these slugs, by slug."""
    rows = connection.execute(_FIND.where(visible(now)), {"names": names})
    return {row.name: Target(row.id, row.slug, row.pings_open, row.page) for row in rows}
