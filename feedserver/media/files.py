"""A store of pictures and files in a folder, each as HASH/NAME: as a server of static files can send them too."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from feedserver import disk, private_files
from feedserver.errors import MediaStoreError
from feedserver.media.model import is_file_name, is_hash

_UNFINISHED: Final = ".unfinished"  # a folder of what is being written
_ABANDONED: Final = 86_400  # seconds after which nobody writes a file any more
_TRIES: Final = 3  # to rename into a folder that others remove when it is empty


class FileStore:
    """The files below `folder`. Several processes, and machines that share the folder, may use it at once.

    A file is written in `.unfinished`, synced, and renamed: a kill leaves nothing under a name that is not whole.
    """

    def __init__(self, folder: Path, *, private: bool) -> None:
        """`private`: only the site's user can read them; else everybody can, such as the user of a proxy."""
        self._folder = folder
        self._file_mode, self._folder_mode = (0o600, 0o700) if private else (0o644, 0o755)

    def put(self, hash_: str, name: str, file: Path) -> None:
        place = self._path(hash_, name)
        with _failing_as_a_store(self._folder), self._unfinished() as unfinished:
            with file.open("rb") as source, unfinished.open("xb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
                target.flush()
                os.fchmod(target.fileno(), self._file_mode)
                os.fsync(target.fileno())
            private_files.give(unfinished, self._folder)
            self._rename(unfinished, place)

    def open(self, hash_: str, name: str, first: int = 0, last: int | None = None) -> "FilePart":
        path = self._path(hash_, name)
        with _failing_as_a_store(path):
            return FilePart(path, first, last)

    def size(self, hash_: str, name: str) -> int | None:
        path = self._path(hash_, name)
        with _failing_as_a_store(path), suppress(FileNotFoundError):
            return path.stat().st_size
        return None

    def remove(self, hash_: str, name: str) -> None:
        path = self._path(hash_, name)
        with _failing_as_a_store(path):
            path.unlink(missing_ok=True)
            with suppress(OSError):  # another file is in there
                path.parent.rmdir()

    def names(self) -> Iterator[tuple[str, str]]:
        for folder in filter(is_hash, self._listed(self._folder)):
            for name in self._listed(self._folder / folder):
                yield folder, name

    def _path(self, hash_: str, name: str) -> Path:
        if not is_hash(hash_) or not is_file_name(name):
            raise MediaStoreError(f"{hash_}/{name} is no name of a picture or file")
        return self._folder / hash_ / name

    def _listed(self, folder: Path) -> list[str]:
        with _failing_as_a_store(folder), suppress(FileNotFoundError):
            return os.listdir(folder)
        return []

    @contextmanager
    def _unfinished(self) -> Iterator[Path]:
        """A new name to write at; nothing is left there."""
        place = self._folder / _UNFINISHED
        self._make_folder(self._folder)
        self._make_folder(place)
        new = place / secrets.token_hex(8)
        try:
            yield new
            _remove_abandoned(place)
        finally:
            new.unlink(missing_ok=True)

    def _rename(self, unfinished: Path, place: Path) -> None:
        for tries_left in reversed(range(_TRIES)):
            self._make_folder(place.parent)
            try:
                os.replace(unfinished, place)
            except FileNotFoundError:
                if not tries_left:
                    raise
            else:
                break
        for folder in (place.parent, self._folder):
            disk.sync(folder)

    def _make_folder(self, folder: Path) -> None:
        """Makes a folder and those above it, with the rights of this store; one that is there keeps its own."""
        for missing in reversed([one for one in (folder, *folder.parents) if not one.is_dir()]):
            missing.mkdir(0o700, exist_ok=True)
            missing.chmod(self._folder_mode)
            private_files.give(missing, missing.parent)


class FilePart:
    """The bytes of a file from `first` to `last`, both included; without `last` to the end."""

    def __init__(self, path: Path, first: int, last: int | None) -> None:
        self._file = path.open("rb", buffering=0)
        self._file.seek(first)
        self._left = None if last is None else max(0, last + 1 - first)

    def read(self, size: int, /) -> bytes:
        if self._left is None:
            return self._file.read(size) or b""
        piece = self._file.read(min(size, self._left)) or b""
        self._left -= len(piece)
        return piece

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()


@contextmanager
def _failing_as_a_store(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise MediaStoreError(f"{error.filename or path}: {error.strerror}") from error


def _remove_abandoned(folder: Path) -> None:
    """Removes what processes that were killed have left; by the file system's own clock."""
    now = folder.stat().st_mtime  # something was just made or renamed here
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):
            if now - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED:
                os.unlink(entry)
