"""Migrations of databases that hold something: what was there stands, and what is new is filled in."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from feedserver.storage import listed_thoughts, migrate
from feedserver.storage.engine import Database
from tests.support.serving import FEEDSERVER, clean_environ, wait_until

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
POST = """
    INSERT INTO posts (id, guid, slug, title, source, html, feed_html, excerpt, lang, state, published_at, updated_at,
                       created_at, pings_open, comments_open)
    VALUES (:id, :slug, :slug, :slug, '', '', '', '', 'en', :state, :at, :at, :at, true, true)
"""
THOUGHT = """
    INSERT INTO thoughts (id, guid, post_id, kind, state, page, author_name, author_url, title, excerpt, approved,
                          strikes, received_at)
    VALUES (:id, :id, :post, 'pingback', :state, :page, '', '', '', '', true, 0, :at)
"""
JOB = """
    INSERT INTO jobs (id, kind, subject, run_at, attempts, created_at) VALUES (:id, :kind, :subject, :at, 0, :at)
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
    connection.execute(text(POST), values | {"at": stored(connection, values["at"])})


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


def test_0007_thoughts_get_their_places_looks_their_parties_and_posts_link_to_owners(
    database: Database, as_of: Callable[[str], None]
) -> None:
    as_of("0006")
    with database.write() as connection:
        add_post(connection, 1)
        for host in ("a.friend.example", "www.friend.example", "ann.github.io", "127.0.2.1"):
            connection.execute(text("INSERT INTO post_hosts VALUES (1, :host)"), {"host": host})
        for number, page in enumerate(("http://www.known.example/x", "http://example.org/~ann/y", None), 1):
            add_thought(connection, number, page)
        for number, (kind, subject) in enumerate((("verify", "http://www.known.example/x"), ("publish", "1")), 1):
            values = {"id": number, "kind": kind, "subject": subject, "at": stored(connection, NOON)}
            connection.execute(text(JOB), values)

    with migrate.exclusive(database):
        assert migrate.upgrade(database)

    with database.read() as connection:
        places = connection.execute(text("SELECT place FROM thoughts ORDER BY id")).scalars().all()
        parties = connection.execute(text("SELECT party FROM jobs ORDER BY id")).scalars().all()
        hosts = connection.execute(text("SELECT host FROM post_hosts")).scalars().all()
    assert places == ["known.example", "example.org/~ann", None]
    assert parties == ["known.example", None]
    assert sorted(hosts) == ["127.0.2.1", "ann.github.io", "friend.example"]


def test_0008_lists_are_counted_in_shelves_and_thoughts_that_readers_see_are_listed(
    database: Database, as_of: Callable[[str], None]
) -> None:
    as_of("0007")
    with database.write() as connection:
        add_post(connection, 1)
        add_post(connection, 2, state="deleted")
        for number, post, state in ((1, 1, "shown"), (2, 1, "shown"), (3, 1, "held"), (4, 2, "shown")):
            add_thought(connection, number, f"http://a.example/{number}", post=post, state=state)
        connection.execute(text("INSERT INTO lists VALUES ('site', 1)"))
        connection.execute(
            text("INSERT INTO listed VALUES ('site', 1, :at, 1), ('site', 2, NULL, 2)"),
            {"at": stored(connection, NOON)},
        )

    with migrate.exclusive(database):
        assert migrate.upgrade(database)

    with database.read() as connection:
        members = connection.execute(text("SELECT list, members FROM lists ORDER BY list")).all()
        assert [tuple(row) for row in members] == [("site", 1), ("thoughts", 2)]
        assert listed_thoughts.newest(connection, NOON, 10) == [2, 1]


