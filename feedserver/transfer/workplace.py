"""A private folder for what is not ready yet, which nobody can take for a backup or a site."""

import errno
import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError

from feedserver import disk
from feedserver.errors import BackupError

_PREFIX: Final = ".feedserver-unfinished-"
_LOCK: Final = "lock"


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A new private folder inside `folder`; removed with all that is in it when the block ends.

    A process that is killed leaves it behind; the next one that works in `folder` removes it.
    Raises BackupError if none can be made there.
    """
    try:
        _remove_abandoned(folder)
        place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
    except OSError as error:
        raise BackupError(f"{folder}: {error.strerror}") from error
    try:
        with (place / "new").open("x") as lock:
            with suppress(OSError):  # a file system without locks: what is left behind there stays
                fcntl.flock(lock, fcntl.LOCK_EX)
            os.rename(place / "new", place / _LOCK)  # locked from its first moment on
            yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def telling_of_full_disk(folder: Path) -> Iterator[None]:
    """Raises BackupError, which names the folder, for the errors of a file or a SQLite database on a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
    except DBAPIError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_FULL:
            raise
    else:
        return
    raise BackupError(f"{folder}: there is no space left on this disk")


def _remove_abandoned(folder: Path) -> None:
    for entry in os.scandir(folder):
        if entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False):
            with suppress(OSError), open(Path(entry) / _LOCK, opener=disk.without_links) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock.fileno()).st_uid == os.geteuid():
                    shutil.rmtree(entry, ignore_errors=True)
