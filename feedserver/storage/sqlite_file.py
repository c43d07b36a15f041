"""The SQLite file that a process has opened: whether it is still the one at its path, and how to follow an exchange.

SQLite notices neither a deleted nor an exchanged file (https://sqlite.org/howtocorrupt.html, section 2.4): what is
committed then goes into a file to which no path leads, and the write-ahead log of the former file is replayed into the
new one. So each transaction compares device and inode of the database, its log and the log's index, at its beginning
and, if it has written, after its commit.
"""

import fcntl
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final, Literal

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from feedserver import private_files

_File = tuple[int, int] | None  # device and inode
_Files = tuple[_File, _File, _File]  # of the database, its write-ahead log, and the index of that
_WAIT: Final = 0.5  # seconds for another thread that follows an exchange
_SOON: Final = "try again"

_log = logging.getLogger(__name__)


class FileUnusable(OperationalError):
    """The SQLite file belongs to others. `advice` says what to do; it names no users and folders."""

    kind: Literal["gone", "refused"] = "refused"

    def __init__(self, said: str, advice: str) -> None:
        super().__init__(None, None, sqlite3.OperationalError(said))
        self.advice = advice


class FileMoved(FileUnusable):
    """The SQLite file is gone, or is another one than this process has opened."""

    kind = "gone"


@dataclass(frozen=True, slots=True)
class Opened:
    """The files as they were opened, and a connection that never writes: it keeps their inodes from being reused."""

    connection: Connection
    driver: sqlite3.Connection
    files: _Files
    is_frozen: bool  # its file system was read-only

    def is_still(self, files: _Files) -> bool:
        """Whether `files` are these; what was not there when they were opened is not compared."""
        return all(mine in (None, there) for mine, there in zip(self.files, files, strict=True))


