"""Files and folders that only their owner may read: database and secret. Whatever the umask, and what was there."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from feedserver.errors import StorageError

_FILE: Final = 0o600
_FOLDER: Final = 0o700


# Folders of the whole system (Filesystem Hierarchy Standard 3.0): `data_dir = "var"` is /var for who stands in /.
_OF_THE_SYSTEM: Final = frozenset(
    map(Path, "/ /bin /boot /dev /etc /home /lib /proc /run /sbin /sys /usr /var".split())
)


def make_folder(folder: Path) -> None:
    """Makes a folder (0700), or takes others' rights to an existing one away; not to one that is shared, as /tmp is.

    Raises StorageError for a folder of the whole system, which other programs need.
    """
    if folder.resolve() in _OF_THE_SYSTEM:
        raise StorageError(f"{folder.resolve()} belongs to the whole system; go to a folder of the site's own first")
    folder.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    if not folder.stat().st_mode & stat.S_ISVTX:
        _set_mode(folder, _FOLDER)


def opener(path: str, flags: int) -> int:
    """For `open`: makes a file (0600), or takes others' rights to an existing one away."""
    descriptor = os.open(path, flags, _FILE)
    _set_mode(descriptor, _FILE)
    return descriptor


def take_from_others(path: Path) -> None:
    """Takes others' rights to a file away, without opening it. There need not be one."""
    with suppress(FileNotFoundError):
        _set_mode(path, _FILE)


def take_database_from_others(file: Path) -> None:
    """The same for a SQLite file and its companions; later ones get its rights from SQLite."""
    for ending in ("", "-wal", "-shm", "-journal", ".lock"):
        take_from_others(Path(f"{file}{ending}"))


def take_site_from_others(folder: Path, database: Path | None) -> None:
    """Takes others' rights to a site that is there away: its secret, the folder of that, and its SQLite file, if any.

    Raises StorageError for a folder of the whole system.
    """
    if secret(folder).exists():
        make_folder(folder)
        take_from_others(secret(folder))
    if database is not None:
        take_database_from_others(database)


def secret(folder: Path) -> Path:
    """The file of the secret that signs forms, in the data directory."""
    return folder / "secret"


def _set_mode(file: Path | int, mode: int) -> None:
    if stat.S_IMODE(os.stat(file).st_mode) != mode:
        with suppress(PermissionError):  # another user's, who has decided
            os.chmod(file, mode)
