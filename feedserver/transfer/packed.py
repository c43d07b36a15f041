"""Archives that an import reads. A zip in place, a tar (plain or gzip) unpacked into a private folder.

The bounds hold for what an archive says of itself and for what is in it: number of files, size of each, of all, of
everything between them (names of any length, PAX headers, the zip's directory). Links, devices, encrypted members and
other compressions than deflate are refused.
"""

import gzip
import io
import os
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

from feedserver import private_files
from feedserver.disk import PIECE
from feedserver.errors import ImportRefused
from feedserver.transfer.member_names import checked, is_passed_over, shown
from feedserver.transfer.source import Source, folder_source
from feedserver.workplace import workplace

MOST_MEMBERS: Final = 100_000
LARGEST_MEMBER: Final = 4 << 30  # bytes
LARGEST: Final = 32 << 30  # bytes of all members
_LARGEST_HEAD: Final = 8 << 20  # bytes of a zip's directory; of all headers of one tar member
_SUSPICIOUS: Final = 100 << 20  # bytes that shrink …
_SAYS_UTF8: Final = 0x800  # among the flags of a zip's member
_MOST_SHRINKING: Final = 500  # … to less than a 500th are a bomb: texts shrink to a tenth, a hundredth at most
# What zipfile and tarfile raise for what is damaged. RuntimeError is zipfile's for versions and flags that it does not
# know (NotImplementedError), and tarfile's for a thousand headers before one member, for each of which it calls itself.
_DAMAGED: Final = (
    *(zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)

Kind = Callable[[Path, Path], AbstractContextManager[Source]]


def kind_of(start: bytes) -> Kind | None:
    """How an archive that begins with these bytes is opened; None if it is none."""
    if start.startswith((b"PK\3\4", b"PK\5\6")):
        return _zip
    if start.startswith(b"\x1f\x8b") or start[257:262] == b"ustar":
        return _tar
    return None


# --- zip ---


class ZipSource(Source):
    """A zip that is read in place."""

    is_folder = True

    def __init__(self, path: Path, archive: zipfile.ZipFile, scratch: Path) -> None:
        self.path = path
        self._archive = archive
        self._scratch = scratch
        self._members: dict[str, zipfile.ZipInfo] = {}
        _require_few(len(archive.infolist()))
        total = 0
        for member in archive.infolist():
            name = checked(_name_of(member))
            if member.is_dir():
                continue
            _require_plain(member)
            total += member.file_size
            _require_small(name, member.file_size, member.compress_size, total)
            if name in self._members:
                raise ImportRefused(f"it holds two files of the name “{shown(name)}”")
            self._members[name] = member
        self._names = tuple(sorted(name for name in self._members if not is_passed_over(name)))

    def names(self) -> Sequence[str]:
        return self._names

    def open(self, name: str) -> BinaryIO:
        try:
            return io.BufferedReader(_Member(name, self._archive.open(self._members[name])), PIECE)
        except _DAMAGED as error:
            raise ImportRefused(f"{shown(name)} in it is damaged ({error})") from None

    def size(self, name: str) -> int:
        return self._members[name].file_size

    @contextmanager
    def on_disk(self, name: str) -> Iterator[Path]:
        with tempfile.NamedTemporaryFile(dir=self._scratch, prefix="member-") as file, self.open(name) as member:
            _copy(member, file, name, self.size(name))
            file.flush()
            yield Path(file.name)


def _name_of(member: zipfile.ZipInfo) -> str:
    """The name of a member. Apple's archiver, and `zip` on many servers, write UTF-8 without saying so."""
    if member.flag_bits & _SAYS_UTF8:
        return member.filename
    try:
        return member.filename.encode("cp437").decode()
    except UnicodeError:
        return member.filename


class _Member(io.RawIOBase):
    """Translates the errors of a member that is being read."""

    def __init__(self, name: str, member: IO[bytes]) -> None:
        self._name = name
        self._member = member

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            piece = self._member.read(len(buffer))
        except _DAMAGED as error:
            raise ImportRefused(f"{shown(self._name)} in it is damaged ({error})") from None
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._member.close()
        super().close()


@contextmanager
def _zip(path: Path, scratch: Path) -> Iterator[Source]:
    with path.open("rb") as file, workplace(scratch) as place:
        bounded = _Bounded(file)
        with _readable():
            archive = zipfile.ZipFile(bounded)
        bounded.most = None
        with archive:
            yield ZipSource(path, archive, place)


def _require_plain(member: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise ImportRefused(f"it holds a link or a device, “{shown(member.filename)}”; pack plain files alone")
    if member.flag_bits & 0x1:
        raise ImportRefused(f"“{shown(member.filename)}” in it is encrypted; pack it without a password")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ImportRefused(f"“{shown(member.filename)}” in it is compressed in an unusual way; pack it anew")


# --- tar ---


@contextmanager
def _tar(path: Path, scratch: Path) -> Iterator[Source]:
    with path.open("rb") as file, workplace(scratch) as place:
        is_gzip = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if is_gzip:
            _require_tar(gzip.GzipFile(fileobj=file))
            file.seek(0)
        (folder := place / "files").mkdir(mode=0o700)
        _unpack(_Bounded(gzip.GzipFile(fileobj=file) if is_gzip else file), folder, path.stat().st_size)
        yield folder_source(path, folder)


def _require_tar(stream: gzip.GzipFile) -> None:
    """Refuses one file that was packed alone, as servers and tools pack dumps."""
    with _readable():
        start = stream.read(tarfile.BLOCKSIZE)
    try:
        tarfile.TarInfo.frombuf(start, tarfile.ENCODING, "surrogateescape")
    except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
        return  # a tar of no files
    except tarfile.HeaderError:
        raise ImportRefused("it is a single file in gzip, no archive of files; unpack it first (gunzip)") from None


def _unpack(stream: "_Bounded", folder: Path, packed: int) -> None:
    number = total = 0
    with _readable():
        archive = tarfile.open(fileobj=stream, mode="r|", bufsize=tarfile.RECORDSIZE)  # noqa: SIM115 - nothing to close
    while True:
        stream.most = _LARGEST_HEAD
        with _readable():
            member = archive.next()
        archive.members = []  # type: ignore[attr-defined]  # else it keeps them all
        stream.most = None
        if member is None:
            break
        number += 1
        _require_few(number)
        name = checked(member.name) if member.name.strip("./") else ""
        if member.isdir():
            continue
        if not member.isreg() or member.issparse():
            raise ImportRefused(f"it holds a link or a device, “{shown(name)}”; pack plain files alone")
        total += member.size
        _require_small(name, member.size, packed, total)
        with _readable():
            content = archive.extractfile(member)
        if content is not None and name:
            _write(content, folder, name, member.size)
    stream.most = _LARGEST_HEAD
    with _readable():
        while stream.read(PIECE):  # to the sum at the end of a gzip
            pass


def _write(content: IO[bytes], folder: Path, name: str, size: int) -> None:
    file = folder / name
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = open(file, "xb", opener=private_files.opener)  # noqa: SIM115 - closed below
    except FileExistsError:
        raise ImportRefused(f"it holds two files of the name “{shown(name)}”") from None
    except OSError as error:
        raise ImportRefused(f"“{shown(name)}” in it cannot be unpacked: {error.strerror}") from None
    with target:
        _copy(content, target, name, size)


# --- both ---


class _Bounded(io.RawIOBase):
    """A stream of which at most `most` further bytes are read while that is set."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        self._stream = stream
        self.most: int | None = _LARGEST_HEAD

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._stream.seekable()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int | None = -1) -> bytes:
        size = -1 if size is None else size
        if self.most is None:
            return self._stream.read(size)
        piece = self._stream.read(min(size, self.most + 1) if size >= 0 else self.most + 1)
        self.most -= len(piece)
        if self.most < 0:
            raise ImportRefused("what it says of its files is too large; unpack it and name the folder")
        return piece


def _require_few(number: int) -> None:
    if number > MOST_MEMBERS:
        raise ImportRefused(f"it holds more than {MOST_MEMBERS:,} files; unpack it and name the folder")


def _require_small(name: str, size: int, packed: int, total: int) -> None:
    if size > LARGEST_MEMBER or total > LARGEST or (size > _SUSPICIOUS and size > _MOST_SHRINKING * packed):
        raise ImportRefused(f"it holds too much: “{shown(name)}” alone has {size:,} bytes, all together {total:,}")


def _copy(source: IO[bytes], target: IO[bytes], name: str, size: int) -> None:
    """Copies a member. Raises ImportRefused if it is damaged, or the disk too small for it."""
    left = size
    try:
        free = os.fstatvfs(target.fileno())
        if size > free.f_bavail * free.f_frsize // 2:
            raise ImportRefused(
                f"it takes {size:,} bytes to unpack “{shown(name)}”, and the disk has not twice as many"
            )
        while left:
            with _readable():
                if not (piece := source.read(min(left, PIECE))):
                    raise EOFError
            target.write(piece)
            left -= len(piece)
    except OSError as error:
        raise ImportRefused(f"“{shown(name)}” in it cannot be unpacked: {error.strerror}") from None


@contextmanager
def _readable() -> Iterator[None]:
    """Translates the errors of an archive that is cut off or damaged."""
    try:
        yield
    except EOFError:
        raise ImportRefused("it is cut off: its end is missing") from None
    except _DAMAGED as error:
        raise ImportRefused(f"it is damaged, or no archive ({error})") from None
