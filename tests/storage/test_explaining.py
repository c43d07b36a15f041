"""Errors of the database as one line, with the advice that fits what the driver says."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from feedserver.storage.engine import Database
from feedserver.storage.explaining import explain, failure_of


def explained(operation: Callable[[], object]) -> str:
    with pytest.raises(DBAPIError) as failed:
        operation()
    line = explain(failed.value)
    assert "\n" not in line
    assert "[SQL" not in line
    return line


def run(database: Database, *statements: str, lock_timeout: float | None = None) -> None:
    with database.write(lock_timeout) as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.parametrize("name", ["x", "x?connect_timeout=2", "x?password=secret"])
def test_a_server_that_is_not_reached(name: str) -> None:
    line = explained(lambda: run(Database(f"postgresql+psycopg://someone:secret@127.0.0.1:1/{name}")))

    assert line.startswith("the database did not answer: ")
    assert "refused" in line
    assert line.endswith("; check database.url and whether it is running")
    assert "secret" not in line


def test_a_database_that_another_program_holds(database: Database, database_url: str) -> None:
    other = Database(database_url)
    with other.write() as connection:
        connection.execute(text("UPDATE site SET revision = revision"))

        line = explained(lambda: run(database, "UPDATE site SET revision = revision", lock_timeout=0.05))
    other.close()

    assert "lock" in line
    assert line.endswith("; another program has locked it; try again later")


def test_a_statement_that_is_wrong_is_told_without_advice(database: Database) -> None:
    line = explained(lambda: run(database, "SELECT * FROM nowhere"))

    assert line.startswith("the database failed: ")
    assert "nowhere" in line
    assert ";" not in line


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_takes_no_writes(database: Database) -> None:
    line = explained(lambda: run(database, "SET TRANSACTION READ ONLY", "DELETE FROM jobs"))

    assert "read-only" in line
    assert line.endswith("; it takes no writes; database.url must name the primary, not a replica")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("pragma", "advice"),
    [
        ("query_only = ON", "check who may write the file and its folder, and how its disk is mounted"),
        ("max_page_count = 1", "free space on its disk"),
    ],
    ids=["read-only", "full"],
)
def test_a_file_that_cannot_be_written(database: Database, pragma: str, advice: str) -> None:
    large = f"UPDATE site SET author = '{'x' * 100_000}'"

    line = explained(lambda: run(database, f"PRAGMA {pragma}", large))

    assert line.endswith(f"; {advice}")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "busy"),
        (sqlite3.SQLITE_LOCKED, "busy"),
        (sqlite3.SQLITE_FULL, "full"),
        (sqlite3.SQLITE_IOERR_SHMSIZE, "full"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "read-only"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "gone"),
        (sqlite3.SQLITE_CANTOPEN, "away"),
        (sqlite3.SQLITE_IOERR_FSYNC, "failing"),
        (sqlite3.SQLITE_CORRUPT_VTAB, "damaged"),
        (sqlite3.SQLITE_NOTADB, "damaged"),
        (sqlite3.SQLITE_ERROR, None),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, None),
    ],
)
def test_troubles_of_sqlite_are_told_apart(code: int, kind: str | None) -> None:
    original = sqlite3.OperationalError("its words\nand more")
    original.sqlite_errorcode = code

    found = failure_of(OperationalError("x", None, original))

    assert (found.kind, found.cause) == (kind, "its words") if found else kind is None


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("53100", "full"),
        ("53300", "away"),
        ("53200", "failing"),
        ("25006", "read-only"),
        ("57P01", "away"),
        ("57P03", "away"),
        ("57014", "failing"),
        ("28P01", "refused"),
        ("28000", "refused"),
        ("3D000", "refused"),
        ("42501", "refused"),
        ("08006", "away"),
        ("55P03", "busy"),
        ("58030", "failing"),
        ("XX001", "damaged"),
        ("23505", None),
        ("42P01", None),
    ],
)
def test_troubles_of_postgresql_are_told_apart(state: str, kind: str | None) -> None:
    original = Exception("its words")
    original.sqlstate = state  # type: ignore[attr-defined]

    found = failure_of(OperationalError("x", None, original))

    assert (found.kind if found else None) == kind


@pytest.mark.parametrize(
    ("words", "kind", "advice"),
    [
        ("Connection refused", "away", "whether it is running"),
        ("connection timeout expired", "away", "whether it is running"),
        ("FATAL:  the database system is starting up", "away", "it is starting or stopping"),
        ("FATAL:  sorry, too many clients already", "away", "too many connections"),
        ('FATAL:  password authentication failed for user "x"', "refused", "check the user, the password"),
        ('FATAL:  database "x" does not exist', "refused", "check the user, the password"),
    ],
)
def test_why_a_server_was_not_reached_is_told_apart(words: str, kind: str, advice: str) -> None:
    found = failure_of(OperationalError(None, None, Exception(f"connection failed: {words}\nIs it running?")))

    assert found is not None
    assert (found.kind, found.cause) == (kind, f"connection failed: {words}")
    assert advice in found.advice
    assert words not in found.summary


def test_a_file_that_is_no_database_and_one_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite3").write_text("words " * 1000)

    damaged = explained(lambda: run(Database(f"sqlite:///{tmp_path}/text.sqlite3")))
    missing = explained(lambda: run(Database(f"sqlite:///{tmp_path}/no/folder/site.sqlite3")))

    assert damaged.endswith("; the file is damaged or not a database; restore a backup")
    assert missing.endswith("site.sqlite3; put site.sqlite3 back, or stop the site and restore a backup")
