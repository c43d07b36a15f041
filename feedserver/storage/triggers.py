"""What runs by itself in a SQLite database: the triggers that migrations have made, told from all else.

Triggers, views and virtual tables take part in our own statements, or run where all tables are looked at; of a database
that a stranger may have made, none but ours may stay.
"""

import re
import sqlite3
from typing import Final

from feedserver.storage.schema import TRIGGERS

_EVENTS: Final = {"inserted": "INSERT", "updated": "UPDATE OF state"}
_TEXT: Final = """CREATE TRIGGER {name} AFTER {event} ON thoughts WHEN (NEW.state = 'shown' AND NEW.position IS NULL)
BEGIN UPDATE thoughts SET position = \
(SELECT coalesce(max(position), 0) + 1 FROM thoughts WHERE post_id = NEW.post_id AND position > 0) \
WHERE id = NEW.id; END"""
# By name, as SQLite keeps them.
OURS: Final = {name: _TEXT.format(name=name, event=_EVENTS[name.rpartition("_")[2]]) for name in TRIGGERS["sqlite"]}
# SQLite goes by the statement alone, whatever type a row claims; it writes all that it stores with this beginning.
_HOLDS_ROWS: Final = re.compile("CREATE (?:TABLE|INDEX|UNIQUE INDEX) ")


def foreign(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Name and statement of what is not ours. Nothing of it runs."""
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")  # as constraints have it
    return [(name, sql) for name, sql in found if not _HOLDS_ROWS.match(sql) and OURS.get(name) != sql]


def remove_foreign(connection: sqlite3.Connection) -> None:
    """Takes it out of a file that no other connection uses. The rows of a virtual table stay, in plain tables."""
    if found := foreign(connection):
        connection.execute("PRAGMA writable_schema=ON")
        connection.executemany("DELETE FROM sqlite_master WHERE (name, sql) = (?, ?)", found)
        connection.commit()
