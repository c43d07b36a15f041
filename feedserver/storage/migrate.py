"""Schema migrations: Alembic from inside the package, run by one process at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from feedserver.errors import StorageError
from feedserver.storage.engine import Database

_LOCK_NUMBER = 0x66656564  # “feed”: the advisory lock's key on PostgreSQL


@contextmanager
def exclusive(database: Database) -> Iterator[None]:
    """Holds the one lock under which a database is made or migrated; others wait for it.

    An advisory lock on PostgreSQL, a locked file beside the database on SQLite: both end with their process.
    """
    if database.file is None:
        with database.engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": _LOCK_NUMBER})
            try:
                yield
            finally:  # closing the session would free the lock, but pooled ones stay open
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": _LOCK_NUMBER})
        return
    with database.file.with_name(database.file.name + ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def upgrade(database: Database) -> bool:
    """Brings the schema up to this program's. Call it under `exclusive`. Returns whether there was anything to do.

    Raises StorageError when the database is of a newer program.
    """
    with database.write() as connection:
        return upgrade_on(connection)


def upgrade_on(connection: Connection) -> bool:
    """`upgrade`, inside the caller's transaction."""
    script = _script()
    if _current(connection, script) == script.get_current_head():
        return False
    with EnvironmentContext(
        _config(connection),
        script,
        fn=lambda revision, _: script._upgrade_revs("head", revision),  # noqa: SLF001 - Alembic's own recipe
    ):
        script.run_env()
    return True


def is_current(database: Database) -> bool:
    """Whether the schema is exactly this program's. Raises StorageError when it is of a newer program."""
    script = _script()
    with database.read() as connection:
        return _current(connection, script) == script.get_current_head()


def exists(database: Database) -> bool:
    """Whether there is a feedserver database at all, however old."""
    if database.file is not None and not database.file.exists():
        return False
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision() is not None


def _current(connection: Connection, script: ScriptDirectory) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None and revision not in {known.revision for known in script.walk_revisions()}:
        raise StorageError(f"the database (schema {revision}) is of a newer feedserver; install that one")
    return revision


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
