"""Migrations: run by one process at a time, all or nothing, and never backwards."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from feedserver.storage import migrate
from feedserver.storage.engine import Database
from feedserver.storage.schema import metadata
from tests.support.serving import clean_environ
from tests.support.upgrading import upgrade_to
from tests.support.waiting import SECONDS, wait_until

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{last}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("motto", sa.Text(), nullable=True))
    {then}
"""


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Database]:
    database = Database(empty_database_url)
    yield database
    database.close()


@pytest.fixture
def newer_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """From its call on, the program has one migration more."""

    def become(then: str = "") -> None:
        folder = tmp_path / "newer"
        shutil.copytree(Path(migrate.__file__).with_name("migrations"), folder / "migrations", dirs_exist_ok=True)
        last = sorted(path.name[:4] for path in (folder / "migrations/versions").glob("[0-9]*.py"))[-1]
        (folder / "migrations/versions/9999_next.py").write_text(NEXT.format(last=last, then=then))
        monkeypatch.setattr(migrate, "__file__", str(folder / "migrate.py"))

    return become


def columns(database: Database) -> set[str]:
    with database.read() as connection:
        return {column["name"] for column in inspect(connection).get_columns("site")}


def test_an_empty_database_gets_every_table_once(empty: Database) -> None:
    assert migrate.state(empty) == "missing"

    with migrate.exclusive(empty):
        assert migrate.upgrade(empty) is True
        assert migrate.upgrade(empty) is False

    assert migrate.state(empty) == "current"
    with empty.read() as connection:
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_asking_for_a_sqlite_database_does_not_make_one(tmp_path: Path) -> None:
    assert migrate.state(Database(f"sqlite:///{tmp_path}/none.sqlite3")) == "missing"
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_an_older_program_is_behind_until_it_is_upgraded(
    database: Database, newer_program: Callable[..., None]
) -> None:
    assert migrate.state(database) == "current"
    newer_program()
    assert migrate.state(database) == "older"

    if database.is_sqlite:  # the tests' PostgreSQL database is shared by them, and stays as it is
        with migrate.exclusive(database):
            assert migrate.upgrade(database) is True
        assert migrate.state(database) == "current"
        assert "motto" in columns(database)


def test_a_migration_that_fails_leaves_nothing_behind(empty: Database, newer_program: Callable[..., None]) -> None:
    newer_program(then="raise ZeroDivisionError")

    with pytest.raises(ZeroDivisionError), migrate.exclusive(empty):
        migrate.upgrade(empty)

    assert migrate.state(empty) == "missing"
    with empty.read() as connection:
        assert inspect(connection).get_table_names() in ([], ["alembic_version"])


def test_a_database_of_a_newer_program_is_left_alone(empty: Database) -> None:
    with migrate.exclusive(empty):
        migrate.upgrade(empty)
    with empty.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9998'"))

    assert migrate.state(empty) == "newer"
    assert migrate.upgrade(empty) is False
    with empty.read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == ["9998"]


def test_programs_that_write_meanwhile_and_a_migration_do_not_wait_for_each_other(
    new_postgres_url: Callable[[], str],
) -> None:
    """A writer that has one table wants another, which the migration has already."""
    writer, upgraded = (Database(url) for url in [new_postgres_url()] * 2)
    upgrade_to(writer, "1029")

    def waits(connection: Connection) -> bool:
        return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar())

    with ThreadPoolExecutor(1) as threads:
        with writer.write() as connection:
            connection.execute(text("LOCK TABLE thoughts IN ROW EXCLUSIVE MODE"))
            task = threads.submit(migrate.upgrade, upgraded)
            wait_until(lambda: waits(connection))
            connection.execute(text("LOCK TABLE posts IN ROW EXCLUSIVE MODE"))
        assert task.result(SECONDS) is True

    assert migrate.state(writer) == "current"
    for database in (writer, upgraded):
        database.close()


def test_one_at_a_time_holds_the_lock(empty: Database, empty_database_url: str) -> None:
    other = Database(empty_database_url)
    inside, order = Event(), []

    def first() -> None:
        with migrate.exclusive(empty):
            inside.set()
            time.sleep(0.2)  # so that the other comes meanwhile; nothing fails if it does not
            order.append("first")

    def second() -> None:
        assert inside.wait(SECONDS)
        with migrate.exclusive(other):
            order.append("second")

    with ThreadPoolExecutor(2) as threads:
        for task in [threads.submit(first), threads.submit(second)]:
            task.result(20)
    other.close()

    assert order == ["first", "second"]


def test_the_session_that_holds_the_lock_is_in_no_transaction_meanwhile(
    new_postgres_url: Callable[[], str],
) -> None:
    database, onlooker = Database(new_postgres_url()), Database(new_postgres_url())

    with migrate.exclusive(database), onlooker.read() as connection:
        assert states_of_lock_holders(connection, database) == ["idle"]

    database.close()
    onlooker.close()


def test_a_server_that_ends_idle_transactions_leaves_the_lock_alone(new_postgres_url: Callable[[], str]) -> None:
    database, other = Database(new_postgres_url()), Database(new_postgres_url())
    with other.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(
            text(f"ALTER DATABASE {database.url.database} SET idle_in_transaction_session_timeout = 100")
        )

    with migrate.exclusive(database):
        time.sleep(0.5)  # as long as a migration or a copy may be at work elsewhere
        with other.read() as connection:
            assert len(states_of_lock_holders(connection, database)) == 1

    database.close()
    other.close()


def states_of_lock_holders(connection: Connection, database: Database) -> list[str]:
    """The states of the sessions that hold an advisory lock in `database`."""
    query = text(
        "SELECT state FROM pg_stat_activity JOIN pg_locks USING (pid)"
        " WHERE locktype = 'advisory' AND granted AND datname = :name"
    )
    return list(connection.execute(query, {"name": database.url.database}).scalars())


def test_a_failure_gives_the_lock_back(empty: Database, empty_database_url: str) -> None:
    with pytest.raises(ZeroDivisionError), migrate.exclusive(empty):
        raise ZeroDivisionError

    other = Database(empty_database_url)

    def take() -> None:
        with migrate.exclusive(other):
            pass

    with ThreadPoolExecutor(1) as threads:
        threads.submit(take).result(5)
    other.close()


def test_the_newest_schema_is_told_without_alembic_and_is_the_one_alembic_ends_at() -> None:
    assert migrate.head() == ScriptDirectory(str(Path(migrate.__file__).with_name("migrations"))).get_current_head()


def test_a_command_on_a_current_database_loads_no_alembic_no_flask_and_no_feedgen(
    prepared_sqlite: Path, tmp_path: Path
) -> None:
    shutil.copy(prepared_sqlite, tmp_path / "site.sqlite3")
    program = (
        "import sys; from feedserver.cli import main; assert main(['post', 'list']) == 0;"
        "assert not {'alembic', 'flask', 'feedgen', 'gunicorn'} & set(sys.modules)"
    )
    environ = clean_environ() | {"FEEDSERVER_DATABASE_URL": f"sqlite:///{tmp_path}/site.sqlite3"}

    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environ, check=True, timeout=60)
