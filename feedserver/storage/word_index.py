"""The index of search: which rows of `search_texts` have which entries. Each database has its own, under one name.

SQLite: a table of FTS5, whose tokenizer leaves our entries as they are, and which reads them from `search_texts`.
PostgreSQL: a GIN index. It can be made of `search_texts` at any time, so that it is no part of the schema: migrations,
copies and backups do without it. Where it is missing, as SQLite may have no FTS5, entries are looked up in each row.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    table,
    text,
    update,
)

from feedserver.storage.schema import search_texts

NAME: Final = "search_index"
# `ascii`: all beyond ASCII is a part of words. `detail=none`: which rows have an entry, not where.
CREATED: Final = (
    f"CREATE VIRTUAL TABLE {NAME} USING fts5(entries, content='search_texts', content_rowid='post_id',"
    " tokenize='ascii', detail=none, columnsize=0)"
)
TABLES: Final = (NAME, *(f"{NAME}_{part}" for part in ("data", "idx", "docsize", "config", "content")))  # of FTS5
_VECTOR: Final = "array_to_tsvector(string_to_array(entries, ' '))"
_REBUILD: Final = "INSERT INTO search_index(search_index) VALUES ('rebuild')"
_MAKE: Final = {
    "sqlite": (CREATED, _REBUILD),
    # No `fastupdate`: questions would look through all that was written last.
    "postgresql": (f"CREATE INDEX {NAME} ON search_texts USING gin ({_VECTOR}) WITH (fastupdate=off)",),
}
_REMOVE: Final = {
    "sqlite": tuple(f"DROP TABLE IF EXISTS {name}" for name in TABLES),
    "postgresql": (f"DROP INDEX IF EXISTS {NAME}",),
}
_IS_THERE: Final = {
    "sqlite": text("SELECT 1 FROM sqlite_master WHERE (name, sql) = (:name, :created)").bindparams(created=CREATED),
    "postgresql": text("SELECT 1 FROM pg_class WHERE relname = :name AND pg_table_is_visible(oid)"),
}
_HAS_FTS5: Final = text("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'")
_ENTER: Final = text(
    "INSERT INTO search_index(rowid, entries) SELECT post_id, entries FROM search_texts WHERE post_id = :post_id"
)
_LEAVE: Final = text(
    "INSERT INTO search_index(search_index, rowid, entries)"
    " SELECT 'delete', post_id, entries FROM search_texts WHERE post_id = :post_id"
)


class Entry(NamedTuple):
    """An entry of the index, a word of letters, marks and digits; or the beginning of one that `is_beginning`."""

    text: str
    is_beginning: bool = False


def can_be_made(connection: Connection) -> bool:
    """Whether the database has what the index is made with."""
    return connection.dialect.name != "sqlite" or connection.execute(_HAS_FTS5).first() is not None


def is_there(connection: Connection) -> bool:
    return connection.execute(_IS_THERE[connection.dialect.name], {"name": NAME}).first() is not None


def make(connection: Connection) -> None:
    """Makes the index of all rows, anew if it is there."""
    remove(connection)
    for statement in _MAKE[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def remove(connection: Connection) -> None:
    """Removes the index, and tables that have the names of its own."""
    for statement in _REMOVE[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows of `search_texts` for posts that have none."""
    connection.execute(insert(search_texts), list(rows))
    if _is_kept_here(connection):
        connection.execute(_ENTER, [{"post_id": row["post_id"]} for row in rows])


def take_out(connection: Connection, post_id: int) -> None:
    """Deletes the row of a post, if there is one."""
    if _is_kept_here(connection):
        connection.execute(_LEAVE, {"post_id": post_id})  # FTS5 must be told what it has of the row
    connection.execute(delete(search_texts).where(search_texts.c.post_id == post_id))


def outdate(connection: Connection, post_ids: Sequence[int]) -> None:
    """Has the next start make the rows of posts anew; until then they are found by what they had."""
    connection.execute(update(search_texts).where(search_texts.c.post_id.in_(post_ids)).values(cutting=0))


