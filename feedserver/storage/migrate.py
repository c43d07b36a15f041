"""Schema migrations with Alembic, run by one process at a time.

Alembic is imported only to migrate: it takes a tenth of a second and some megabytes.
"""

import fcntl
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError

from feedserver import private_files
from feedserver.errors import StorageError
from feedserver.storage import conformity
from feedserver.storage.engine import Database
from feedserver.storage.schema import metadata

State = Literal["missing", "older", "current", "newer"]  # of a database; a newer one has all that is needed

NEWER: Final = "the schema is that of a newer feedserver, and has all that this one needs"
OLDER: Final = "the schema is that of an older feedserver; `feedserver db upgrade` migrates it"
_PATIENCE: Final = 60.0  # seconds for others, such as a backup, to let go of the tables
_LOCK_MILLISECONDS: Final = 300
_IN_THE_WAY: Final = ("55P03", "40P01")  # SQLSTATE lock_not_available, deadlock_detected
_LOCK_NUMBER = 0x66656564  # “feed”: the advisory lock's key on PostgreSQL


@contextmanager
def exclusive(database: Database) -> Iterator[bool]:
    """Holds the lock under which a database is created or migrated; other processes wait for it.

    An advisory lock on PostgreSQL, a locked file beside the database on SQLite; both end with their process. A SQLite
    file and its folder are created if they are missing, and become private. Yields whether the file is new.
    Raises StorageError if the log of another file lies beside a missing one.
    """
    if database.file is None:
        # Outside a transaction: a long one blocks vacuum, and the server may end idle ones, and the lock with them.
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": _LOCK_NUMBER})
            try:
                yield False
            finally:  # pooled sessions stay open, and would keep the lock
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": _LOCK_NUMBER})
        return
    private_files.make_missing(database.file.parent)
    with exclusive_path(database.file):
        yield _make_private(database.file)


@contextmanager
def exclusive_path(file: Path) -> Iterator[None]:
    """The same for a SQLite file that need not be there, and is not made."""
    with open(f"{file}.lock", "a", opener=private_files.reclaiming_opener) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_private(file: Path) -> bool:
    """Creates a SQLite file, or makes it and its companions private.

    Never opens an existing one: to close it would end SQLite's locks in this process (fcntl(2)). Returns whether it is
    new. Raises StorageError instead of creating one beside the log of another, which would be replayed into it.
    """
    if not file.exists():
        _require_no_log(file)
    with suppress(FileExistsError), open(file, "x", opener=private_files.opener):
        return True
    private_files.take_database_from_others(file)
    return False


def _require_no_log(file: Path) -> None:
    for log in (Path(f"{file}-wal"), Path(f"{file}-journal")):
        if log.exists() and log.stat().st_size:
            raise StorageError(
                f"{log} was left by a database that is not there: put {file.name} back, or move the log away"
            )


def upgrade(database: Database) -> bool:
    """Migrates the schema to the current version. Call it under `exclusive`. Returns whether anything changed.

    Leaves a newer schema alone. Raises StorageError if it is newer and lacks what this program needs.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            with database.write() as connection:
                _lock_tables(connection)
                return upgrade_on(connection)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in _IN_THE_WAY or time.monotonic() > end:
                raise
        time.sleep(random.uniform(0.1, 0.4))  # noqa: S311 - the others go on meanwhile


def _lock_tables(connection: Connection) -> None:
    """Takes all tables of PostgreSQL together, before the first is changed, and soon lets go of them if it cannot.

    Old programs write meanwhile: table by table, each side would wait for the other, and all others behind them.
    """
    if connection.dialect.name != "postgresql" or _state(connection) != "older":
        return
    present = set(inspect(connection).get_table_names())
    names = ", ".join(table.name for table in metadata.sorted_tables if table.name in present)
    connection.execute(text(f"SET LOCAL lock_timeout = {_LOCK_MILLISECONDS}"))
    connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))
    connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))


def upgrade_on(connection: Connection) -> bool:
    """`upgrade`, inside the caller's transaction."""
    if _state(connection) in ("current", "newer"):
        return False
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_folder()))
    command.upgrade(config, "head")
    return True


def state(database: Database) -> State:
    """Whether there is a feedserver database, and of which age its schema is.

    Raises StorageError if it is newer and lacks what this program needs.
    """
    if database.file is not None and not database.is_open and not database.file.exists():
        return "missing"
    with database.read() as connection:
        return _state(connection)


def head() -> str:
    """The number of the current schema: the first part of the last migration's file name."""
    return max(_revisions())


def _revisions() -> set[str]:
    return {path.name.partition("_")[0] for path in (_folder() / "versions").glob("[0-9]*_*.py")}


def _state(connection: Connection) -> State:
    revision = _revision(connection)
    if revision is None:
        return "missing"
    if revision in _revisions():
        return "current" if revision == head() else "older"
    _require_all(connection, revision)
    return "newer"


def _revision(connection: Connection) -> str | None:
    """The number of the database's schema, from Alembic's table; None without one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _require_all(connection: Connection, revision: str) -> None:
    """Migrations only add, so that this program can go on beside a newer one while machines are upgraded one by one."""
    lacks = conformity.obstacles(connection)
    if lacks or not revision > head():
        raise StorageError(
            f"the database (schema {revision}) is of a newer feedserver that this one cannot go on beside, or of one "
            f"before the first release{f': {lacks[0]}' if lacks else ''}; install the newer one, or start anew"
        )


def _folder() -> Path:
    return Path(__file__).with_name("migrations")
