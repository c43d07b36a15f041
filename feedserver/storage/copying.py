"""Copies a site from one database to another, SQLite or PostgreSQL: everything or nothing.

The source is read in one snapshot. The target is filled in one transaction, which is rolled back unless each table has
as many rows as in the source. Rows go in batches, so memory is bounded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Table, func, insert, inspect, select, text

from feedserver.errors import StorageError
from feedserver.storage import migrate
from feedserver.storage.engine import Database
from feedserver.storage.schema import metadata, site

_ROWS: Final = 500  # in one batch at most
_CHARACTERS: Final = 2_000_000  # in one batch, approximately: a post may have a megabyte in each of its columns
_FETCHED: Final = 50  # rows fetched from the source at a time


@dataclass(frozen=True, slots=True)
class Copied:
    """One table, and its number of rows in the source and in the target."""

    table: str
    source: int
    target: int


def copy(source: Database, target: Database) -> list[Copied]:
    """Copies every table; returns them in the order of copying.

    Raises StorageError, and leaves the target unchanged, if the source's schema is not current, if the target is not
    empty, or if the numbers of rows differ.
    """
    state = migrate.state(source)
    if state == "missing":
        raise StorageError(f"{source.called}: there is no feedserver database")
    if state == "older":
        raise StorageError(f"{source.called}: {migrate.OLDER}")
    if state == "newer":
        raise StorageError(
            f"{source.called}: the schema is that of a newer feedserver; copy it with that one, or data would be lost"
        )
    with migrate.exclusive(target) as is_new_file:
        try:
            with source.snapshot() as old, target.write() as new:
                _prepare(new, target.called)
                return [_copy_table(old, new, table) for table in metadata.sorted_tables]
        except BaseException:
            if is_new_file:
                _remove(target)
            raise


def _prepare(new: Connection, called: str) -> None:
    """Creates the tables. Raises StorageError if the target, so called, has other tables, or rows."""
    names = set(inspect(new).get_table_names())
    if names and "alembic_version" not in names:
        raise StorageError(f"{called}: the database has other tables; it must be empty")
    migrate.upgrade_on(new)
    held = [table.name for table in metadata.sorted_tables if table is not site and _count(new, table)]
    if held:
        raise StorageError(f"{called}: the database already holds a site ({', '.join(held)}); it must be empty")
    new.execute(site.delete())


def _copy_table(old: Connection, new: Connection, table: Table) -> Copied:
    rows = old.execution_options(stream_results=True, yield_per=_FETCHED).execute(select(table))
    for batch in _batches(dict(row._mapping) for row in rows):  # noqa: SLF001 - documented
        new.execute(insert(table), batch)
    continue_numbering(new, table)
    copied = Copied(table.name, _count(old, table), _count(new, table))
    if copied.source != copied.target:
        raise StorageError(f"{table.name}: {copied.source} rows in FROM, but {copied.target} in TO; nothing was copied")
    return copied


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    characters = 0
    for row in rows:
        batch.append(row)
        characters += sum(len(value) for value in row.values() if isinstance(value, str))
        if len(batch) == _ROWS or characters > _CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def continue_numbering(new: Connection, table: Table) -> None:
    """Has the next row numbered after those that are there: PostgreSQL's sequence does not follow inserted ids."""
    if new.dialect.name != "postgresql" or "id" not in table.columns:
        return
    highest = new.execute(select(func.max(table.c.id))).scalar_one()
    new.execute(
        text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :number, :used)"),
        {"table": table.name, "number": highest or 1, "used": highest is not None},
    )


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _remove(target: Database) -> None:
    """Deletes the files of a SQLite database that `copy` has created."""
    target.close()
    assert target.file is not None
    for ending in ("", "-wal", "-shm"):
        target.file.with_name(target.file.name + ending).unlink(missing_ok=True)