def clear(connection: Connection) -> None:
    """Deletes all rows."""
    connection.execute(delete(search_texts))
    if _is_kept_here(connection):
        connection.exec_driver_sql(_REBUILD)


def unindexed() -> Select[*tuple[Any, ...]]:
    """The posts whose texts may hold any entry: those with more than an index takes."""
    return select(search_texts.c.post_id).where(search_texts.c.entries.is_(None))


@contextmanager
def asked(connection: Connection) -> Iterator[None]:
    """Within it PostgreSQL asks the index for common entries too: reading all rows it takes for cheaper, as it does not
    reckon with their entries lying elsewhere (TOAST)."""
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.exec_driver_sql("SET LOCAL enable_seqscan TO off")
    yield
    connection.exec_driver_sql("SET LOCAL enable_seqscan TO DEFAULT")


def having(connection: Connection, wanted: Sequence[Entry], excluded: Sequence[Entry]) -> Select[*tuple[Any, ...]]:
    """The posts that have all entries of `wanted`, of which there is one at least, and none of `excluded`."""
    if connection.dialect.name == "postgresql":
        return _ask_gin(wanted, excluded)
    return (_ask_fts5 if is_there(connection) and can_be_made(connection) else _ask_rows)(wanted, excluded)


def forget_deleted(cursor: Any) -> None:
    """Has FTS5 forget the entries of rows that are gone, which it keeps in its pages; `cursor` is SQLite's."""
    if cursor.execute("SELECT 1 FROM sqlite_master WHERE (name, sql) = (?, ?)", (NAME, CREATED)).fetchone():
        cursor.execute("INSERT INTO search_index(search_index) VALUES ('optimize')")


def remove_from_file(connection: sqlite3.Connection) -> None:
    """Removes the index from a copy of a SQLite file that no other connection uses; of what it held nothing is left."""
    connection.execute("PRAGMA secure_delete=ON")
    with suppress(sqlite3.OperationalError):  # without FTS5 the other tables have to be enough
        connection.execute(f"DROP TABLE IF EXISTS {NAME}")
    for name in TABLES[1:]:
        connection.execute(f"DROP TABLE IF EXISTS {name}")


def _is_kept_here(connection: Connection) -> bool:
    """Whether the index is one that only we keep, and there."""
    return connection.dialect.name == "sqlite" and is_there(connection)


def _ask_fts5(wanted: Sequence[Entry], excluded: Sequence[Entry]) -> Select[*tuple[Any, ...]]:
    asked = " AND ".join(map(_for_fts5, wanted))
    if excluded:
        asked = f"({asked}) NOT ({' OR '.join(map(_for_fts5, excluded))})"
    row: ColumnElement[int] = literal_column("rowid").label("post_id")
    return select(row).select_from(table(NAME)).where(text(f"{NAME} MATCH :asked").bindparams(asked=asked))


def _for_fts5(entry: Entry) -> str:
    return f'"{entry.text}"{"*" if entry.is_beginning else ""}'


def _ask_rows(wanted: Sequence[Entry], excluded: Sequence[Entry]) -> Select[*tuple[Any, ...]]:
    has, has_not = list(map(_is_in_row, wanted)), [~_is_in_row(entry) for entry in excluded]
    return select(search_texts.c.post_id).where(*has, *has_not)


def _is_in_row(entry: Entry) -> ColumnElement[bool]:
    entries = literal(" ") + search_texts.c.entries + literal(" ")
    return func.instr(entries, f" {entry.text}{'' if entry.is_beginning else ' '}") > 0


def _ask_gin(wanted: Sequence[Entry], excluded: Sequence[Entry]) -> Select[*tuple[Any, ...]]:
    asked = " & ".join([*map(_for_gin, wanted), *(f"!{_for_gin(entry)}" for entry in excluded)])
    found = select(search_texts.c.post_id)
    return found.where(text(f"{_VECTOR} @@ CAST(:asked AS tsquery)").bindparams(asked=asked))


def _for_gin(entry: Entry) -> str:
    return f"'{entry.text}'{':*' if entry.is_beginning else ''}"
