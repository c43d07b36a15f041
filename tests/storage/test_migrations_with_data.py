"""Migrations of databases that hold something: what was there stands, and what is new is filled in."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from feedserver.storage import migrate
from feedserver.storage.engine import Database

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
POST = """
    INSERT INTO posts (id, guid, slug, title, source, html, feed_html, excerpt, lang, state, published_at, updated_at,
                       created_at, pings_open, comments_open)
    VALUES (:id, :slug, :slug, :slug, '', '', '', '', 'en', :state, :at, :at, :at, true, true)
"""


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    database = Database(empty_database_url)
    yield database
    database.close()


@pytest.fixture
def as_of(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Brings the database to the schema that a revision of the program had."""

    def upgrade(last: str) -> None:
        there = Path(migrate.__file__).with_name("migrations")
        folder = tmp_path / f"as_of_{last}"
        shutil.copytree(there, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
        for path in (folder / "migrations/versions").glob("0*.py"):
            if path.name[:4] > last:
                path.unlink()
        with monkeypatch.context() as patched, migrate.exclusive(database):
            patched.setattr(migrate, "__file__", str(folder / "migrate.py"))
            migrate.upgrade(database)

    return upgrade


def add_post(connection: Connection, number: int, state: str = "published", **at: Any) -> None:
    values = {"id": number, "slug": f"post-{number}", "state": state, "at": NOON.replace(**{"day": number} | at)}
    if connection.dialect.name == "sqlite":
        values["at"] = f"{values['at']:%Y-%m-%d %H:%M:%S.%f}"
    connection.execute(text(POST), values)


def test_0002_posts_that_readers_have_seen_get_places_by_their_dates_and_those_to_come_none_yet(
    database: Database, as_of: Callable[[str], None]
) -> None:
    as_of("0001")
    with database.write() as connection:
        add_post(connection, 3)
        add_post(connection, 1)
        add_post(connection, 2, state="deleted")
        add_post(connection, 4, state="draft")
        add_post(connection, 5, year=9000)
        for post, name in ((1, "sea"), (3, "sea"), (3, "bees"), (4, "sea")):
            connection.execute(
                text("INSERT INTO post_tags VALUES (:post, :position, :name)"),
                {"post": post, "position": len(name), "name": name},
            )
        connection.execute(text("INSERT INTO post_authors VALUES (3, 0, 'Ben')"))

    with migrate.exclusive(database):
        assert migrate.upgrade(database)

    with database.read() as connection:
        found = connection.execute(text("SELECT list, position, post_id, published_at FROM listed")).all()
        members = connection.execute(text("SELECT list, members FROM lists")).all()
    assert sorted((row.list, row.position or 0, row.post_id) for row in found) == [
        ("author/Ben", 1, 3),
        ("site", 0, 5),
        ("site", 1, 1),
        ("site", 2, 2),
        ("site", 3, 3),
        ("tag/bees", 1, 3),
        ("tag/sea", 1, 1),
        ("tag/sea", 2, 3),
    ]
    assert {row.post_id for row in found if row.published_at is None} == {2}
    assert {row.list: row.members for row in members} == {"author/Ben": 1, "site": 3, "tag/bees": 1, "tag/sea": 2}
