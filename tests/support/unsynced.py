"""Commits of SQLite that do not wait for the disk, as those of the tests' PostgreSQL: to wait took a tenth of a run.

Tests end no process in which this is done, and no power fails. Processes that tests start are as they are elsewhere.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Pool, event


def begin() -> None:
    """From now on no connection of this process waits for the disk."""
    event.listen(Pool, "checkout", _use)


@contextmanager
def as_elsewhere() -> Iterator[None]:
    """Connections that are opened within wait for the disk."""
    event.remove(Pool, "checkout", _use)
    try:
        yield
    finally:
        begin()


def _use(connection: object, _record: object, _proxy: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")
