"""A database in trouble: a process that goes on tells of it once, with cause and advice, and then that it is over."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from feedserver.condition import Condition
from feedserver.storage.engine import Database

CHANGE = text("UPDATE site SET revision = revision + 1")


class Passing:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds(caplog: pytest.LogCaptureFixture) -> Passing:
    caplog.set_level("INFO", "feedserver")
    return Passing()


@pytest.fixture
def watched(database_url: str, seconds: Passing) -> Iterator[Database]:
    """The database of a process that goes on when it fails."""
    database = Database(database_url, condition=Condition("the database", seconds))
    yield database
    database.close()


def look(database: Database) -> None:
    with database.read() as connection:
        connection.execute(text("SELECT revision FROM site"))


def change(database: Database, lock_timeout: float | None = None) -> None:
    with database.write(lock_timeout) as connection:
        connection.execute(CHANGE)


def refuse_writes(connection: Any, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA query_only = ON")
    else:
        connection.execute("SET default_transaction_read_only = on")
        connection.commit()


def test_a_database_that_takes_no_writes_is_told_once_until_it_takes_them_again(
    watched: Database, seconds: Passing, caplog: pytest.LogCaptureFixture
) -> None:
    event.listen(watched.engine, "connect", refuse_writes)
    for _ in range(10):
        with suppress(DBAPIError):
            change(watched)
        look(watched)  # which works, and is no sign that the other does
        seconds.now += 1
    during = list(caplog.messages)
    event.remove(watched.engine, "connect", refuse_writes)
    watched.close()
    for _ in range(3):
        change(watched)
        seconds.now += 5

    assert len(during) == 1
    assert "read" in during[0]
    assert during[0].startswith("the database failed: ")
    assert caplog.messages == [*during, "the database works again; it was read-only for 10 s"]
    assert not any(record.exc_info for record in caplog.records)


def test_a_statement_that_is_refused_and_a_lock_not_waited_for_are_no_trouble(
    watched: Database, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(DBAPIError), watched.read() as connection:
        connection.execute(text("SELECT * FROM nowhere"))
    with database.write() as other:
        other.execute(CHANGE)
        with pytest.raises(DBAPIError):
            change(watched, lock_timeout=0.01)

    assert caplog.messages == []


def test_a_command_tells_of_its_failure_itself(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    event.listen(database.engine, "connect", refuse_writes)
    with pytest.raises(DBAPIError):
        change(database)

    assert caplog.messages == []
