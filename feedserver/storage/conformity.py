"""Whether a database has what this program needs: the tables, columns, indexes and triggers of `schema.py`,
whatever its number.

What a newer program has added is no fault, as long as rows can be stored without it.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, Table, UniqueConstraint, inspect, text
from sqlalchemy.engine.interfaces import ReflectedColumn

from feedserver.storage.schema import TRIGGERS, metadata

_TRIGGERS_THERE: Final = {
    "sqlite": text("SELECT name FROM sqlite_master WHERE type = 'trigger'"),
    # Of those tables that a name without a schema means; `D`: disabled.
    "postgresql": text(
        "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE pg_table_is_visible(pg_class.oid) AND tgenabled <> 'D'"
    ),
}


def obstacles(connection: Connection) -> list[str]:
    """What keeps this program from reading and writing, a line each: nothing if it can."""
    found = {name: columns for (_, name), columns in inspect(connection).get_multi_columns().items()}
    lines = []
    for table in metadata.sorted_tables:
        if (columns := found.get(table.name)) is None:
            lines.append(f"the table {table.name} is missing")
        else:
            lines += _of_columns(table, {column["name"]: column for column in columns})
    return lines


def missing_indexes(connection: Connection) -> list[str]:
    """What makes the database slow, or lets it hold the same thing twice: a line for each."""
    found = inspect(connection)
    there = set(found.get_table_names())
    return [
        f"the {what} {name} of {table.name} is missing"
        for table in metadata.sorted_tables
        if table.name in there
        for what, name in _missing_of(
            table,
            {index["name"] for index in found.get_indexes(table.name)},
            {constraint["name"] for constraint in found.get_unique_constraints(table.name)},
        )
    ]


def missing_triggers(connection: Connection) -> list[str]:
    """What the database no longer does by itself: a line for each."""
    dialect = connection.dialect.name
    there = set(connection.execute(_TRIGGERS_THERE[dialect]).scalars())
    return [
        f"the trigger {name} of {table} is missing" for name, table in TRIGGERS[dialect].items() if name not in there
    ]


def damage(connection: Connection) -> list[str]:
    """What SQLite finds wrong in its file, which it reads whole: a line each. Nothing on PostgreSQL."""
    if connection.dialect.name != "sqlite":
        return []
    found = connection.exec_driver_sql("PRAGMA quick_check(10)").scalars().all()
    return [f"the file is damaged; restore a backup: {' '.join(line.split())}" for line in found if line != "ok"]


LOOKS: Final = (obstacles, missing_indexes, missing_triggers, damage)  # from the gravest on


def _of_columns(table: Table, there: dict[str, ReflectedColumn]) -> Iterator[str]:
    for column in table.columns:
        if column.name not in there:
            yield f"the column {table.name}.{column.name} is missing"
    for name, found in there.items():
        if name not in table.columns and not found["nullable"] and found["default"] is None:
            yield f"the column {table.name}.{name} needs a value that this program does not know"


def _missing_of(table: Table, indexes: set[str | None], unique: set[str | None]) -> Iterator[tuple[str, object]]:
    for index in table.indexes:
        if index.name not in indexes:
            yield "index", index.name
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.name not in unique:
            yield "unique constraint", constraint.name
