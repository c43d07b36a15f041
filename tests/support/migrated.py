"""Migrations of empty databases, whose statements one test process finds out once: Alembic took a twentieth of a run.

The first empty database of each kind is migrated. Every further one gets the statements that wrote to the first.
"""

from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, inspect

_migrate = command.upgrade
_written: dict[tuple[str, str | None], list[tuple[str, Any]]] = {}


def share() -> None:
    """From now on an empty database gets what the first of its kind got."""
    command.upgrade = _upgrade  # type: ignore[assignment]


def _upgrade(config: Config, revision: str, **options: Any) -> None:
    connection: Connection = config.attributes["connection"]
    key = connection.dialect.name, config.get_main_option("script_location")
    if revision != "head" or options or inspect(connection).get_table_names():
        _migrate(config, revision, **options)
    elif key in _written:
        for statement, parameters in _written[key]:
            connection.exec_driver_sql(statement, parameters)
    else:
        _written[key] = _migrated(connection, config)


def _migrated(connection: Connection, config: Config) -> list[tuple[str, Any]]:
    written: list[tuple[str, Any]] = []

    def remember(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_others: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA")):
            written.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", remember)
    try:
        _migrate(config, "head")
    finally:
        event.remove(connection, "before_cursor_execute", remember)
    return written
