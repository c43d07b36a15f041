"""Lists of many posts: estimates and rows read by PostgreSQL."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, event

from feedserver.posts import lists
from feedserver.posts.model import Listing
from feedserver.posts.store import ids_at_positions
from feedserver.services import WebServices
from tests.support.outside import Clock

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

_POSTS = """
    INSERT INTO posts (guid, slug, title, source, html, feed_html, excerpt, lang, state, published_at, updated_at,
                       created_at, pings_open, comments_open)
    SELECT 'g' || n, 's' || n, '', '', '', '', '', 'en', 'published', '2020-01-01', now() - n * interval '1 hour',
           now(), true, true
    FROM generate_series(1, {posts}) n
"""
_LISTED = """
    INSERT INTO listed (list, post_id, published_at, position)
    SELECT list, id, published_at, row_number() OVER (PARTITION BY list ORDER BY id)
    FROM posts, (VALUES ('site', 1), ('tag/sea', 4)) lists (list, every) WHERE mod(id, every) = 0
"""
_TAGGED = """
    INSERT INTO post_tags (post_id, position, name, folded)
    SELECT post_id, 0, 'sea', 'sea' FROM listed WHERE list = 'tag/sea'
"""


@pytest.fixture
def connection(services: WebServices) -> Iterator[Connection]:
    """A transaction on a database with 2,000 posts, of which 500 have the tag “sea”."""
    with services.database.write() as connection:
        for statement in (_POSTS.format(posts=2_000), _LISTED, _TAGGED, "ANALYZE"):
            connection.exec_driver_sql(statement)
        yield connection


def test_an_archive_of_a_short_list_is_expected_to_hold_no_more_posts_than_it_does(
    connection: Connection, clock: Clock
) -> None:
    """PostgreSQL assumes that dates, positions and lists are independent, and would expect more rows."""
    sent = statements(connection)

    found = ids_at_positions(connection, clock(), Listing(tag="sea"), 481, 20)

    assert len(found) == 20
    assert plan(connection, *sent[0])["Plan Rows"] <= 20


def test_the_names_of_lists_are_found_without_reading_the_row_of_every_post(
    connection: Connection, clock: Clock
) -> None:
    sent = statements(connection)

    assert lists.names(connection, clock(), "tag") == ["sea"]

    whole = plan(connection, *sent[0])
    assert max(node["Actual Rows"] * node["Actual Loops"] for node in nodes(whole)) <= 10


def statements(connection: Connection) -> list[tuple[str, Any]]:
    """What is sent from now on, with its values."""
    sent: list[tuple[str, Any]] = []
    event.listen(connection, "before_cursor_execute", lambda *given: sent.append((given[2], given[3])))
    return sent


def plan(connection: Connection, statement: str, values: Any) -> dict[str, Any]:
    answer = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values).scalar_one()
    whole: dict[str, Any] = answer[0]["Plan"]
    return whole


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", ()):
        yield from nodes(part)
