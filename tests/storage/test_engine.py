"""Transactions: writers take turns, readers see one snapshot, conflicts are tried again; URLs that cannot be used."""

import sqlite3
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from feedserver.errors import StorageError
from feedserver.installation import init
from feedserver.settings import Settings
from feedserver.storage import revision as revisions
from feedserver.storage.engine import Database
from feedserver.storage.revision import load, revise
from feedserver.storage.schema import heartbeats, terms
from tests.support import unsynced
from tests.support.fixtures import Assemble
from tests.support.outside import Clock
from tests.support.waiting import SECONDS, ends_in_time

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_what_was_written_is_read_by_others(database: Database, database_url: str, clock: Clock) -> None:
    with database.write() as connection:
        connection.execute(insert(heartbeats).values(name="a", at=clock()))

    other = Database(database_url)
    with other.read() as connection:
        assert connection.execute(select(heartbeats)).all() == [("a", clock())]
    other.close()


def test_an_exception_rolls_everything_back(database: Database, clock: Clock) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(insert(heartbeats).values(name="a", at=clock()))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), database.write() as connection:
        fail(connection)

    with database.read() as connection:
        assert connection.execute(select(heartbeats)).all() == []


def test_writers_that_read_first_take_turns(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a plain BEGIN, SQLite fails all but one of these at their first write; none may be lost on PostgreSQL."""

    def write(_: int) -> None:
        with database.write() as connection:
            revise(connection)
            connection.execute(select(heartbeats)).all()
            revise(connection)

    monkeypatch.setattr(revisions, "_LARGEST_STEP", 1)
    before = revision(database)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(40)))

    assert revision(database) == before + 80


@on_sqlite
def test_a_sqlite_writer_waits_at_its_beginning(database: Database) -> None:
    inside, may_end, order = Event(), Event(), []

    def first() -> None:
        with database.write() as connection:
            connection.execute(select(heartbeats)).all()
            inside.set()
            assert may_end.wait(SECONDS)
            revise(connection)
            order.append("first")

    def second() -> None:
        assert inside.wait(SECONDS)
        with database.write() as connection:
            order.append("second")
            revise(connection)

    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(first), threads.submit(second)]
        assert inside.wait(SECONDS)
        with database.read() as connection:  # readers wait for nobody
            connection.execute(select(heartbeats)).all()
        may_end.set()
        for task in running:
            task.result(10)

    assert order == ["first", "second"]


@on_sqlite
def test_a_sqlite_reader_keeps_its_view(database: Database, clock: Clock) -> None:
    with database.read() as reader:
        before = reader.execute(select(heartbeats)).all()
        with database.write() as writer:
            writer.execute(insert(heartbeats).values(name="a", at=clock()))
        assert reader.execute(select(heartbeats)).all() == before == []

    with database.read() as reader:
        assert len(reader.execute(select(heartbeats)).all()) == 1


@on_sqlite
def test_sqlite_is_told_to_be_durable_and_strict(database: Database) -> None:
    with unsynced.as_elsewhere(), database.read() as connection:
        told = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 15_000}


def test_programs_that_open_a_new_sqlite_file_together_all_get_in(tmp_path: Path) -> None:
    """SQLite calls the file locked, without a wait, while another switches it to the write-ahead log."""

    def opens(url: str, together: Barrier) -> str:
        database = Database(url)
        together.wait()
        with database.read() as connection:
            mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()
        database.close()
        return str(mode)

    with ThreadPoolExecutor(4) as threads:
        for number in range(50):
            together = Barrier(4)
            (tmp_path / f"{number}.sqlite3").touch()
            urls = [f"sqlite:///{tmp_path}/{number}.sqlite3"] * 4
            assert list(threads.map(opens, urls, [together] * 4)) == ["wal"] * 4


# --- transact ---


def test_an_operation_runs_again_after_a_conflict(database: Database, clock: Clock) -> None:
    tries = []

    def operation(connection: Connection) -> int:
        tries.append(connection)
        found = connection.execute(select(heartbeats.c.name)).all()
        name = "b" if len(tries) > 1 else "a"  # what it saw the first time was no longer so
        if len(tries) == 1:
            connection.execute(insert(heartbeats).values(name="a", at=clock()))
        connection.execute(insert(heartbeats).values(name=name, at=clock()))
        return len(found)

    assert database.transact(operation) == 0
    assert len(tries) == 2
    with database.read() as connection:
        assert connection.execute(select(heartbeats.c.name)).scalars().all() == ["b"]


def test_a_conflict_that_repeats_is_raised_after_a_few_tries(database: Database, clock: Clock) -> None:
    tries = []

    def operation(connection: Connection) -> None:
        tries.append(1)
        for _ in range(2):
            connection.execute(insert(heartbeats).values(name="a", at=clock()))

    with pytest.raises(IntegrityError):
        database.transact(operation)

    assert 1 < len(tries) < 10


def test_other_faults_are_raised_at_once(database: Database) -> None:
    tries = []

    def operation(connection: Connection) -> None:
        tries.append(1)
        connection.execute(text("SELECT * FROM nowhere"))

    with pytest.raises(DBAPIError):
        database.transact(operation)

    assert len(tries) == 1


def test_a_new_row_that_many_want_is_made_once(database: Database, clock: Clock) -> None:
    def count_one(_: int) -> None:
        def operation(connection: Connection) -> None:
            one_more = update(terms).where(terms.c.term == "a").values(posts=terms.c.posts + 1)
            if not connection.execute(one_more).rowcount:
                connection.execute(insert(terms).values(term="a", posts=1))

        database.transact(operation)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count_one, range(24)))

    with database.read() as connection:
        assert connection.execute(select(terms.c.posts)).scalars().all() == [24]


def test_a_broken_deadlock_is_tried_again(new_postgres_url: Callable[[], str]) -> None:
    database = Database(new_postgres_url())
    with database.write() as connection:
        connection.execute(text("CREATE TABLE t (id int PRIMARY KEY, n int)"))
        connection.execute(text("INSERT INTO t VALUES (1, 0), (2, 0)"))
    held = [Event(), Event()]

    def take(one: int, other: int) -> None:
        def operation(connection: Connection) -> None:
            connection.execute(text(f"UPDATE t SET n = n + 1 WHERE id = {one}"))
            held[one - 1].set()
            assert held[other - 1].wait(SECONDS)
            connection.execute(text(f"UPDATE t SET n = n + 1 WHERE id = {other}"))

        database.transact(operation)

    with ThreadPoolExecutor(2) as threads:
        for task in [threads.submit(take, 1, 2), threads.submit(take, 2, 1)]:
            task.result(20)

    with database.read() as connection:
        assert connection.execute(text("SELECT n FROM t")).scalars().all() == [2, 2]
    database.close()


def test_an_error_tells_nothing_of_the_row_that_was_refused(database: Database) -> None:
    """PostgreSQL adds whole rows to its errors, and tracebacks in the log show them."""
    row = {"name": "ann@blog.example", "at": None}

    with pytest.raises(IntegrityError) as raised, database.write() as connection:
        connection.execute(insert(heartbeats).values(**row))

    assert "heartbeats" in str(raised.value)
    assert "ann@blog.example" not in "".join(traceback.format_exception(raised.value))


# --- URLs ---


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://h/x",
        "postgresql+asyncpg://h/x",
        "sqlite+aiosqlite:///x",
        "postgresql+psycopg://u:secret@h:port/x",
        "postgresql+psycopg://u:secret@[::1/x",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://var/x.sqlite3",
        "sqlite:///x?foo=bar",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_in_one_line_without_its_secret(url: str) -> None:
    with pytest.raises(StorageError, match=r"^database\.url: [^\n]+$") as refused:
        Database(url)

    assert "secret" not in str(refused.value)


def test_a_short_lock_timeout_ends_the_wait_and_leaves_the_next_transaction_the_usual_one(
    database: Database, database_url: str
) -> None:
    other, done = Database(database_url), Event()

    def operation(connection: Connection) -> None:
        revise(connection)
        done.set()

    with ThreadPoolExecutor(1) as threads:
        with other.write() as connection:
            revise(connection)
            with pytest.raises(OperationalError):
                database.transact(operation, lock_timeout=0.05)
            waiting = threads.submit(database.transact, operation)
            assert not done.wait(0.3)  # much longer than the short timeout
        waiting.result(20)
    other.close()

    assert done.is_set()


def test_a_short_wait_for_the_lock_of_sqlite_is_enough_among_writers_that_hardly_pause(tmp_path: Path) -> None:
    (tmp_path / "busy.sqlite3").touch()
    database, done = Database(f"sqlite:///{tmp_path / 'busy.sqlite3'}"), Event()
    (tmp_path / "busy.sqlite3").touch()
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE written (number INTEGER)")

    def hold_again_and_again() -> None:
        with closing(sqlite3.connect(tmp_path / "busy.sqlite3", isolation_level=None, timeout=20)) as holder:
            while not done.is_set():
                holder.execute("BEGIN IMMEDIATE")
                done.wait(0.07)
                holder.execute("ROLLBACK")
                done.wait(0.007)

    with ThreadPoolExecutor(1) as thread:
        holding = thread.submit(hold_again_and_again)
        try:
            for _ in range(5):  # SQLite itself looks fourteen times meanwhile, and misses the pauses every second time
                with database.write(lock_timeout=0.5) as connection:
                    connection.exec_driver_sql("INSERT INTO written VALUES (1)")
        finally:
            done.set()
        holding.result(20)
    database.close()


def test_a_folder_with_odd_letters_holds_a_database(tmp_path: Any, assemble: Assemble, clock: Clock) -> None:
    folder = tmp_path / "a b?c=d#e%41ü"

    init(assemble(Settings(data_dir=folder)), example=True)

    assert (folder / "feedserver.sqlite3").is_file()


def revision(database: Database) -> int:
    with database.read() as connection:
        return load(connection).revision


@on_sqlite
def test_the_log_is_emptied_when_nobody_reads_it_and_writers_do_not_wait_for_who_does(
    database: Database, database_url: str, clock: Clock
) -> None:
    other = Database(database_url)
    assert database.file
    log = Path(f"{database.file}-wal")
    with database.write() as connection:
        revise(connection)

    with other.read() as reading, ends_in_time():
        load(reading)
        with database.write() as connection:
            revise(connection)
        meanwhile = database.forget_log()
        with database.write() as connection:
            revise(connection)

    assert meanwhile is False
    assert log.stat().st_size > 0
    assert database.forget_log() is True
    assert log.stat().st_size == 0
    other.close()


def test_where_postgresql_has_no_driver_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(StorageError, match=r"no driver for PostgreSQL; install it: `/\S+ -m pip install 'psycopg\["):
        Database("postgresql+psycopg://user@127.0.0.1/site")
