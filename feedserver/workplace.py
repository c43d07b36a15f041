"""A private folder for what is not ready yet: nobody can take it for what it will be, a backup, a site or a picture."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from feedserver import disk
from feedserver.errors import StorageError

_PREFIX: Final = ".feedserver-unfinished-"
_LOCK: Final = "lock"
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A new private folder inside `folder`; removed with all that is in it when the block ends.

    A process that is killed leaves it behind; the next one that works in `folder` removes it.
    Raises StorageError if none can be made there, or the disk is full.
    """
    try:
        _remove_abandoned(folder)
        place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}") from error
    try:
        with (place / "new").open("x") as lock:
            with suppress(OSError):  # a file system without locks: what is left behind there stays
                fcntl.flock(lock, fcntl.LOCK_EX)
            os.rename(place / "new", place / _LOCK)  # locked from its first moment on
            yield place
    except OSError as error:
        if error.errno not in _FULL or error.filename is not None:  # of writing, Python does not say where
            raise
        raise StorageError(f"{folder}: there is no space left on this disk") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def is_workplace(entry: os.DirEntry[str]) -> bool:
    """Whether this is a folder that `workplace` has made, at work or left behind."""
    return entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False)


def _remove_abandoned(folder: Path) -> None:
    for entry in os.scandir(folder):
        if is_workplace(entry):
            with suppress(OSError), open(Path(entry) / _LOCK, opener=disk.without_links) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock.fileno()).st_uid == os.geteuid():
                    shutil.rmtree(entry, ignore_errors=True)
