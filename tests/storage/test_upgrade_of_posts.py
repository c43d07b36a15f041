"""What posts of older releases become."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from feedserver.posts import revisions, store
from feedserver.posts.rerendering import rerender
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.storage.schema import metadata, posts
from feedserver.urls import Urls
from tests.storage.test_upgrade_of_thoughts import POST, THOUGHT, insert
from tests.support.upgrading import upgrade_to

# Until release 1002 a time that another post had was moved by some milliseconds.
MOVED = "2026-03-08 12:00:00.417000"


@pytest.fixture
def full(empty_database_url: str) -> Iterator[Database]:
    """A database of an older release: two posts of one second, one of them with all that may belong to a post."""
    database = Database(empty_database_url)
    upgrade_to(database, "1002")
    insert(database, "posts", POST | {"title": "First", "updated_at": "2026-03-08 12:00:00.000000"})
    insert(database, "posts", POST | {"id": 7, "guid": "urn:uuid:7", "slug": "seven", "updated_at": MOVED})
    insert(database, "slugs", {"slug": "a-post", "post_id": 1})
    insert(database, "post_tags", {"post_id": 1, "position": 0, "name": "sea"})
    insert(database, "listed", {"list": "site", "post_id": 1, "published_at": MOVED, "position": 1})
    insert(database, "related", {"post_id": 1, "other_id": 7, "score": 0.5})
    insert(database, "thoughts", THOUGHT)
    yield database
    database.close()


def test_posts_of_one_second_keep_all_that_belongs_to_them_and_share_their_time(full: Database) -> None:
    with full.read() as connection:
        before = {table: connection.execute(select(metadata.tables[table])).all() for table in ("listed", "related")}

    upgrade_to(full, "head")

    with full.read() as connection:
        found = store.by_ids(connection, (1, 7))
        after = {table: connection.execute(select(metadata.tables[table])).all() for table in before}
        thoughts = connection.execute(text("SELECT post_id FROM thoughts")).scalars().all()
    assert [(post.title, post.slug, post.tags) for post in found.values()] == [
        ("First", "a-post", ("sea",)),
        ("", "seven", ()),
    ]
    assert {post.updated_at for post in found.values()} == {datetime(2026, 3, 8, 12, tzinfo=UTC)}
    assert (after, thoughts) == (before, [1])


def test_the_present_text_of_a_post_is_its_first_revision(full: Database) -> None:
    with full.write() as connection:
        connection.execute(text("UPDATE posts SET source = 'its document' WHERE id = 1"))
        connection.execute(text("UPDATE posts SET source = '' WHERE id = 7"))  # erased

    upgrade_to(full, "head")

    with full.read() as connection:
        found = {post_id: revisions.history(connection, post_id) for post_id in (1, 7)}
        first = revisions.find(connection, 1, 1)
    assert [(one.number, one.by, one.via, one.title) for one in found[1]] == [(1, None, "cli", "First")]
    assert first is not None
    assert first.source == "its document"
    assert found[7] == []


def test_what_refers_to_a_post_still_needs_it(full: Database) -> None:
    upgrade_to(full, "head")

    with pytest.raises(IntegrityError), full.write() as connection:
        connection.execute(posts.delete().where(posts.c.id == 1))


def test_posts_are_rendered_anew_after_their_upgrade(full: Database) -> None:
    with full.write() as connection:
        connection.execute(text("UPDATE posts SET source = '![roof](roof.jpg)', image = 'http://old.example/roof.jpg'"))
        connection.execute(text("INSERT INTO site (id, guid, revision, created_at) VALUES (1, 'g', 4, '2026-01-01')"))

    upgrade_to(full, "head")
    assert rerender(full, Urls("http://blog.example")) == 2

    with full.read() as connection:
        assert [post.image for post in store.by_ids(connection, (1, 7)).values()] == ["roof.jpg", "roof.jpg"]
        assert revision.load(connection).revision > 4


def test_a_post_of_long_ago_that_was_never_edited_was_updated_when_it_was_published(full: Database) -> None:
    written, stored, edited = "1984-05-06 00:00:00.000000", "2026-03-08 13:00:00.000000", "2026-04-01 00:00:00.000000"
    for number, updated in ((11, stored), (12, edited)):
        dates = {"published_at": written, "created_at": stored, "updated_at": updated}
        insert(full, "posts", POST | dates | {"id": number, "guid": f"urn:uuid:{number}", "slug": f"post-{number}"})

    upgrade_to(full, "head")

    with full.read() as connection:
        posts = store.by_ids(connection, (11, 12))
    assert [posts[number].updated_at for number in (11, 12)] == [
        datetime(1984, 5, 6, tzinfo=UTC),
        datetime(2026, 4, 1, tzinfo=UTC),
    ]


def test_posts_are_no_pages_and_keep_the_ids_that_they_have(full: Database) -> None:
    upgrade_to(full, "head")

    with full.read() as connection:
        found = store.by_ids(connection, (1, 7)).values()
    assert [(post.page, post.menu, post.guid, post.atom_id) for post in found] == [
        (False, None, POST["guid"], None),
        (False, None, "urn:uuid:7", None),
    ]
