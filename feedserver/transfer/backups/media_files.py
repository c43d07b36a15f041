"""The pictures and files of a site in its backup: behind the database, which says which ones there are, in its order.

They are found by hash and name. One that the store lacks, or has with another size, is there as an empty file below
`missing/`: a site without one of its pictures can be backed up all the same.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from feedserver import disk, private_files
from feedserver.errors import BackupUnusable, MediaStoreError
from feedserver.media.model import HASH_DIGITS
from feedserver.media.stores import MediaStore
from feedserver.media.stores import Reader as StoredFile
from feedserver.text import strangers_line
from feedserver.transfer.backups.archive import Reader, Writer
from feedserver.transfer.progress import Meter

_NAMED: Final = 3  # files in a line for people
_LONGEST_NAME: Final = 100  # bytes, in a header without extensions


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A picture or file, or a smaller copy of one, that the database names. `size` is in bytes."""

    hash: str
    name: str
    size: int

    def __str__(self) -> str:
        return f"{self.hash}/{self.name}"

    def member(self, folder: str) -> str:
        """Its name in the archive. Of a long one the end is kept: it is for people."""
        start = f"{folder}/{self.hash}/"
        return start + self.name.encode()[-(_LONGEST_NAME - len(start)) :].decode(errors="ignore")


@dataclass(slots=True)
class Lost:
    """What the site no longer has as its database says: `missing` files, and `damaged` ones, of another hash."""

    missing: list[MediaFile] = field(default_factory=list)
    damaged: list[MediaFile] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.missing or self.damaged)

    @property
    def told(self) -> str:
        """What is lost, for people: the first files by name."""
        kinds = (("missing", self.missing), ("damaged", self.damaged))
        return "; ".join(f"{how}: {_named(files)}" for how, files in kinds if files)


def write(writer: Writer, store: MediaStore, files: Iterable[MediaFile], meter: Meter) -> Lost:
    """Writes the files into an archive. Raises MediaStoreError."""
    lost = Lost()
    for file in files:
        if (opened := _opened(store, file)) is None:
            lost.missing.append(file)
            writer.add(file.member("missing"), 0, [])
            continue
        with closing(opened):
            writer.add(file.member("media"), file.size, _watched(file, disk.pieces(opened), lost, meter))
    return lost


def read(reader: Reader, files: Iterable[MediaFile], meter: Meter) -> Lost:
    """Reads the files of an archive. Raises BackupUnusable unless exactly these follow."""
    lost = Lost()
    for file in files:
        for _ in _next(reader, file, lost, meter):
            pass
    return lost


def unpack(
    reader: Reader, files: Iterable[MediaFile], folder: Path, meter: Meter
) -> tuple[list[tuple[MediaFile, Path]], Lost]:
    """Writes the files of an archive into `folder`, by numbers. Returns those that are there; raises like `read`."""
    lost = Lost()
    unpacked = []
    for number, file in enumerate(files):
        path = folder / f"media-{number}"
        with open(path, "wb", opener=private_files.opener) as target:
            target.writelines(_next(reader, file, lost, meter))
        if file not in lost.missing[-1:]:
            unpacked.append((file, path))
    return unpacked, lost


@contextmanager
def stored(store: MediaStore, unpacked: Iterable[tuple[MediaFile, Path]]) -> Iterator[None]:
    """Puts unpacked files into the store; after an exception, in the block too, those that are new there go again.

    Raises MediaStoreError.
    """
    new: list[MediaFile] = []
    try:
        for file, path in unpacked:
            if store.size(file.hash, file.name) is None:
                new.append(file)
            store.put(file.hash, file.name, path)
            path.unlink(missing_ok=True)  # so that the disk need not hold all of them twice
        yield
    except BaseException:
        for file in new:
            with suppress(MediaStoreError):
                store.remove(file.hash, file.name)
        raise


def _next(reader: Reader, file: MediaFile, lost: Lost, meter: Meter) -> Iterator[bytes]:
    """The bytes of the next file of an archive, which must be this one; none if it is missing."""
    name, size = reader.header(file.member("media"), file.member("missing"))
    if name == file.member("missing"):
        lost.missing.append(file)
        expected, pieces = 0, reader.content(size)
    else:
        expected, pieces = file.size, _watched(file, reader.content(size), lost, meter)
    if size != expected:
        raise BackupUnusable(f"its {strangers_line(name, 100)} has {size} bytes, not {expected}")
    yield from pieces


def _opened(store: MediaStore, file: MediaFile) -> StoredFile | None:
    try:
        return store.open(file.hash, file.name) if store.size(file.hash, file.name) == file.size else None
    except FileNotFoundError:  # removed meanwhile
        return None


def _watched(file: MediaFile, pieces: Iterator[bytes], lost: Lost, meter: Meter) -> Iterator[bytes]:
    """The pieces of a file; at their end it is among the damaged ones if they have another hash."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        meter(len(piece))
        yield piece
    if digest.hexdigest()[:HASH_DIGITS] != file.hash:
        lost.damaged.append(file)


def _named(files: list[MediaFile]) -> str:
    names = [strangers_line(str(file), 200) for file in files[:_NAMED]]
    more = [f"{len(files) - _NAMED} more"] if len(files) > _NAMED else []
    return ", ".join(names + more)