def test_0008_a_long_list_gets_many_shelves_that_its_pages_are_found_by(
    database: Database, as_of: Callable[[str], None]
) -> None:
    as_of("0007")
    with database.write() as connection:
        add_post(connection, 1)
        rows = [thought(connection, number, f"http://a.example/{number}") for number in range(1, 3501)]
        for number, row in enumerate(rows):
            row["at"] = stored(connection, NOON.replace(minute=number // 60, second=number % 60))
        connection.execute(text(THOUGHT), rows)

    with migrate.exclusive(database):
        assert migrate.upgrade(database)

    with database.read() as connection:
        sizes = connection.execute(text("SELECT members FROM lists ORDER BY since")).scalars().all()
        assert sizes == [1000, 1000, 1000, 500]
        assert listed_thoughts.newest(connection, NOON, 3, 1750) == [1750, 1749, 1748]


def thought(connection: Connection, number: int, page: str | None, **values: Any) -> dict[str, Any]:
    return {"id": number, "page": page, "post": 1, "state": "shown", "at": stored(connection, NOON)} | values


def add_thought(connection: Connection, number: int, page: str | None, **values: Any) -> None:
    connection.execute(text(THOUGHT), thought(connection, number, page, **values))


def test_two_programs_that_upgrade_an_old_site_at_once_do_it_once_and_every_row_stands(
    database: Database, as_of: Callable[[str], None], tmp_path: Path
) -> None:
    as_of("0001")
    with database.write() as connection:
        connection.execute(
            text("INSERT INTO site (id, guid, revision, created_at) VALUES (1, 'urn:uuid:1', 7, :at)"),
            {"at": stored(connection, NOON)},
        )
        for number in range(1, 29):
            add_post(connection, number)
            connection.execute(text("INSERT INTO post_tags VALUES (:number, 0, 'sea')"), {"number": number})
            page = f"http://blog-{number}.example/"
            add_thought(connection, number, page)
            values = {"id": number, "kind": "verify", "subject": page, "at": stored(connection, NOON)}
            connection.execute(text(JOB), values)
    before = rows(database)

    with migrate.exclusive(database):
        programs = [upgrading(database, tmp_path / name) for name in ("one", "two")]
        wait_until(lambda: waiting(database, programs) == 2, 30, lambda: f"{waiting(database, programs)} wait")
    ended = [(program.communicate(timeout=60), program.returncode) for program in programs]

    assert sorted(ended) == [(("nothing to do\n", ""), 0), (("upgraded\n", ""), 0)]
    assert migrate.is_current(database)
    assert rows(database) == before
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM site")).scalar_one() == 1
        assert connection.execute(text("SELECT members FROM lists WHERE list = 'tag/sea'")).scalar_one() == 28
        assert connection.execute(text("SELECT count(*) FROM thoughts WHERE place IS NULL")).scalar_one() == 0
    secrets = {(tmp_path / name / "var/secret").read_text() for name in ("one", "two")}
    assert len(secrets) == 1, "they have agreed on one"


def upgrading(database: Database, folder: Path) -> subprocess.Popen[str]:
    """`feedserver db upgrade` on a machine of its own."""
    folder.mkdir()
    environ = clean_environ() | {"FEEDSERVER_DATABASE_URL": database.url.render_as_string(hide_password=False)}
    command = [*FEEDSERVER, "db", "upgrade"]
    return subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def waiting(database: Database, programs: list[subprocess.Popen[str]]) -> int:
    """How many of the programs wait for the lock of migrations."""
    assert all(program.poll() is None for program in programs), "one did not wait"
    if database.is_sqlite:
        lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        pids = {str(program.pid) for program in programs}
        return sum(line[1:3] == ["->", "FLOCK"] and line[5] in pids for line in lines)
    query = (
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
    )
    with database.read() as connection:
        return int(connection.execute(text(query)).scalar_one())


def rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """What the rows of an old schema hold, without what later ones add."""
    queries = {
        "posts": "SELECT id, guid, slug, title, state, published_at, updated_at FROM posts ORDER BY id",
        "post_tags": "SELECT post_id, position, name FROM post_tags ORDER BY post_id",
        "thoughts": "SELECT id, guid, post_id, kind, state, page, approved, received_at FROM thoughts ORDER BY id",
        "jobs": "SELECT id, kind, subject, run_at, attempts FROM jobs ORDER BY id",
        "site": "SELECT id, guid, revision, created_at FROM site",
    }
    with database.read() as connection:
        return {table: [tuple(row) for row in connection.execute(text(query))] for table, query in queries.items()}


def stored(connection: Connection, moment: datetime) -> datetime | str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}" if connection.dialect.name == "sqlite" else moment
