"""What a list asks of PostgreSQL, which guesses how much there is before it looks."""

from typing import Any

import pytest
from sqlalchemy import event

from feedserver.posts.store import Listing, placed
from feedserver.services import Services
from feedserver.storage.schema import listed
from tests.support.outside import Clock

_POSTS = """
    INSERT INTO posts (guid, slug, title, source, html, feed_html, excerpt, lang, state, published_at, updated_at,
                       created_at, pings_open, comments_open)
    SELECT 'g' || n, 's' || n, '', '', '', '', '', 'en', 'published', '2020-01-01', now() - n * interval '1 hour',
           now(), true, true
    FROM generate_series(1, 2000) n
"""
_LISTED = """
    INSERT INTO listed (list, post_id, published_at, position)
    SELECT list, id, published_at, row_number() OVER (PARTITION BY list ORDER BY id)
    FROM posts, (VALUES ('site', 1), ('tag/sea', 4)) lists (list, every) WHERE mod(id, every) = 0
"""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_expects_no_more_posts_in_an_archive_than_it_holds(services: Services, clock: Clock) -> None:
    """It takes dates, places and lists for independent: of the last places of a short list it expects a great many."""
    asked: list[tuple[str, Any]] = []
    with services.database.write() as connection:
        for statement in (_POSTS, _LISTED):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("ANALYZE")
        event.listen(connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
        found = placed(connection, clock(), Listing(tag="sea"), 481, 20)
        statement, values = asked[0]
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()

    assert len(found) == 20
    assert listed.name in statement
    assert plan[0]["Plan"]["Plan Rows"] <= 20
