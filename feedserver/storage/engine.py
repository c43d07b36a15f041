"""One door to the database, the same for SQLite and PostgreSQL: short read and write transactions.

SQLite: the drivers' implicit BEGIN is off and ours is sent, `BEGIN IMMEDIATE` for writers, so that a writer waits for
its turn at once instead of failing in the middle; write-ahead log; `synchronous=FULL`, since what was acknowledged to
a stranger must outlive a power cut. PostgreSQL: READ COMMITTED, as it comes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError

from feedserver.errors import StorageError

BUSY_SECONDS = 15  # how long a SQLite writer waits for its turn
_WRITES = "feedserver_writes"
_TRIES = 5
_CONNECT_SECONDS = 10  # for a PostgreSQL that does not answer at all
_DEADLOCK = "40P01"  # PostgreSQL's SQLSTATE for a deadlock it has broken
_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")  # those that our tests run

T = TypeVar("T")


class Database:
    """Transactions on one database. Safe to share between threads, not between forked processes."""

    def __init__(self, url: str) -> None:
        """Opens nothing yet. Raises StorageError for a URL that cannot be used."""
        self.url = _parsed(url)
        self.at_close: list[Callable[[], None]] = []  # what else ends with it
        options: dict[str, Any] = {"pool_size": 8, "max_overflow": 56}
        if self.is_sqlite:
            options["connect_args"] = {"timeout": BUSY_SECONDS}
        else:
            options["pool_pre_ping"] = True
            if "connect_timeout" not in self.url.query:
                options["connect_args"] = {"connect_timeout": _CONNECT_SECONDS}
        try:
            self.engine = create_engine(self.url, **options)
        except ImportError:
            raise StorageError("database.url: no driver for PostgreSQL; install feedserver[postgres]") from None
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for a server."""
        return Path(self.url.database or "") if self.is_sqlite else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads: one consistent view on SQLite."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at its end and leaves nothing behind when an exception passes through."""
        with self.engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
            yield connection

    def transact(self, deed: Callable[[Connection], T]) -> T:
        """Carries `deed` out in a write transaction, and once more from its start when another got in between.

        On PostgreSQL two processes can insert the same new row, or wait for each other; SQLite lets one in at a time.
        """
        for _ in range(_TRIES - 1):
            try:
                with self.write() as connection:
                    return deed(connection)
            except IntegrityError:
                continue
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) != _DEADLOCK:
                    raise
        with self.write() as connection:
            return deed(connection)

    def close(self) -> None:
        """Gives all pooled connections back."""
        for deed in self.at_close:
            deed()
        self.engine.dispose()


def explain(error: DBAPIError) -> str:
    """One line for a person: that the database did not answer, and what its driver says; no statement, no secret."""
    problem = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    return f"the database did not answer as it should: {problem[0]}; check database.url and whether it is running"


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise StorageError("database.url: not an SQLAlchemy URL, such as postgresql+psycopg://user@host/name") from None
    if parsed.drivername not in _DRIVERS:
        raise StorageError("database.url: must begin with sqlite:/// or postgresql+psycopg://")
    if parsed.get_backend_name() == "sqlite" and not _is_file(parsed):
        raise StorageError("database.url: SQLite needs just a file, such as sqlite:////srv/feedserver/site.sqlite3")
    return parsed


def _is_file(url: URL) -> bool:
    named = Path(url.database or "").name not in ("", "..", ":memory:")
    return named and not (url.host or url.username or url.query)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
