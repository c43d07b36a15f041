"""How SQLite is used.

An explicit BEGIN instead of the driver's, `BEGIN IMMEDIATE` for writers, so that a writer waits at the start instead of
failing in the middle; the write-ahead log; `synchronous=FULL`, since an acknowledged ping must survive a power cut.
"""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from feedserver.storage import word_index
from feedserver.storage.sqlite_file import uri

# Execution options of a connection.
WRITES: Final = "feedserver_writes"
LOCK_TIMEOUT: Final = "feedserver_lock_timeout"  # seconds, None for the usual ones
BUSY_SECONDS = 15  # for which a writer waits for the lock
_LOOK_PAUSE: Final = 0.002  # seconds between two looks at a lock that is wanted within a short time
_EMPTYING_SECONDS: Final = 0.05  # for which readers of the write-ahead log are waited for before it is emptied
_BUSY_TIMEOUT: Final = "PRAGMA busy_timeout = {milliseconds:.0f}"
_SWITCH_PAUSE: Final = 0.01  # seconds between two tries to switch a new file to the write-ahead log
_CACHE_KIB: Final = 512  # of each connection, one for each thread; the system caches the file too


def create(url: URL, **options: Any) -> Engine:
    """The engine of the file that `url` names; `options` are SQLAlchemy's."""
    engine = create_engine(url, **options, creator=partial(_connect, Path(url.database or "")))
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def empty_log(engine: Engine) -> bool:
    """Empties the write-ahead log, unless somebody still reads from it. Returns whether nothing is left to do."""
    with closing(engine.raw_connection()) as connection:  # not within a transaction
        cursor = connection.cursor()
        try:
            cursor.execute(_BUSY_TIMEOUT.format(milliseconds=_EMPTYING_SECONDS * 1000))
            return _is_emptied(cursor)
        finally:  # the connection returns to the pool
            cursor.execute(_BUSY_TIMEOUT.format(milliseconds=BUSY_SECONDS * 1000))


def rewrite(engine: Engine) -> bool:
    """Writes the file anew without what was deleted, and empties the log; False if somebody still reads from that.

    Raises sqlite3.Error.
    """
    with closing(engine.raw_connection()) as connection:  # not within a transaction
        cursor = connection.cursor()
        word_index.forget_deleted(cursor)
        cursor.execute("VACUUM")
        return _is_emptied(cursor)


def _is_emptied(cursor: Any) -> bool:
    ((busy, *_),) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return not busy


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(uri(path), uri=True, timeout=BUSY_SECONDS, check_same_thread=False)


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    _use_write_ahead_log(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", f"cache_size={-_CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """SQLite gives up at once, without its timeout, when two connections switch a new file together."""
    deadline = monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
        sleep(_SWITCH_PAUSE)


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    lock_timeout = options.get(LOCK_TIMEOUT)
    begin = "BEGIN IMMEDIATE" if options.get(WRITES, False) else "BEGIN"
    if lock_timeout is None:
        connection.exec_driver_sql(begin)
        return
    try:
        connection.exec_driver_sql(_BUSY_TIMEOUT.format(milliseconds=0))
        _begin_soon(connection, begin, monotonic() + lock_timeout)
    finally:  # the connection returns to the pool
        connection.exec_driver_sql(_BUSY_TIMEOUT.format(milliseconds=BUSY_SECONDS * 1000))


def _begin_soon(connection: Connection, begin: str, end: float) -> None:
    """Begins as soon as nobody holds the lock. SQLite itself looks ever more rarely, every 100 ms at last, and so may
    meet another one of many writers each time."""
    while True:
        try:
            connection.exec_driver_sql(begin)
            return
        except OperationalError as error:
            is_held = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            if not is_held or monotonic() > end:
                raise
        sleep(_LOOK_PAUSE)
