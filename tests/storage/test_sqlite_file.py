"""A SQLite file that is deleted or exchanged while processes have it open: nothing is acknowledged that could be lost,
the log names the file, and a whole database at its place is used at once."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

from feedserver.storage.engine import Database
from feedserver.storage.explaining import explain
from feedserver.storage.schema import terms
from feedserver.storage.sqlite_file import FileMoved


@pytest.fixture
def path(prepared_sqlite: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(prepared_sqlite, tmp_path / "site.sqlite3"))


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[[], Database]]:
    """Opens the file once more, as each process does."""
    made: list[Database] = []

    def open_it() -> Database:
        made.append(Database(f"sqlite:///{path}"))
        return made[-1]

    yield open_it
    for database in made:
        database.close()


@pytest.fixture
def database(opened: Callable[[], Database]) -> Database:
    database = opened()
    write(database, "first")
    return database


def write(database: Database, term: str) -> None:
    with database.write() as connection:
        connection.execute(insert(terms).values(term=term, posts=1))


def words(database: Database) -> list[str]:
    with database.read() as connection:
        return sorted(connection.execute(select(terms.c.term)).scalars())


def words_in(path: Path) -> list[str]:
    """What another program finds in a file."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return sorted(term for (term,) in connection.execute("SELECT term FROM terms"))


def another(path: Path, prepared: Path, term: str) -> Path:
    """A whole database of another site beside `path`, with one term, and without a log."""
    new = Path(shutil.copy(prepared, path.with_name("new.sqlite3")))
    with closing(sqlite3.connect(new)) as connection, connection:
        connection.execute("INSERT INTO terms VALUES (?, 1)", (term,))
    return new


@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
@pytest.mark.parametrize("how", ["deleted", "exchanged"])
def test_a_write_into_a_file_that_goes_meanwhile_is_not_acknowledged(
    database: Database, path: Path, ending: str, how: str
) -> None:
    file = Path(f"{path}{ending}")

    def write_meanwhile() -> None:
        with database.write() as connection:
            connection.execute(insert(terms).values(term="second", posts=1))
            if how == "deleted":
                file.unlink()
            else:
                os.replace(shutil.copy(file, f"{file}.copy"), file)

    with pytest.raises(FileMoved, match="was deleted or exchanged during a write"):
        write_meanwhile()


@pytest.mark.parametrize("ending", ["-wal", "-shm"])
def test_the_log_of_a_file_that_had_none_is_watched_from_the_first_moment(
    opened: Callable[[], Database], path: Path, ending: str
) -> None:
    """Such as that of a restored site: SQLite begins a log only when it reads."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    database = opened()
    write(database, "first")

    with pytest.raises(FileMoved, match="was deleted or exchanged during a write"), database.write():
        os.replace(shutil.copy(f"{path}{ending}", f"{path}.copy"), f"{path}{ending}")
    write(database, "second")
    assert words(database) == ["first", "second"]


def test_without_its_file_all_is_refused_in_words_that_name_it_and_no_file_is_made(
    database: Database, path: Path
) -> None:
    path.unlink()

    for use in (words, lambda one: write(one, "second"), Database.watch):
        with pytest.raises(OperationalError) as refused:
            use(database)
        assert explain(refused.value).startswith(f"the database failed: {path} is gone; put site.sqlite3 back")
    assert not path.exists()


def test_a_process_that_starts_without_the_file_makes_none(path: Path, opened: Callable[[], Database]) -> None:
    path.unlink()

    with pytest.raises(FileMoved, match=f"there is no {path}"):
        words(opened())

    assert not path.exists()


def test_sqlite_itself_makes_no_file_in_place_of_one_that_goes_just_before_it_is_opened(path: Path) -> None:
    engine = Database(f"sqlite:///{path}").engine
    path.unlink()

    with pytest.raises(OperationalError, match="unable to open database file"):
        engine.connect()

    assert not path.exists()


def test_when_the_file_is_back_all_goes_on(database: Database, path: Path) -> None:
    away = path.rename(path.with_name("away"))
    for _ in range(2):
        with pytest.raises(FileMoved):
            write(database, "lost")

    away.rename(path)
    write(database, "second")

    assert words(database) == ["first", "second"]


def test_another_whole_database_is_used_at_once_and_gets_nothing_of_the_former_log(
    opened: Callable[[], Database], path: Path, prepared_sqlite: Path, caplog: pytest.LogCaptureFixture
) -> None:
    processes = [opened() for _ in range(3)]
    for number, process in enumerate(processes):
        write(process, f"first {number}")
    former = path.with_name("former")
    os.link(path, former)

    os.replace(another(path, prepared_sqlite, "other"), path)

    for number, process in enumerate(processes):
        write(process, f"second {number}")
    expected = ["other", "second 0", "second 1", "second 2"]
    assert [words(process) for process in processes] == [expected] * 3
    for process in processes:
        process.close()
    assert words_in(path) == expected
    assert words_in(former) == ["first 0", "first 1", "first 2"], "what was acknowledged is in the former file"
    assert len(caplog.messages) == 3


def test_a_process_that_ends_leaves_no_log_beside_a_file_that_was_exchanged(
    database: Database, path: Path, prepared_sqlite: Path
) -> None:
    os.replace(another(path, prepared_sqlite, "other"), path)

    database.close()

    assert [file.name for file in path.parent.glob("*-wal")] == []
    assert words_in(path) == ["other"]


def test_nothing_is_followed_while_the_former_file_is_still_read(
    opened: Callable[[], Database], path: Path, prepared_sqlite: Path
) -> None:
    database, reader = opened(), opened()
    write(database, "first")
    with reader.read() as connection:
        connection.execute(select(terms)).all()
        write(database, "second")
        os.replace(another(path, prepared_sqlite, "other"), path)

        with pytest.raises(FileMoved, match="the former file is still read"):
            words(database)

    assert words(database) == ["other"]


@pytest.mark.parametrize("content", ["nothing", "words", "another schema", "half of it"])
def test_what_is_no_whole_database_is_not_followed(
    database: Database, path: Path, tmp_path: Path, content: str
) -> None:
    other, former = tmp_path / "other", path.with_name("former")
    whole = path.read_bytes()
    other.write_bytes({"words": b"words " * 1000, "half of it": whole[: len(whole) // 2]}.get(content, b""))
    if content == "another schema":
        with closing(sqlite3.connect(other)) as connection:
            connection.execute("CREATE TABLE t (a)")
    os.link(path, former)
    os.replace(other, path)

    for _ in range(2):
        with pytest.raises(FileMoved, match="not a whole feedserver database"):
            write(database, "second")

    os.replace(former, path)
    assert words(database) == ["first"]


@pytest.mark.parametrize("endings", [["-wal"], ["-shm"], ["-wal", "-shm"]], ids=["log", "index", "both"])
def test_a_log_that_was_deleted_loses_nothing_that_was_acknowledged(
    opened: Callable[[], Database], path: Path, endings: list[str]
) -> None:
    processes = [opened() for _ in range(2)]
    for number, process in enumerate(processes):
        write(process, f"first {number}")

    for ending in endings:
        Path(f"{path}{ending}").unlink()
    for number, process in enumerate(processes):
        write(process, f"second {number}")

    expected = ["first 0", "first 1", "second 0", "second 1"]
    assert [words(process) for process in processes] == [expected] * 2
    for process in processes:
        process.close()
    assert words_in(path) == expected
