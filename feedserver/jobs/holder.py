"""Which process holds a lease, and whether that process still lives.

A lease ends by itself within 85 s. After a crash that is long, so each process that takes leases also holds a lock for
as long as it lives, and whoever gets that lock knows that its holder is dead and its leases may be had at once. The
kernel, or PostgreSQL's server, lets go of the lock when the process ends, however it ends. Being wrong is harmless: a
holder that lost its connection, and with it its lock, finds its leases taken by another and its results void.

SQLite: a locked file beside the database. PostgreSQL: an advisory lock of a session that the process keeps open.
"""

import fcntl
import glob
import os
import secrets
from contextlib import suppress
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from feedserver.storage.engine import Database

_CLASS = 0x6A6F6273  # “jobs”: the first half of the advisory locks' key


class Holder:
    """This process, as the holder of leases. Safe to share between threads; made anew in each forked process."""

    def __init__(self, database: Database) -> None:
        """Takes no lock yet: a process that only reads needs none. The lock ends with `database.close()`."""
        self._database = database
        self._name: str | None = None  # chosen with the lock, so that forked processes never share one
        self._lock = Lock()
        self._file: int | None = None
        self._session: Connection | None = None
        database.at_close.append(self.close)

    @property
    def name(self) -> str:
        """The name to write on leases; the lock that goes with it is held from now on."""
        with self._lock:
            name = self._name = self._name or str(secrets.randbelow(2**31))
            if self._database.file is not None:
                if self._file is None:
                    _sweep(self._database.file)
                    self._file = _locked_file(_path(self._database.file, name))
            elif self._session is None:
                self._session = self._locked_session(name)
        return name

    def refresh(self) -> None:
        """Sees to it that the lock is taken again where the session that had it has broken; called now and then."""
        with self._lock:
            if self._session is None:
                return
            try:
                self._session.execute(text("SELECT 1"))
            except DBAPIError:
                self._session.invalidate()
                self._session.close()
                self._session = None

    def is_dead(self, name: str) -> bool:
        """Whether the process that wrote `name` on its leases has ended."""
        if name == self._name:
            return False
        if self._database.file is not None:
            return _is_free(_path(self._database.file, name))
        with self._database.read() as connection:  # the lock, if it is had, ends with this transaction
            query = text("SELECT pg_try_advisory_xact_lock(:class, :name)")
            return bool(connection.execute(query, {"class": _CLASS, "name": int(name)}).scalar_one())

    def close(self) -> None:
        """Lets go of the lock, as the end of the process would."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None
                with suppress(OSError):
                    _path(self._database.file or Path(), self._name or "").unlink()
            if self._session is not None:
                self._session.invalidate()  # a session that went back to the pool would keep its lock
                self._session.close()
                self._session = None

    def _locked_session(self, name: str) -> Connection:
        session = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        session.execute(text("SELECT pg_advisory_lock(:class, :name)"), {"class": _CLASS, "name": int(name)})
        return session


def _path(database: Path, name: str) -> Path:
    return database.with_name(f"{database.name}.holder-{name}")


def _locked_file(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return descriptor
        os.close(descriptor)  # another process swept it away between the two steps


def _sweep(database: Path) -> None:
    """Takes away the files of processes that have died."""
    for path in database.parent.glob(f"{glob.escape(database.name)}.holder-*"):
        _is_free(path)


def _is_free(path: Path) -> bool:
    """Whether nobody holds the file's lock; a dead holder's file is taken away."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        with suppress(FileNotFoundError):
            path.unlink()
        return True
    finally:
        os.close(descriptor)
