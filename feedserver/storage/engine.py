"""Short read and write transactions, the same for SQLite and PostgreSQL.

`sqlite_engine` says how SQLite is used. PostgreSQL: READ COMMITTED, its default.
"""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError

from feedserver.condition import Condition
from feedserver.errors import StorageError
from feedserver.storage import sqlite_engine
from feedserver.storage.explaining import DATABASE_ERRORS, OF_WRITES, failure_of
from feedserver.storage.replica import Replica, ReplicaState, has_failed, position
from feedserver.storage.sqlite_file import SqliteFile

_TRIES = 5
_CONNECT_SECONDS = 5  # for a PostgreSQL that does not answer at all
_REPLICA_LIMITS = {
    "connect_timeout": 2,
    "tcp_user_timeout": 3000,
}  # seconds, milliseconds: the primary can be read instead
# Parameters of statements are hidden in errors, and so in logs: tokens, secrets, strangers' texts.
_POOL: dict[str, Any] = {"pool_size": 8, "max_overflow": 56, "hide_parameters": True}
_DEADLOCK = "40P01"  # SQLSTATE deadlock_detected
_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")  # that are tested

T = TypeVar("T")


class Database:
    """Transactions on one database. Safe to share between threads, not between forked processes."""

    def __init__(
        self, url: str, read_url: str = "", *, called: str = "database.url", condition: Condition | None = None
    ) -> None:
        """Opens nothing yet. `read_url` names a replica; `called` is what error messages call `url`.

        A process that goes on when the database fails gives a `condition`, which logs it; such a process does not wait
        for ever for a PostgreSQL that is silent. Raises StorageError for a URL that cannot be used.
        """
        self.called = called
        self.writes = 0  # transactions that this object has committed
        self.url = _parsed(url, called)
        self.engine = sqlite_engine.create(self.url, **_POOL) if self.is_sqlite else _postgres_engine(self.url, called)
        self._condition = condition
        if condition is not None and not self.is_sqlite:
            event.listen(self.engine, "do_connect", _connect_impatiently)
        self._replica = _replica(read_url, self.url) if read_url else None
        self._sqlite_file: SqliteFile | None = None
        if self.file is not None:
            self._sqlite_file = SqliteFile(self.file.absolute(), self._open_unpooled, lambda: self.engine.dispose())

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for a server."""
        return Path(self.url.database or "") if self.is_sqlite else None

    @property
    def is_open(self) -> bool:
        """Whether this object has opened a SQLite file, which is then missed if it goes."""
        return self._sqlite_file is not None and self._sqlite_file.is_open

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads; one snapshot on SQLite."""
        with self._observed(), self._begin() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A transaction that only reads; one snapshot on both databases."""
        level = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self._observed(), self._begin(**level) as connection:
            yield connection

    def read_public(self, operation: Callable[[Connection], T]) -> T:
        """The result of `operation`, which reads public data only.

        It runs on the replica if there is one that has replayed every commit. If that fails, it runs again on the
        primary.
        """
        if self._replica is not None and (connection := self._caught_up_replica(self._replica)) is not None:
            try:
                with connection:
                    return operation(connection)
            except DBAPIError as error:
                if not has_failed(error):
                    raise
                self._replica.pause(error)
        with self.read() as connection:
            return operation(connection)

    def replica_state(self) -> ReplicaState | None:
        """The current state of the replica; None if there is none."""
        if self._replica is None:
            return None
        if (connection := self._caught_up_replica(self._replica)) is not None:
            connection.close()
        return self._replica.state

    @contextmanager
    def write(self, lock_timeout: float | None = None) -> Iterator[Connection]:
        """A transaction that commits at its end, and is rolled back by an exception.

        `lock_timeout` (seconds) shortens the wait for locks, after which SQLAlchemy's OperationalError is raised.
        """
        with self._observed(is_writing=True, is_hasty=lock_timeout is not None):
            opened = self._sqlite_file.check() if self._sqlite_file else None
            options = {sqlite_engine.WRITES: True, sqlite_engine.LOCK_TIMEOUT: lock_timeout}
            with self.engine.connect().execution_options(**options) as connection, connection.begin():
                if lock_timeout is not None and not self.is_sqlite:
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(lock_timeout * 1000)}")  # milliseconds
                yield connection
            self.writes += 1
            if self._sqlite_file and opened:
                self._sqlite_file.confirm(opened)

    def transact(self, operation: Callable[[Connection], T], lock_timeout: float | None = None) -> T:
        """The result of `operation`, run in a write transaction, and again after a conflict.

        On PostgreSQL two processes can insert the same new row, or wait for each other; SQLite has one writer at a
        time. Raises the exception of the last try.
        """
        for _ in range(_TRIES - 1):
            try:
                with self.write(lock_timeout) as connection:
                    return operation(connection)
            except IntegrityError:
                continue
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) != _DEADLOCK:
                    raise
        with self.write(lock_timeout) as connection:
            return operation(connection)

    def forget_log(self) -> bool:
        """Empties SQLite's write-ahead log, which holds deleted rows for a while; nothing on PostgreSQL.

        All writers wait meanwhile, so it gives up soon when somebody still reads from the log, such as a backup.
        Returns whether nothing is left to do.
        """
        return not self.is_sqlite or sqlite_engine.empty_log(self.engine)

    def forget_deleted(self) -> None:
        """Rewrites SQLite's file without what was deleted, while other writers wait; nothing on PostgreSQL.

        Raises StorageError if deleted rows may still be read in the file or its log.
        """
        if not self.is_sqlite:
            return
        try:
            is_rewritten = sqlite_engine.rewrite(self.engine)
        except sqlite3.Error as error:
            raise StorageError(f"{self.file} may still hold what was erased: {error}; run the command again") from error
        if not is_rewritten:
            raise StorageError(f"{self.file}-wal may still hold what was erased: it is read; run the command again")

    def watch(self) -> sqlite3.Connection | None:
        """A connection to the SQLite file at the path that never writes and never waits; None for a server.

        It is another one after the file was exchanged.
        """
        if self._sqlite_file is None:
            return None
        with self._observed():
            return self._sqlite_file.check().driver

    def close(self) -> None:
        """Closes all connections."""
        if self._sqlite_file is not None:
            self._sqlite_file.close()
        self.engine.dispose()
        if self._replica is not None:
            self._replica.engine.dispose()

    @contextmanager
    def _begin(self, **options: Any) -> Iterator[Connection]:
        if self._sqlite_file is not None:
            self._sqlite_file.check()
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    def _open_unpooled(self) -> Connection:
        connection = self.engine.connect()
        connection.detach()
        return connection

    @contextmanager
    def _observed(self, *, is_writing: bool = False, is_hasty: bool = False) -> Iterator[None]:
        """Tells the condition how a transaction went.

        A lock that a hasty one does not wait for is nothing unusual; on PostgreSQL others wait for as long as it takes,
        unless it ends a deadlock.
        """
        try:
            yield
        except DATABASE_ERRORS as error:
            found = failure_of(error) if self._condition else None
            is_usual = found is not None and found.kind == "busy" and (is_hasty or not self.is_sqlite)
            if self._condition and found and not is_usual:
                self._condition.fails(found.kind, str(found))
            raise
        if self._condition and self._condition.failing and (is_writing or self._condition.failing not in OF_WRITES):
            self._condition.works()

    def _caught_up_replica(self, replica: Replica) -> Connection | None:
        with self.read() as primary:
            reached = position(primary)  # read first: no client can know of later commits
        return replica.connect(reached)


def _parsed(url: str, called: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is not a number
        raise StorageError(f"{called}: not an SQLAlchemy URL, such as postgresql+psycopg://user@host/name") from None
    if "@" in (parsed.host or ""):  # else the driver's error would show a part of the password
        raise StorageError(f"{called}: write %40 for each @ in the user or the password")
    if parsed.drivername not in _DRIVERS:
        raise StorageError(f"{called}: must begin with sqlite:/// or postgresql+psycopg://")
    if parsed.get_backend_name() == "sqlite" and not _is_file(parsed):
        raise StorageError(f"{called}: SQLite needs just a file, such as sqlite:////srv/feedserver/site.sqlite3")
    return parsed


def _is_file(url: URL) -> bool:
    named = Path(url.database or "").name not in ("", "..", ":memory:")
    return named and not (url.host or url.username or url.query)


def _replica(url: str, primary: URL) -> Replica:
    called = "database.read_url"
    parsed = _parsed(url, called)
    if {parsed.get_backend_name(), primary.get_backend_name()} != {"postgresql"}:
        raise StorageError(f"{called}: names a replica of PostgreSQL; with SQLite it stays empty")
    return Replica(_postgres_engine(parsed, called, **_REPLICA_LIMITS))


def _postgres_engine(url: URL, called: str, **limits: int) -> Engine:
    limits = {"connect_timeout": _CONNECT_SECONDS, **limits}
    given = {name: value for name, value in limits.items() if name not in url.query}
    try:
        engine = create_engine(url, **_POOL, pool_pre_ping=True, connect_args=given)
    except ImportError:
        install = f"{sys.executable} -m pip install 'psycopg[binary]'"
        raise StorageError(f"{called}: no driver for PostgreSQL; install it: `{install}`") from None
    event.listen(engine, "handle_error", _hide_details)
    return engine


def _hide_details(context: ExceptionContext) -> None:
    """Leaves the first line of what PostgreSQL says of a statement: in its details are whole rows."""
    if getattr(context.original_exception, "sqlstate", None) is None:  # the server was not reached
        return
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])


def _connect_impatiently(_dialect: object, _record: object, arguments: Any, named: Any) -> Any:
    from feedserver.storage.answer_deadline import ImpatientConnection

    return ImpatientConnection.connect(*arguments, **named)
