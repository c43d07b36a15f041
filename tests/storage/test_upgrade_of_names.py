"""What tags and authors become that older releases told apart by letter case or Unicode form."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select, text

from feedserver.posts import store
from feedserver.storage.engine import Database
from feedserver.storage.schema import listed
from tests.support.upgrading import upgrade_to

DAY = "2026-03-0{} 12:00:00.000000"
POST = (
    "INSERT INTO posts (id, guid, slug, title, source, html, feed_html, excerpt, lang, state, published_at,"
    " updated_at, created_at, pings_open, comments_open)"
    " VALUES (:id, :slug, :slug, '', '', '', '', '', 'en', 'published', :day, :day, :day, true, true)"
)
TAGS = {1: ["Sea", "x"], 2: ["sea", "SEA", "caf\u00e9"], 3: ["SEA"], 4: ["Sea"], 5: ["tide"], 6: ["Cafe\u0301"]}
LEFT = {("tag/Sea", 2), ("tag/sea", 3)}  # for a list of another spelling
AUTHORS = {1: ["ann lee"], 2: ["Bo"], 3: ["ANN LEE", "bo"]}
LISTED = {
    "site": [1, 2, 3, 4, 5, 6],
    "tag/Sea": [1, 4, 2],
    "tag/sea": [3, 2],
    "tag/SEA": [3, 2],
    "tag/tide": [5],
    "tag/x": [1],
    "tag/caf\u00e9": [2],
    "tag/Cafe\u0301": [6],
    "author/ann lee": [1],
    "author/ANN LEE": [3],
    "author/Ann Lee": [4, 5, 6],
    "author/Bo": [2],
    "author/bo": [3],
}


@pytest.fixture
def older(empty_database_url: str) -> Iterator[Database]:
    """A database of an older release: names in several spellings, each with a list of its own."""
    database = Database(empty_database_url)
    upgrade_to(database, "1007")
    with database.write() as connection:
        connection.execute(
            text("INSERT INTO site (id, guid, revision, created_at, author) VALUES (1, 'g', 1, :day, 'Ann Lee')"),
            {"day": DAY.format(1)},
        )
        for post in LISTED["site"]:
            connection.execute(text(POST), {"id": post, "slug": f"post-{post}", "day": DAY.format(post)})
        for table, names in (("post_tags", TAGS), ("post_authors", AUTHORS)):
            for post, given in names.items():
                for position, name in enumerate(given):
                    row = {"post": post, "position": position, "name": name}
                    connection.execute(text(f"INSERT INTO {table} VALUES (:post, :position, :name)"), row)
        for key, posts in LISTED.items():
            for position, post in enumerate(posts, 1):
                row = {
                    "list": key,
                    "post": post,
                    "day": None if (key, post) in LEFT else DAY.format(post),
                    "position": position,
                }
                connection.execute(text("INSERT INTO listed VALUES (:list, :post, :day, :position)"), row)
        connection.execute(text("INSERT INTO listed VALUES ('tag/sea', 6, :day, NULL)"), {"day": DAY.format(6)})
    upgrade_to(database, "head")
    yield database
    database.close()


def test_each_post_shows_the_first_spelling_once(older: Database) -> None:
    with older.read() as connection:
        posts = {post.id: post for post in store.everything(connection)}

    assert [posts[n].tags for n in range(1, 7)] == [
        ("Sea", "x"),
        ("Sea", "caf\u00e9"),
        *[("Sea",)] * 2,
        ("tide",),
        ("caf\u00e9",),
    ]
    assert [posts[n].authors for n in range(1, 4)] == [("Ann Lee",), ("Bo",), ("Ann Lee", "Bo")]


def test_lists_are_joined_and_the_posts_of_the_first_spelling_keep_their_positions(older: Database) -> None:
    with older.read() as connection:
        query = select(listed).order_by(listed.c.list, listed.c.position.is_(None), listed.c.position)
        found: dict[str, list[tuple[int, int | None]]] = {}
        for row in connection.execute(query):
            assert row.published_at is not None
            assert row.published_at.isoformat() == f"2026-03-0{row.post_id}T12:00:00+00:00"
            found.setdefault(row.list, []).append((row.post_id, row.position))

    assert found == {
        "author/ann lee": [(4, 1), (5, 2), (6, 3), (1, 4), (3, 5)],  # the site's author is spelled as in the settings
        "author/bo": [(2, 1), (3, 2)],
        "site": [(n, n) for n in range(1, 7)],
        "tag/caf\u00e9": [(2, 1), (6, 2)],
        "tag/sea": [(1, 1), (4, 2), (2, 3), (3, 4), (6, None)],
        "tag/tide": [(5, 1)],
        "tag/x": [(1, 1)],
    }
