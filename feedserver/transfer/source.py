"""Where an import reads: a file, a folder, a zip or a tar. Whoever made it may wish us ill.

Only plain files count; nothing is followed out of the export. A zip is read in place, a tar is unpacked into a private
folder first. Numbers and sizes are bounded; each refusal is an ImportRefused of one line.
"""

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from feedserver import disk
from feedserver.errors import ImportRefused
from feedserver.transfer.member_names import is_passed_over, require_readable, shown

MOST_FILES: Final = 500_000  # of a folder


class Source(ABC):
    """The files of an export. `path` is what its owner named; `is_folder`: it is a folder, or an archive."""

    path: Path
    is_folder: bool

    @abstractmethod
    def names(self) -> Sequence[str]:
        """All files, as paths with slashes, sorted. Of a single file: its name."""

    @abstractmethod
    def open(self, name: str) -> BinaryIO:
        """The bytes of a file. Reading them raises ImportRefused where an archive is damaged."""

    @abstractmethod
    def size(self, name: str) -> int:
        """The size of a file in bytes."""

    @abstractmethod
    def on_disk(self, name: str) -> AbstractContextManager[Path]:
        """A file of the file system with these bytes, which must not be changed."""


class FolderSource(Source):
    """A folder, or a single file in it."""

    def __init__(self, path: Path, folder: Path, names: Sequence[str], *, is_folder: bool) -> None:
        self.path = path
        self.is_folder = is_folder
        self._folder = folder
        self._names = names

    def names(self) -> Sequence[str]:
        return self._names

    def open(self, name: str) -> BinaryIO:
        try:
            file = open(self._folder / name, "rb", opener=disk.without_links)  # noqa: SIM115 - the caller closes it
        except OSError as error:
            raise ImportRefused(f"{shown(name)}: {error.strerror}") from None
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise ImportRefused(f"{shown(name)} is no plain file")
        return file

    def size(self, name: str) -> int:
        try:
            return (self._folder / name).stat().st_size
        except OSError as error:
            raise ImportRefused(f"{shown(name)}: {error.strerror}") from None

    @contextmanager
    def on_disk(self, name: str) -> Iterator[Path]:
        self.open(name).close()
        yield self._folder / name


@contextmanager
def opened(path: Path, scratch: Path) -> Iterator[Source]:
    """Opens what an import is to read. What has to be unpacked goes into a private folder inside `scratch`.

    Raises ImportRefused for what is not there, and for archives that are damaged, hostile or too large.
    """
    path = path.resolve()
    if not path.exists():
        raise ImportRefused("there is no such file or folder")
    if path.is_dir():
        yield folder_source(path, path)
        return
    alone = FolderSource(path, path.parent, (path.name,), is_folder=False)
    with alone.open(path.name) as file:
        start = file.read(512)
    from feedserver.transfer import packed

    if kind := packed.kind_of(start):
        with kind(path, scratch) as source:
            yield source
        return
    yield alone


def folder_source(path: Path, folder: Path) -> Source:
    """The plain files below `folder`, of what its owner named `path`. Links and devices are passed over."""
    names = []
    for name in _walk(folder, ""):
        names.append(name)
        if len(names) > MOST_FILES:
            raise ImportRefused(f"it holds more than {MOST_FILES:,} files")
    return FolderSource(path, folder, tuple(sorted(names)), is_folder=True)


def _walk(folder: Path, prefix: str) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder / prefix))
    except OSError as error:
        raise ImportRefused(f"{folder / prefix}: {error.strerror}") from None
    for entry in entries:
        name = prefix + entry.name
        require_readable(name)
        if entry.is_dir(follow_symlinks=False):
            if not is_passed_over(f"{name}/"):
                yield from _walk(folder, f"{name}/")
        elif entry.is_file(follow_symlinks=False) and not is_passed_over(name):
            yield name
