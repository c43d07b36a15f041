"""The SQL of the navigation: which pages stand in it, under which names."""

from datetime import datetime

from sqlalchemy import Connection, select

from feedserver.storage.schema import posts


def in_menu(connection: Connection, now: datetime) -> list[tuple[str, str]]:
    """Slug and name of each page that readers see in the navigation, the oldest first: dates order them.

    The pages, which are few, are found by their index. With the state and the date in the query, SQLite reads all
    published posts by these instead: 45 ms for 100,000.
    """
    query = select(posts.c.slug, posts.c.menu, posts.c.state, posts.c.published_at, posts.c.id)
    rows = connection.execute(query.where(posts.c.page, posts.c.menu.is_not(None))).all()
    seen = [row for row in rows if row.state == "published" and row.published_at <= now]
    return [(row.slug, row.menu) for row in sorted(seen, key=lambda row: (row.published_at, row.id))]
