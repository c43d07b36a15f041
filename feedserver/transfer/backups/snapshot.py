"""A copy of a whole database in one SQLite file, as it was at one moment; and what such a file holds."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy.exc import OperationalError

from feedserver import disk
from feedserver.errors import BackupUnusable
from feedserver.storage import copying, triggers, word_index
from feedserver.storage.engine import Database
from feedserver.text import strangers_line
from feedserver.transfer.backups.media_files import MediaFile

_MEDIA: Final = "SELECT hash, name, size FROM media UNION SELECT hash, name, size FROM media_copies ORDER BY 1, 2"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a copy holds: the number of its schema, the site's id and secret (None in a very old one), the number of
    rows by table, and the pictures and files that are to be in the store."""

    schema: str
    site: str
    secret: str | None
    rows: Mapping[str, int]
    media: tuple[MediaFile, ...]

    @property
    def media_bytes(self) -> int:
        return sum(file.size for file in self.media)


def take(database: Database, file: Path) -> None:
    """Writes a copy of the database to a new file. Others go on writing meanwhile.

    SQLite makes it in one step, without pages that hold what was deleted; a copy in several steps
    would begin anew with every write. PostgreSQL is read in one snapshot. The index of search stays behind, which is
    made anew, as do views, virtual tables and triggers that are not ours.
    Raises StorageError if there is no database, and SQLAlchemy's DBAPIError.
    """
    if database.is_sqlite:
        _vacuum(database, file)
    else:
        with opened(file) as copy:
            copying.copy(database, copy)


def _vacuum(database: Database, file: Path) -> None:
    statement = "VACUUM INTO ?"
    with closing(database.engine.raw_connection()) as connection:  # not within a transaction
        try:
            connection.cursor().execute(statement, (str(file),))
        except sqlite3.Error as error:
            raise OperationalError(statement, None, error) from error
    with closing(sqlite3.connect(file)) as copy:
        word_index.remove_from_file(copy)
        triggers.remove_foreign(copy)


@contextmanager
def opened(file: Path) -> Iterator[Database]:
    """A copy as a database. At the end it is one file again, and on disk."""
    database = Database(f"sqlite:///{quote(str(file))}")
    try:
        yield database
    finally:
        database.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    disk.sync(file)


def contents(file: Path) -> Contents:
    """What a copy holds. Raises BackupUnusable if it is damaged, or not the database of one site."""
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro&immutable=1", uri=True)) as connection:
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cell_size_check=ON")
        try:
            return _contents(connection)
        except (sqlite3.Error, ValueError) as error:  # no such table, not one row …
            raise BackupUnusable(
                f"its database is damaged, or not feedserver's ({strangers_line(str(error), 200)})"
            ) from None


def _contents(connection: sqlite3.Connection) -> Contents:
    for name, statement in triggers.foreign(connection):
        raise ValueError(f"{name} in it is neither a table nor an index: {statement}")
    ((result,),) = connection.execute("PRAGMA integrity_check(1)").fetchall()
    if result != "ok":
        raise ValueError(result)
    ((schema,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    ((site, secret),) = connection.execute("SELECT guid, secret FROM site").fetchall()
    if secret is not None and not (isinstance(secret, str) and secret):
        raise ValueError("its secret is no text")
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    rows = {name: _count(connection, name) for (name,) in names}
    return Contents(schema, site, secret, rows, tuple(_media(connection)) if "media" in rows else ())


def _media(connection: sqlite3.Connection) -> Iterator[MediaFile]:
    for hash_, name, size in connection.execute(_MEDIA):
        if not (isinstance(hash_, str) and isinstance(name, str) and type(size) is int and size >= 0):
            raise ValueError("it names a picture or file by no text, or without its size")
        yield MediaFile(hash_, name, size)


def _count(connection: sqlite3.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    return int(connection.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0])  # noqa: S608 - quoted
