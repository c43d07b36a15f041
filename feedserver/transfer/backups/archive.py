"""A backup as bytes: a tar of plain files, compressed by gzip. Written and read as a stream, in pieces.

The manifest comes first and says what follows; the database, which it names, says which pictures and files do. The
reader takes exactly that: a header of any other name, kind or size (a link, a path, an extension of tar) is a fault, so
a hostile archive writes nothing elsewhere and nothing more.
"""

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from feedserver import disk
from feedserver.errors import BackupUnusable
from feedserver.text import strangers_line
from feedserver.transfer.backups.manifest import Manifest, Member, from_json, to_json
from feedserver.transfer.progress import Meter, passing

MANIFEST: Final = "manifest.json"
_LEVEL: Final = 6  # of gzip
_LARGEST_MANIFEST: Final = 1 << 20  # bytes
_LONGEST_END: Final = 1 << 16  # bytes of zeros after the last file
_NO_BACKUP: Final = "it is nothing that `feedserver backup` has made"


def member_of(file: Path) -> Member:
    """What the manifest says of a file."""
    with file.open("rb") as opened:
        return Member(file.name, file.stat().st_size, hashlib.file_digest(opened, "sha256").hexdigest())


class Writer:
    """An archive that is being written, from its manifest on; `end` completes it."""

    def __init__(self, target: IO[bytes], manifest: Manifest) -> None:
        self._target = target
        self._made_at = manifest.made_at
        self._packed = _packing(target, _LEVEL)
        text = to_json(manifest)
        self.add(MANIFEST, len(text), [text])

    def add(self, name: str, size: int, pieces: Iterable[bytes]) -> None:
        """Writes the next file. Raises ValueError unless the pieces have `size` bytes."""
        self._packed.write(_header(name, size, self._made_at))
        left = size
        for piece in pieces:
            self._packed.write(piece)
            left -= len(piece)
        if left:
            raise ValueError(f"{name} has {size - left} bytes, not {size}")
        self._packed.write(_padding(size))

    def add_file(self, member: Member, file: Path, meter: Meter) -> None:
        """Writes `file`, which is this one of the manifest."""
        with file.open("rb") as opened:
            self.add(member.name, member.size, passing(disk.pieces(opened), meter))

    def compress_no_more(self) -> None:
        """What follows is stored as it is, in a gzip member of its own (RFC 1952 section 2.2)."""
        self._packed.close()
        self._packed = _packing(self._target, 0)

    def end(self) -> None:
        self._packed.write(bytes(2 * tarfile.BLOCKSIZE))
        self._packed.close()


class Reader:
    """An archive that is being read: first `manifest`, then each of its files, then the end.

    All methods raise BackupUnusable for what is not exactly as the manifest says.
    """

    def __init__(self, source: IO[bytes]) -> None:
        """Reads the manifest."""
        self._packed = gzip.GzipFile(mode="rb", fileobj=source)
        with _readable(_NO_BACKUP):
            self._packed.peek(1)
        _, size = self.header(MANIFEST)
        if size > _LARGEST_MANIFEST:
            raise BackupUnusable(_NO_BACKUP)
        self.manifest = from_json(b"".join(self.content(size)))

    def pieces(self, member: Member) -> Iterator[bytes]:
        """The bytes of the next file, which must be this one; checked when the last of them has been taken."""
        _, size = self.header(member.name)
        if size != member.size:
            raise BackupUnusable(f"its {member.name} has {size} bytes, not {member.size} as its manifest says")
        digest = hashlib.sha256()
        for piece in self.content(size):
            digest.update(piece)
            yield piece
        if digest.hexdigest() != member.sha256:
            raise BackupUnusable(f"its {member.name} is damaged: it has another SHA-256 than its manifest says")

    def end(self) -> None:
        """Reads what follows the last file: zeros, and gzip's own sum of all bytes."""
        with _readable():
            rest = self._packed.read(_LONGEST_END)
            if len(rest) < 2 * tarfile.BLOCKSIZE or any(rest) or self._packed.read(1):
                raise BackupUnusable("it is damaged: something else follows its last file")

    def header(self, *names: str) -> tuple[str, int]:
        """Reads the header of the next file, which must be a plain one of these names; returns its name and size."""
        with _readable():
            block = self._packed.read(tarfile.BLOCKSIZE)
        try:
            found = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
        except tarfile.HeaderError:
            raise BackupUnusable(
                _NO_BACKUP if names == (MANIFEST,) else f"it is damaged before its {strangers_line(names[0], 100)}"
            ) from None
        if found.name not in names or found.type != tarfile.REGTYPE or found.size < 0:
            raise BackupUnusable(
                f"it has “{strangers_line(found.name, 100)}” in the place of a file {strangers_line(names[0], 100)}"
            )
        return found.name, found.size

    def content(self, size: int) -> Iterator[bytes]:
        """The bytes of the file whose header was read."""
        left = size
        while left:
            with _readable():
                if not (piece := self._packed.read(min(left, disk.PIECE))):
                    raise EOFError
            left -= len(piece)
            yield piece
        with _readable():
            self._packed.read(len(_padding(size)))


@contextmanager
def _readable(problem: str = "it is damaged") -> Iterator[None]:
    """Translates the errors of a stream that is cut off or damaged."""
    try:
        yield
    except EOFError:
        raise BackupUnusable("it is cut off: its end is missing") from None
    except (gzip.BadGzipFile, zlib.error):
        raise BackupUnusable(problem) from None


def _packing(target: IO[bytes], level: int) -> gzip.GzipFile:
    return gzip.GzipFile("", "wb", level, target, mtime=0)


def _header(name: str, size: int, made_at: datetime) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(made_at.timestamp())
    return info.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
