"""Overwrites the places in a file that is made of boxes: MP4, QuickTime, AVIF, HEIF."""

import mmap
from pathlib import Path
from typing import Final

from feedserver.media.metadata.places import blanks

_PIECE: Final = 1 << 18  # bytes


def blank_places(file: Path) -> None:
    """Overwrites what `metadata.places` finds; the file keeps its length. Raises Damaged.

    The file is mapped, so that no more of it is in memory than is looked at.
    """
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as data:
        for at, new in list(blanks(data)):
            if isinstance(new, bytes):
                data[at : at + len(new)] = new
            else:
                for start in range(at, at + new, _PIECE):
                    end = min(at + new, start + _PIECE)
                    data[start:end] = bytes(end - start)
