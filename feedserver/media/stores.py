"""What a store of pictures and files does: `files` has them in a folder, `s3` in a bucket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol


class Reader(Protocol):
    """The bytes of a file, or a part of them, in order.

    One that also has `fileno()` is sent by the kernel: its position is at the first byte.
    """

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""

    def close(self) -> None:
        """Ends the reading."""


class MediaStore(Protocol):
    """Files under hash and name (`model.StoredFile`). Each method raises MediaStoreError if the store fails."""

    def put(self, hash_: str, name: str, file: Path) -> None:
        """Stores the bytes of `file`, which may be moved: whole before they have their name. Twice is harmless."""

    def open(self, hash_: str, name: str, first: int = 0, last: int | None = None) -> Reader:
        """The bytes from `first` to `last`, both included; without `last` to the end.

        Raises FileNotFoundError if there is no such file.
        """

    def size(self, hash_: str, name: str) -> int | None:
        """Its bytes; None if there is no such file."""

    def remove(self, hash_: str, name: str) -> None:
        """Removes it; there need not be one."""

    def names(self) -> Iterator[tuple[str, str]]:
        """The hash and name of each file."""
