"""A backup as bytes: a tar of plain files, compressed by gzip. Written and read as a stream, in pieces.

The manifest comes first and says what follows. The reader takes exactly that: a header of any other name, kind or size
(a link, a path, an extension of tar) is a fault, so a hostile archive writes nothing elsewhere and nothing more.
"""

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from feedserver.errors import BackupUnusable
from feedserver.text import strangers_line
from feedserver.transfer.manifest import Manifest, Member, from_json, to_json
from feedserver.transfer.progress import Meter

MANIFEST: Final = "manifest.json"
_LEVEL: Final = 6  # of gzip
_PIECE: Final = 1 << 18  # bytes read at a time
_LARGEST_MANIFEST: Final = 1 << 20  # bytes
_LONGEST_END: Final = 1 << 16  # bytes of zeros after the last file
_NO_BACKUP: Final = "it is nothing that `feedserver backup` has made"


def member_of(file: Path) -> Member:
    """What the manifest says of a file."""
    with file.open("rb") as opened:
        return Member(file.name, file.stat().st_size, hashlib.file_digest(opened, "sha256").hexdigest())


def write(target: IO[bytes], manifest: Manifest, files: Iterable[Path], meter: Meter) -> None:
    """Writes an archive of `files`, which are those of the manifest, in its order."""
    text = to_json(manifest)
    with gzip.GzipFile("", "wb", _LEVEL, target, mtime=0) as packed:
        packed.write(_header(Member(MANIFEST, len(text), ""), manifest) + text + _padding(len(text)))
        for member, file in zip(manifest.files, files, strict=True):
            packed.write(_header(member, manifest))
            with file.open("rb") as opened:
                while piece := opened.read(_PIECE):
                    packed.write(piece)
                    meter(len(piece))
            packed.write(_padding(member.size))
        packed.write(bytes(2 * tarfile.BLOCKSIZE))


def check(source: IO[bytes], manifest: Manifest, meter: Meter) -> None:
    """Reads a whole archive. Raises BackupUnusable unless it has this manifest, and the files that it names."""
    reader = Reader(source)
    if reader.manifest != manifest:
        raise BackupUnusable("its manifest is damaged")
    for member in manifest.files:
        for piece in reader.pieces(member):
            meter(len(piece))
    reader.end()


class Reader:
    """An archive that is being read: first `manifest`, then each of its files, then the end.

    All methods raise BackupUnusable for what is not exactly as the manifest says.
    """

    def __init__(self, source: IO[bytes]) -> None:
        """Reads the manifest."""
        self._packed = gzip.GzipFile(mode="rb", fileobj=source)
        with _readable(_NO_BACKUP):
            self._packed.peek(1)
        size = self._header(MANIFEST)
        if size > _LARGEST_MANIFEST:
            raise BackupUnusable(_NO_BACKUP)
        self.manifest = from_json(b"".join(self._content(size)))

    def pieces(self, member: Member) -> Iterator[bytes]:
        """The bytes of the next file, which must be this one; checked when the last of them has been taken."""
        size = self._header(member.name)
        if size != member.size:
            raise BackupUnusable(f"its {member.name} has {size} bytes, not {member.size} as its manifest says")
        digest = hashlib.sha256()
        for piece in self._content(size):
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

    def _header(self, name: str) -> int:
        """Reads the header of a plain file of this name; returns its size."""
        with _readable():
            block = self._packed.read(tarfile.BLOCKSIZE)
        try:
            found = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
        except tarfile.HeaderError:
            raise BackupUnusable(_NO_BACKUP if name == MANIFEST else f"it is damaged before its {name}") from None
        if found.name != name or found.type != tarfile.REGTYPE or found.size < 0:
            raise BackupUnusable(f"it has “{strangers_line(found.name, 100)}” in the place of a file {name}")
        return found.size

    def _content(self, size: int) -> Iterator[bytes]:
        left = size
        while left:
            with _readable():
                if not (piece := self._packed.read(min(left, _PIECE))):
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


def _header(member: Member, manifest: Manifest) -> bytes:
    info = tarfile.TarInfo(member.name)
    info.size, info.mode, info.mtime = member.size, 0o600, int(manifest.made_at.timestamp())
    return info.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
