"""What is stored of any file: a picture without its metadata and with smaller copies, other files as they are."""

import fcntl
import hashlib
import json
import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from feedserver import disk, private_files
from feedserver.errors import MediaRefused
from feedserver.media import content_types
from feedserver.media.blanking import blank_places
from feedserver.media.metadata.buffers import Damaged
from feedserver.media.model import HASH_DIGITS, MadePicture, StoredFile
from feedserver.media.names import clean_name, extension_of, sized_name
from feedserver.text import strangers_line

_log = logging.getLogger(__name__)
_GIVEN: Final = "given"  # the copy of a file that is worked on
_PATIENCE: Final = 180  # seconds for one picture, which takes at most 60 of CPU
_LONGEST_NAME: Final = 100  # characters, in an error
_IN_TURN: Final = "pictures.lock"


@dataclass(frozen=True, slots=True)
class TakenFile:
    """A file that is to be stored: where it is now, and what it will be."""

    file: Path
    stored: StoredFile


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a file. `given` is the hash of its bytes as they were given; the smallest copy comes first."""

    given: str
    main: TakenFile
    copies: tuple[TakenFile, ...] = ()


def take(file: Path, name: str, place: Path, *, largest: int, turns: Path) -> Taken:
    """Writes into `place`, an empty folder, what is to be stored of a file; its type is told by its content.

    `name` is what it is called, of which a clean name is made. Pictures are read by a process of their own, one at a
    time among all that have the folder `turns`. Raises MediaRefused for what is larger than `largest` bytes, damaged,
    no picture though its name says so, or SVG.
    """
    shown = strangers_line(name, _LONGEST_NAME)
    given = place / _GIVEN
    hash_ = _copied(file, given, shown, largest)
    with given.open("rb") as opened:
        head = opened.read(content_types.HEAD)
    extension = extension_of(name)
    type_ = content_types.content_type(head, extension)
    if problem := content_types.why_not(head, extension, type_):
        raise MediaRefused(shown, problem)
    if type_ in content_types.PICTURES:
        return _picture(given, shown, clean_name(name, type_), type_, hash_, turns)
    if content_types.has_boxes(head):
        _blank(given, shown)
    return Taken(hash_, _taken(given, clean_name(name, type_), type_))


def _copied(file: Path, target: Path, name: str, largest: int) -> str:
    """Copies a file, and returns its hash: what is looked at cannot change then."""
    digest, size = hashlib.sha256(), 0
    with _opened(file, name) as source, target.open("xb") as copy:
        for piece in disk.pieces(source):
            size += len(piece)
            if size > largest:
                raise MediaRefused(name, f"it is larger than {largest:,} bytes (`media.largest`)")
            digest.update(piece)
            copy.write(piece)
    return digest.hexdigest()[:HASH_DIGITS]


def _opened(file: Path, name: str) -> IO[bytes]:
    try:
        if not stat.S_ISREG(file.stat().st_mode):  # one that never ends, or never begins
            raise MediaRefused(name, "it is no file")
        return file.open("rb")
    except OSError as error:
        raise MediaRefused(name, f"it cannot be read: {error.strerror}") from error


def _blank(file: Path, name: str) -> None:
    try:
        blank_places(file)
    except Damaged as error:
        raise MediaRefused(name, f"it is damaged ({error}), so that places in it cannot be found and removed") from None


def _taken(file: Path, name: str, type_: str, width: int | None = None, height: int | None = None) -> TakenFile:
    with file.open("rb") as opened:
        hash_ = hashlib.file_digest(opened, "sha256").hexdigest()[:HASH_DIGITS]
    size = file.stat().st_size
    return TakenFile(file, StoredFile(hash=hash_, name=name, type=type_, size=size, width=width, height=height))


# --- pictures ---


def _picture(file: Path, shown: str, name: str, type_: str, given: str, turns: Path) -> Taken:
    with _turn(turns) as lock:
        made = _made(file, shown, type_, lock)
    main, *copies = (
        _taken(file.with_name(one.file), _name_of(name, one), one.type, one.width, one.height) for one in made
    )
    return Taken(given, main, tuple(reversed(copies)))


def _name_of(name: str, made: MadePicture) -> str:
    named = clean_name(name, made.type)
    return named if made.side is None else sized_name(named, made.side)


@contextmanager
def _turn(folder: Path) -> Iterator[IO[str]]:
    """Waits until no other process of the machine reads a picture: each may take a gigabyte of memory."""
    with open(folder / _IN_TURN, "a", opener=private_files.reclaiming_opener) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def _made(file: Path, shown: str, type_: str, lock: IO[str]) -> list[MadePicture]:
    """What the process of a picture has made. It holds the lock too: it is what takes the memory."""
    command = [sys.executable, "-P", "-m", "feedserver.media.picture_process", type_, str(file.parent)]
    try:
        with file.open("rb") as source:
            process = subprocess.run(  # noqa: S603 - our own program
                command,
                stdin=source,
                capture_output=True,
                # Nothing else of the environment, as secrets may be in it; one arena of malloc bounds the addresses.
                env={"PYTHONPATH": os.pathsep.join(sys.path), "MALLOC_ARENA_MAX": "1"},
                pass_fds=[lock.fileno()],
                timeout=_PATIENCE,
                check=False,
            )
    except subprocess.TimeoutExpired:
        raise MediaRefused(shown, "it takes too long to decode") from None
    if process.returncode:
        why = process.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        _log.warning("the process that read a picture ended with %d: %s", process.returncode, strangers_line(why, 200))
        raise MediaRefused(shown, "it cannot be decoded within the bounds of time and memory, or is damaged")
    answer = json.loads(process.stdout)
    if "problem" in answer:
        raise MediaRefused(shown, answer["problem"])
    return [MadePicture(**one) for one in answer["files"]]
