"""One import at a time: a second one is refused, on this machine or another one. The lock ends with its process."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import text

from feedserver import private_files
from feedserver.errors import ImportRefused
from feedserver.storage.engine import Database

_NUMBER: Final = 0x66656569  # the advisory lock's key on PostgreSQL
_TAKEN: Final = "another import is running; wait for its end, then import again"


@contextmanager
def only_import(database: Database) -> Iterator[None]:
    """Raises ImportRefused if there is one already."""
    if database.file is not None:
        with open(f"{database.file}.import", "a", opener=private_files.reclaiming_opener) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ImportRefused(_TAKEN) from None
            yield
        return
    # Outside a transaction, as in `migrate.exclusive`.
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": _NUMBER}).scalar():
            raise ImportRefused(_TAKEN)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": _NUMBER})
