"""How much room the database takes on its disk."""

from sqlalchemy import Connection, text

_SQLITE = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
_POSTGRESQL = "SELECT pg_database_size(current_database())"


def bytes_of(connection: Connection) -> int:
    """Bytes of the database; of SQLite without its log, whose pages become part of it."""
    query = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    return int(connection.execute(text(query)).scalar_one())
