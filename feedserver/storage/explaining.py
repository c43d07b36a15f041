"""What is wrong with a database that fails: told apart in one table, for commands, logs and /readyz alike."""

import re
import sqlite3
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.storage.sqlite_file import FileUnusable

# All that a transaction raises when the database fails or refuses a statement.
DATABASE_ERRORS: Final = (DBAPIError, NoConnection)
# Those of a database that does not answer, is locked or takes no writes: a later attempt may succeed.
DATABASE_UNAVAILABLE: Final = (OperationalError, InterfaceError, InternalError, NoConnection)

Kind = Literal["away", "busy", "full", "read-only", "damaged", "gone", "refused", "failing"]
OF_WRITES: Final[frozenset[str]] = frozenset(("busy", "full", "read-only"))  # what is stored can still be read

_AWAY: Final = "check database.url and whether it is running"
_CLOSED: Final = "check database.url, and who may read the file and its folder"
_HELD: Final = "another program has locked it; try again later"
_FULL: Final = "free space on its disk"
_DAMAGED: Final = "the file is damaged or not a database; restore a backup"
_STOPPING: Final = "it is starting or stopping; try again"
_CROWDED: Final = "it has too many connections; stop what needs none, or raise its max_connections"
_LOG_IN: Final = "check the user, the password and the name of the database in database.url"
# By extended or primary result code (https://sqlite.org/rescode.html).
_SQLITE: Final[dict[int, tuple[Kind, str]]] = {
    sqlite3.SQLITE_READONLY_DBMOVED: (
        "gone",
        "the file was moved or deleted while it was open; put it back, or restart on the one that is there",
    ),
    sqlite3.SQLITE_IOERR_SHMSIZE: ("full", _FULL),  # there is no space for the index of its write-ahead log
    sqlite3.SQLITE_BUSY: ("busy", _HELD),
    sqlite3.SQLITE_LOCKED: ("busy", _HELD),
    sqlite3.SQLITE_FULL: ("full", _FULL),
    sqlite3.SQLITE_READONLY: ("read-only", "check who may write the file and its folder, and how its disk is mounted"),
    sqlite3.SQLITE_CANTOPEN: ("away", _CLOSED),
    sqlite3.SQLITE_IOERR: ("failing", "check its disk"),
    sqlite3.SQLITE_CORRUPT: ("damaged", _DAMAGED),
    sqlite3.SQLITE_NOTADB: ("damaged", _DAMAGED),
}
# By SQLSTATE or its class, the first two characters (PostgreSQL documentation, appendix A).
_POSTGRES: Final[dict[str, tuple[Kind, str]]] = {
    "08": ("away", _AWAY),
    "25006": ("read-only", "it takes no writes; database.url must name the primary, not a replica"),
    "28": ("refused", _LOG_IN),
    "3D000": ("refused", _LOG_IN),
    "40P01": ("busy", _HELD),
    "42501": ("refused", "check what the user in database.url may do"),
    "53": ("failing", "it lacks memory or other resources; its own log says more"),
    "53100": ("full", _FULL),
    "53300": ("away", _CROWDED),
    "55P03": ("busy", _HELD),
    "57014": ("failing", "it was slower than its statement_timeout, or somebody cancelled the statement"),
    "57P": ("away", _STOPPING),
    "58": ("failing", "check its disk, and its log"),
    "XX": ("failing", "its own log says more"),
    "XX001": ("damaged", "it is damaged; restore a backup"),
    "XX002": ("damaged", "an index of it is damaged; REINDEX it, or restore a backup"),
}
# libpq tells no SQLSTATE of a connection that the server refuses, only its words (`FATAL:  …`).
_REFUSALS: Final[tuple[tuple[str, Kind, str], ...]] = (
    ("starting up|shutting down|recovery mode|not yet accepting", "away", _STOPPING),
    ("too many (clients|connections)|connection slots", "away", _CROWDED),
    ("FATAL:", "refused", _LOG_IN),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What is wrong: its kind, the driver's own first line, and what to do.

    `cause` may name hosts, users and files: it is for the operator alone. It never holds a statement or a password.
    """

    kind: Kind
    cause: str
    advice: str

    @property
    def summary(self) -> str:
        """For anybody: without the cause."""
        return f"the database is {self.kind}: {self.advice}"

    def __str__(self) -> str:
        verb = "did not answer" if self.kind == "away" else "failed"
        return f"the database {verb}: {self.cause}; {self.advice}"


def failure_of(error: DBAPIError | NoConnection) -> Failure | None:
    """What is wrong with the database; None if it only refused the statement."""
    if isinstance(error, NoConnection):
        return Failure("away", "no connection was free in time", "it is slow, or its other connections hang")
    cause = _first_line(error)
    if isinstance(error, FileUnusable):
        return Failure(error.kind, cause, error.advice)
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", 0)
        found = _SQLITE.get(code) or _SQLITE.get(code & 0xFF)  # an extended code contains the primary
    elif (state := getattr(error.orig, "sqlstate", None)) is not None:
        found = next((_POSTGRES[part] for part in (state, state[:3], state[:2]) if part in _POSTGRES), None)
    elif error.connection_invalidated or error.statement is None:  # the server was not reached, or refused
        found = next(((kind, advice) for words, kind, advice in _REFUSALS if re.search(words, cause)), ("away", _AWAY))
    else:  # the driver refused the statement
        found = None
    return Failure(found[0], cause, found[1]) if found else None


def kind_of(error: DBAPIError | NoConnection) -> str:
    """In what way the database failed, in a word."""
    found = failure_of(error)
    return found.kind if found else "refused"


def is_outage(error: Exception) -> bool:
    """Whether the database is in trouble: then its condition is in the log, and nobody else needs to tell."""
    return isinstance(error, DATABASE_ERRORS) and failure_of(error) is not None


def explain(error: DBAPIError | NoConnection) -> str:
    """One line, without the statement and without secrets."""
    found = failure_of(error)
    return str(found) if found else f"the database failed: {_first_line(error)}"


def _first_line(error: DBAPIError | NoConnection) -> str:
    said = error.orig if isinstance(error, DBAPIError) else error
    return (str(said).strip().splitlines() or [type(said).__name__])[0].strip()
