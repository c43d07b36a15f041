"""The SQL of the navigation: which pages stand in it, under which names."""

from datetime import datetime

from sqlalchemy import Connection, select

from feedserver.posts.store import visible
from feedserver.storage.schema import posts


def in_menu(connection: Connection, now: datetime) -> list[tuple[str, str]]:
    """Slug and name of each page that readers see in the navigation, the oldest first: dates order them."""
    query = select(posts.c.slug, posts.c.menu).where(posts.c.page, posts.c.menu.is_not(None), visible(now))
    return [(row.slug, row.menu) for row in connection.execute(query.order_by(posts.c.published_at, posts.c.id))]
