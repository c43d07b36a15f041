"""Files and folders that only their owner may read: database and secret. Whatever the umask, and what was there.

What root makes belongs to the owner of the folder that it is in: a service of another user goes on with it.
"""

import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
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
    make_missing(folder)
    if not folder.stat().st_mode & stat.S_ISVTX:
        _set_mode(folder, _FOLDER)


def make_missing(folder: Path) -> None:
    """Makes a folder (0700) with those above it, unless it is there."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    for path in reversed(new):
        give(path, path.absolute().parent)


def opener(path: str, flags: int) -> int:
    """For `open`: makes a file (0600), or takes others' rights to an existing one away."""
    descriptor = os.open(path, flags, _FILE)
    _set_mode(descriptor, _FILE)
    give(Path(path), Path(path).absolute().parent)
    return descriptor


def reclaiming_opener(path: str, flags: int) -> int:
    """The same for a file that may be made anew: one that another user has left in a folder of ours is replaced.

    Raises StorageError, which says whose it is, if it cannot be.
    """
    file, me = Path(path).absolute(), os.geteuid()
    with telling_whose(file):
        try:
            return opener(path, flags)
        except PermissionError:
            if file.lstat().st_uid == me or file.parent.stat().st_uid != me:
                raise
        file.unlink()
        return opener(path, flags)


@contextmanager
def telling_whose(file: Path) -> Iterator[None]:
    """Raises StorageError, which says what to do, where a file or folder of the site belongs to another user."""
    try:
        yield
    except PermissionError as error:
        raise StorageError(why_closed([file]) or f"{file}: {error.strerror}") from error


def give(path: Path, like: Path) -> None:
    """Gives what root has made to the owner of `like`. Does nothing for other users, who may give nothing away.

    What a link leads to is never given away, nor a file that has a second name: the owner of the folder may have made
    them.
    """
    with suppress(OSError):
        owner, found = os.stat(like), os.lstat(path)
        alone = stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink == 1)
        if alone and found.st_uid == 0 and owner.st_uid != 0:
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def why_closed(files: Iterable[Path]) -> str | None:
    """Which of the site's files, or their folder, this process may not use, and what to do; None if it may."""
    for path in (one for file in files for one in (file.absolute().parent, file.absolute())):
        with suppress(OSError):  # what is farther up is not the site's
            needed = os.W_OK | (os.X_OK if path.is_dir() else os.R_OK)
            if not os.access(path, needed, effective_ids=True) and path.exists():
                return _whose(path)
    return None


def _whose(path: Path) -> str:
    """What is left of root is ours to take; what is another user's is the site's, and `chown` would end its service."""
    owner, me = path.stat().st_uid, os.geteuid()
    is_left = owner == 0 or path.parent.stat().st_uid == me
    advice = f"run `chown {_name(me)}: {path}` as root" if is_left else f"run it as {_name(owner)}, or as root"
    return f"{path} belongs to {_name(owner)}, and this program runs as {_name(me)}: {advice}"


def is_read_only(path: Path) -> bool:
    """Whether nobody can write a file, as its file system is mounted read-only."""
    with suppress(OSError):
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    return False


def take_from_others(path: Path) -> None:
    """Takes others' rights to a file away, without opening it. There need not be one."""
    with suppress(FileNotFoundError):
        _set_mode(path, _FILE)
        give(path, path.absolute().parent)


def take_database_from_others(file: Path) -> None:
    """The same for a SQLite file and its companions; later ones get its rights from SQLite."""
    for ending in ("", "-wal", "-shm", "-journal", ".lock"):
        take_from_others(Path(f"{file}{ending}"))


def take_site_from_others(folder: Path, database: Path | None) -> None:
    """Takes others' rights to a site that is there away: its secret, the folder of that, and its SQLite file, if any.

    Raises StorageError for a folder of the whole system, and for one that belongs to another user.
    """
    with telling_whose(secret(folder)):
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
        with suppress(OSError):  # another user's, who has decided; or its file system is read-only
            os.chmod(file, mode)


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
