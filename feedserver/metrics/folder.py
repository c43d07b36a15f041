"""The folder in which the processes of one server count together (prometheus_client's multi-process mode).

Each process has two files in it, whose room it takes when it begins to count. Those of ended processes are merged:
totals go on, and the folder does not grow with the number of processes. The server's first process makes the folder,
and removes it at the end, also those of servers that were killed: a lock on each folder shows that its server lives.

Others may take it away, such as systemd-logind the shared memory of a user who logs out, or fill its disk. Counts are
worth less than the server: it goes on without them, and says so.
"""

import errno
import fcntl
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from feedserver import private_files

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it when it is imported
_PREFIX: Final = "feedserver-metrics-"
_LOCK: Final = "lock"
_UNREAD: Final = ".new"  # ending of a file that is not whole yet: nobody reads it
_KINDS: Final = {"counter": 65_536, "histogram": 524_288}  # bytes that hardly any process outgrows
_MERGE_SECONDS: Final = 1.0  # the first process waits no longer for one that is just reading
_ROOM: Final = 4_000_000  # bytes that must be free: to write to a mapped file on a full disk ends the process (SIGBUS)

_log = logging.getLogger(__name__)

_held: list[int] = []  # descriptors that hold the locks of our folders; forked processes inherit them


def begin(place: Path) -> None:
    """Makes the folder of this server below `place`, which others may share, and has all processes that it forks count
    in it. Raises OSError."""
    _require_room(place)
    for left in place.glob(f"{_PREFIX}*"):
        _remove_abandoned(left)
    unnamed = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}", dir=place)).absolute()
    _held.append(os.open(unnamed, os.O_RDONLY))
    fcntl.flock(_held[-1], fcntl.LOCK_EX)
    folder = unnamed.rename(unnamed.with_name(unnamed.name[1:]))  # found by others only when its lock is held
    os.environ[VARIABLE] = str(folder)


def end() -> None:
    """Removes the folder of this server."""
    if (folder := in_use()) is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.environ[VARIABLE] = ""
    while _held:
        os.close(_held.pop())


def begin_again() -> None:
    """Makes the folder of this server anew if it was taken away, before the first process forks another one."""
    folder = _named()
    if folder is None or folder.is_dir():
        return
    try:
        folder.mkdir(mode=0o700)
        _held.append(os.open(folder, os.O_RDONLY))
        fcntl.flock(_held[-1], fcntl.LOCK_EX)
    except OSError as error:
        _log.warning("/metrics lacks what new processes count: %s: %s", folder, error.strerror)
    else:
        _log.warning(
            "%s was removed by another program: what was counted is lost, and a reload counts all again", folder
        )


def reserve() -> bool:
    """Takes the room that this process's files need. Returns False if the disk is full: nothing is counted then."""
    folder = in_use()
    try:
        if folder is not None:
            _require_room(folder)
            for kind, size in _KINDS.items():
                path = folder / f"{kind}_{os.getpid()}.db"
                if not path.exists():
                    _make(path, size)
    except OSError as error:
        _log.warning("/metrics lacks what this process counts: %s: %s", folder, error.strerror)
        return False
    return True


def _make(path: Path, size: int) -> None:
    """Makes a file of zeros. Others find it whole: to read an empty one is an error for prometheus_client."""
    new = path.with_suffix(_UNREAD)
    with open(new, "wb", opener=private_files.opener) as file:
        file.write(bytes(size))
    new.rename(path)


def in_use() -> Path | None:
    """The folder of this server; None where each process counts for itself, or where others have removed it."""
    return found if (found := _named()) is not None and found.is_dir() else None


def _named() -> Path | None:
    return Path(found) if (found := os.environ.get(VARIABLE)) else None


@contextmanager
def reading() -> Iterator[None]:
    """Nothing is merged meanwhile: what is moved would be counted twice, or not at all."""
    folder = in_use()
    if folder is None:
        yield
        return
    with _locked(folder / _LOCK, fcntl.LOCK_SH):
        yield


def merge(pid: int) -> None:
    """Merges what an ended process has counted into the files of all that have ended.

    Where a process that reads is in the way for a second, the files stay as they are: they are counted all the same.
    Never raises: what it raised would end the server.
    """
    folder = in_use()
    if folder is None:
        return
    try:
        with suppress(TimeoutError), _locked(folder / _LOCK, fcntl.LOCK_EX, _MERGE_SECONDS):
            for kind in _KINDS:
                ended, total = folder / f"{kind}_{pid}.db", folder / f"{kind}_ended.db"
                ended.with_suffix(_UNREAD).unlink(missing_ok=True)
                if ended.exists():
                    _require_room(folder)
                    _merge([file for file in (ended, total) if file.exists()], total)
                    ended.unlink()
    except Exception as error:  # noqa: BLE001 - a damaged file raises whatever prometheus_client meets
        _log.warning("what the process %d has counted could not be merged: %s", pid, error)


def _merge(files: list[Path], total: Path) -> None:
    from prometheus_client.mmap_dict import MmapedDict, mmap_key
    from prometheus_client.multiprocess import MultiProcessCollector

    new = total.with_suffix(_UNREAD)
    new.unlink(missing_ok=True)
    names = [str(file) for file in files]
    found = list(MultiProcessCollector.merge(names, accumulate=False))  # type: ignore[no-untyped-call]
    written = MmapedDict(str(new))  # type: ignore[no-untyped-call]
    for metric in found:
        for sample in metric.samples:
            labels, values = list(sample.labels), list(sample.labels.values())
            key = mmap_key(metric.name, sample.name, labels, values, metric.documentation)
            written.write_value(key, sample.value, 0.0)  # type: ignore[no-untyped-call]
    written.close()  # type: ignore[no-untyped-call]
    new.replace(total)


def _require_room(place: Path) -> None:
    """Raises OSError if the disk is nearly full."""
    about = os.statvfs(place)
    if about.f_bavail * about.f_frsize < _ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))


def _remove_abandoned(folder: Path) -> None:
    """Removes the folder of a server that has ended; not that of one that lives, or of another user."""
    with suppress(OSError):
        if folder.lstat().st_uid == os.geteuid() and folder.is_dir() and not folder.is_symlink():
            with _locked(folder, seconds=0):
                shutil.rmtree(folder)


@contextmanager
def _locked(path: Path, how: int = fcntl.LOCK_EX, seconds: float = 10.0) -> Iterator[None]:
    """Holds a lock on a folder, or on a file that is made where there is none. Raises TimeoutError."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT, 0o600)
    try:
        end = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(descriptor, how | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise TimeoutError(f"{path} is locked") from None
                time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)
