"""Files as they lie on a disk: read in pieces, opened without a trap, and made sure of; and how much room is left."""

import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final, Protocol

PIECE: Final = 1 << 18  # bytes read at a time


class Readable(Protocol):
    """What bytes are read from, of any size."""

    def read(self, size: int, /) -> bytes: ...


def pieces(file: Readable) -> Iterator[bytes]:
    """The rest of a file, of which little is in memory at a time."""
    return iter(partial(file.read, PIECE), b"")


def without_links(path: str, flags: int) -> int:
    """For `open`: follows no link, and does not wait for the other end of a pipe."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def sync(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def free_bytes(folder: Path) -> int | None:
    """Bytes that this program may still write in a folder; None if that cannot be told."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
