"""Finds the file of an export among others by how it begins."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from feedserver.errors import FeedserverError, ImportRefused
from feedserver.transfer.source import Source

_LENGTH: Final = 65_536  # bytes
_MOST_FILES: Final = 200  # that are opened


@dataclass(frozen=True, slots=True)
class Beginning:
    """How the files of a kind of export begin, and how their names end where there are others beside them."""

    endings: tuple[str, ...]
    is_export: Callable[[bytes], bool]

    def is_in(self, source: Source) -> bool:
        """Whether there is such a file."""
        return any(True for _ in self.found(source))

    def found(self, source: Source) -> Iterator[str]:
        """Their names, those in the outermost folders first. A file that was named itself may end anyhow."""
        names = source.names()
        if source.is_folder:
            names = sorted((name for name in names if name.lower().endswith(self.endings)), key=_depth)
        return (name for name in names[:_MOST_FILES] if self.is_export(_beginning(source, name)))

    def only(self, source: Source, kind: str) -> str:
        """The name of the one such file. A file that was named itself is taken as it is, whatever it may be.

        Raises ImportRefused if there is none, or more than one.
        """
        if not source.is_folder:
            return source.names()[0]
        names = list(self.found(source))
        if not names:
            raise ImportRefused(f"{source.path.name} holds no export of the kind {kind}")
        if len(names) > 1:
            raise ImportRefused(
                f"{source.path.name} holds several exports, {names[0]} and {names[1]}; name one of them"
            )
        return names[0]


def _depth(name: str) -> int:
    return name.count("/")


def _beginning(source: Source, name: str) -> bytes:
    try:
        with source.open(name) as file:
            return file.read(_LENGTH)
    except (FeedserverError, OSError):
        return b""
