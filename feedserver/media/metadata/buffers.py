"""The bytes of a file that is read here and there."""

import mmap
import struct
from collections.abc import Iterator
from typing import Final

Buffer = bytes | mmap.mmap  # both give bytes for a slice
Change = tuple[int, bytes | int]  # where to overwrite a file, with which bytes, or with how many zeros
_PIECE: Final = 1 << 18  # bytes


class Damaged(ValueError):
    """The structure of a file is not what its kind demands. `str` says what of it, in a word or two."""


def pieces(data: Buffer, start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` to before `end`, of which little is in memory at a time."""
    for at in range(start, end, _PIECE):
        yield data[at : min(end, at + _PIECE)]


def numbers(form: str, data: Buffer, at: int) -> tuple[int, ...]:
    """The numbers of a form (of `struct`) at a place. Raises Damaged where the file ends before it does."""
    try:
        return struct.unpack_from(form, data, at)
    except struct.error:
        raise Damaged("it ends too early") from None
