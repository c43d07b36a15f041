"""The folder in which the processes of one server count together (prometheus_client's multi-process mode).

Each process has two files in it, of at least 64 kB. Those of ended processes are merged: totals go on, and the folder
does not grow with the number of processes. The server's first process makes the folder, and removes it at the end, also
those of servers that were killed: a lock on each folder shows that its server lives.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it when it is imported
_PREFIX: Final = "feedserver-metrics-"
_LOCK: Final = "lock"
_KINDS: Final = ("counter", "histogram")
_MERGE_SECONDS: Final = 1.0  # the first process waits no longer for one that is just reading

_held: list[int] = []  # descriptors that hold the locks of our folders; forked processes inherit them


def begin(place: Path) -> None:
    """Makes the folder of this server below `place`, which others may share, and has all processes that it forks count
    in it. Raises OSError."""
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


def in_use() -> Path | None:
    """The folder of this server; None where each process counts for itself."""
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
    """
    folder = in_use()
    if folder is None:
        return
    with suppress(TimeoutError), _locked(folder / _LOCK, fcntl.LOCK_EX, _MERGE_SECONDS):
        for kind in _KINDS:
            ended, total = folder / f"{kind}_{pid}.db", folder / f"{kind}_ended.db"
            if ended.exists():
                _merge([file for file in (ended, total) if file.exists()], total)
                ended.unlink()


def _merge(files: list[Path], total: Path) -> None:
    from prometheus_client.mmap_dict import MmapedDict, mmap_key
    from prometheus_client.multiprocess import MultiProcessCollector

    new = total.with_suffix(".new")  # not read by anybody under this name
    new.unlink(missing_ok=True)
    written = MmapedDict(str(new))  # type: ignore[no-untyped-call]
    names = [str(file) for file in files]
    for metric in MultiProcessCollector.merge(names, accumulate=False):  # type: ignore[no-untyped-call]
        for sample in metric.samples:
            labels, values = list(sample.labels), list(sample.labels.values())
            key = mmap_key(metric.name, sample.name, labels, values, metric.documentation)
            written.write_value(key, sample.value, 0.0)  # type: ignore[no-untyped-call]
    written.close()  # type: ignore[no-untyped-call]
    new.replace(total)


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