class SqliteFile:
    """One SQLite file with its companions. Safe to share between threads, not between forked processes.

    All methods raise FileUnusable where the file cannot be used.
    """

    def __init__(self, path: Path, connect: Callable[[], Connection], forget: Callable[[], None]) -> None:
        """`connect` opens the file at `path` outside the pool; `forget` closes all pooled connections."""
        self._paths = path, Path(f"{path}-wal"), Path(f"{path}-shm")
        self._names = tuple(map(str, self._paths))
        self._path = path
        self._connect = connect
        self._forget = forget
        self._opened: Opened | None = None
        self._following = Lock()

    @property
    def is_open(self) -> bool:
        return self._opened is not None

    def check(self) -> Opened:
        """The open file, which is the one at the path; opened anew if another whole database stands there."""
        opened = self._opened or self._open()
        if not self._is_at_its_path(opened):
            opened = self._follow(opened)
        return opened

    def confirm(self, opened: Opened) -> None:
        """Call it after a commit: raises unless it went into the file that is at the path."""
        if not self._is_at_its_path(opened):
            raise self._gone(f"{self._path} was deleted or exchanged during a write, which may be lost")

    def close(self) -> None:
        """Closes the file. It can be opened again."""
        if self._opened is None:
            return
        with suppress(OperationalError):
            self.check()  # or the log of a file that was exchanged would be left beside the new one
        if self._opened is not None:
            self._opened.connection.close()
            self._opened = None

    def _open(self) -> Opened:
        before, *_ = self._look()
        if before is None:
            raise self._gone(f"there is no {self._path}")
        is_frozen = private_files.is_read_only(self._path)
        try:
            connection = self._connect()
        except OperationalError as error:
            if line := private_files.why_closed(self._paths):
                raise FileUnusable(line, "give its files to the user that the site runs as") from error
            raise
        driver: Any = connection.connection.dbapi_connection
        driver.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()  # opens the log, which is looked at next
        driver.execute("PRAGMA busy_timeout = 0")
        opened = Opened(connection, driver, self._look(), is_frozen)
        if opened.files[0] != before:
            connection.close()
            raise self._gone(f"{self._path} was exchanged while it was opened")
        if (other := self._opened) is None:
            self._opened = opened
            return opened
        connection.close()  # another thread was quicker
        return other

    def _follow(self, opened: Opened) -> Opened:
        if not self._following.acquire(timeout=_WAIT):
            raise FileMoved(f"{self._path} was exchanged, and is being looked at", _SOON)
        try:
            if self._opened is opened:
                self._leave(opened)
            return self._opened or self._open()
        finally:
            self._following.release()

    def _leave(self, opened: Opened) -> None:
        """Closes files that are no longer at their paths, unless what is there cannot be used."""
        if self._look()[0] is None:
            raise self._gone(f"{self._path} is gone")
        if opened.is_frozen:
            self._open_anew(opened, f"the file system of {self._path} is no longer read-only")
            return
        with self._locked_against_others():
            there = self._look()
            if opened.is_still(there):
                return
            self._set_log_aside(opened, there)
            if there[0] != opened.files[0]:
                self._require_whole()
        what = self._path if there[0] != opened.files[0] else self._paths[1]
        self._open_anew(opened, f"{what} was deleted or exchanged by another program")

    def _open_anew(self, opened: Opened, why: str) -> None:
        self._opened = None
        self._forget()
        opened.connection.close()
        _log.warning("%s; the database is opened anew", why)

    @contextmanager
    def _locked_against_others(self) -> Iterator[None]:
        """One process at a time sets a log aside: it must not be the log that another one has just begun."""
        with open(f"{self._path}.lock", "a", opener=private_files.reclaiming_opener) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FileMoved(f"{self._path} was exchanged, and another process looks at it", _SOON) from None
            yield

    def _set_log_aside(self, opened: Opened, there: _Files) -> None:
        """Writes the log into the file that it belongs to, and removes it: it would corrupt the new one."""
        _, log, index = opened.files
        if there[1] in (None, log):  # else others have begun another one
            try:
                (is_busy, *_) = opened.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error as error:
                raise self._gone(
                    f"{self._path} was exchanged, and {self._paths[1]} of the former file cannot be read ({error})",
                    f"stop the site, and delete {self._paths[1].name} and {self._paths[2].name}",
                ) from error
            if is_busy:
                raise FileMoved(f"{self._path} was exchanged, and the former file is still read", _SOON)
        for path, mine, found in zip(self._paths[1:], (log, index), there[1:], strict=True):
            if found is not None and found == mine:
                path.unlink(missing_ok=True)

    def _require_whole(self) -> None:
        try:
            with closing(sqlite3.connect(uri(self._path), uri=True)) as connection:
                connection.execute("SELECT revision FROM site").fetchall()
                ((found,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
        except sqlite3.Error as error:
            found = str(error)
        if found != "ok":
            raise self._gone(f"{self._path} was exchanged for a file that is not a whole feedserver database ({found})")

    def _is_at_its_path(self, opened: Opened) -> bool:
        """`opened.is_still(self._look())` in a quarter of the time: each transaction asks once or twice."""
        try:
            for name, mine in zip(self._names, opened.files, strict=True):
                if mine is not None:
                    there = os.stat(name)
                    if there.st_ino != mine[1] or there.st_dev != mine[0]:
                        return False
        except OSError:
            return False
        return not opened.is_frozen or private_files.is_read_only(self._path)

    def _look(self) -> _Files:
        database, log, index = map(self._file_at, self._paths)
        return database, log, index

    def _file_at(self, path: Path) -> _File:
        try:
            found = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._gone(f"{path}: {error.strerror}") from error
        return found.st_dev, found.st_ino

    def _gone(self, said: str, advice: str | None = None) -> FileMoved:
        return FileMoved(said, advice or f"put {self._path.name} back, or stop the site and restore a backup")


def uri(path: Path) -> str:
    """What SQLite opens `path` by, and never creates it (https://sqlite.org/uri.html).

    On a read-only file system SQLite could not even read it, unless it is told that nobody changes it.
    """
    log = Path(f"{path}-wal")
    is_frozen = private_files.is_read_only(path) and not (log.exists() and log.stat().st_size)
    return f"{path.absolute().as_uri()}?mode=rw{'&immutable=1' if is_frozen else ''}"
