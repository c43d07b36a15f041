"""A disk that has no room for what is written there."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from feedserver.errors import BackupError


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
