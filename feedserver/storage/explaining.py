"""The exceptions of a database that fails, and a line that explains one: the driver's message, and what to do."""

import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

# All that a transaction raises when the database fails or refuses a statement.
DATABASE_ERRORS: Final = (DBAPIError, NoConnection)
# Those of a database that does not answer, is locked or takes no writes: a later attempt may succeed.
DATABASE_UNAVAILABLE: Final = (OperationalError, InterfaceError, InternalError, NoConnection)

_HELD: Final = "another program has locked it; try again later"
_FULL: Final = "free space on its disk"
_DAMAGED: Final = "the file is damaged or not a database; restore a backup"
_STOPPING: Final = "it is starting or stopping; try again"
# By primary result code (https://sqlite.org/rescode.html).
_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: _HELD,
    sqlite3.SQLITE_LOCKED: _HELD,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: "check who may write the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "check database.url, and who may read the file and its folder",
    sqlite3.SQLITE_IOERR: "check its disk",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
# By SQLSTATE (PostgreSQL documentation, appendix A).
_POSTGRES: Final = {
    "25006": "it takes no writes; database.url must name the primary, not a replica",
    "40P01": _HELD,
    "42501": "check what the user in database.url may do",
    "53100": _FULL,
    "55P03": _HELD,
    "57P01": _STOPPING,
    "57P03": _STOPPING,
    "XX001": "it is damaged; restore a backup",
}


def explain(error: DBAPIError) -> str:
    """One line, without the statement and without secrets."""
    said = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
    if isinstance(error.orig, sqlite3.Error):
        advice = _SQLITE.get(getattr(error.orig, "sqlite_errorcode", 0) & 0xFF)  # an extended code contains the primary
    elif (state := getattr(error.orig, "sqlstate", None)) is not None:
        advice = _POSTGRES.get(state)
    elif error.connection_invalidated or error.statement is None:  # the server was not reached
        return f"the database did not answer: {said}; check database.url and whether it is running"
    else:  # the driver refused the statement
        advice = None
    return f"the database failed: {said}; {advice}" if advice else f"the database failed: {said}"
