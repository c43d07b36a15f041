"""JSON of any size, a piece at a time, in bounded memory; deep, damaged and over-long JSON is refused with its line."""

from collections.abc import Collection, Iterator
from typing import Any, BinaryIO, Final

import ijson

from feedserver.errors import ImportRefused

MAX_PIECE: Final = 16 * 1_048_576  # bytes of one piece, or of one text between pieces: some posts hold their pictures
_MAX_VALUES: Final = 200_000  # in a piece: empty lists take twenty times as much memory as they take bytes
_MAX_DEPTH: Final = 64
_MAX_READ: Final = 1_048_576  # the parser begins anew with a text that is longer
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_ENDS: Final = {"end_map", "end_array"}

Path = tuple[str, ...]


def pieces(file: BinaryIO, name: str, paths: Collection[Path]) -> Iterator[tuple[Path, Any]]:
    """The values at any of `paths`, as the file has them one after another, each with its path.

    A path has the names of members, and `*` for the items of a list. Numbers are int or float. `name` is that of the
    file, for people. Raises ImportRefused, in the middle if need be.
    """
    lines = _Lines(file, name)
    place = _Place(paths)
    try:
        for event, value in ijson.basic_parse(lines, buf_size=_MAX_READ, use_float=True):
            if place.depth > _MAX_DEPTH:
                raise lines.refused(f"lists or objects are nested more than {_MAX_DEPTH} deep")
            if place.values > _MAX_VALUES:
                raise lines.refused(f"one item holds more than {_MAX_VALUES:,} values")
            yield from place.take(event, value)
            if not place.values:
                lines.since_a_piece = 0
    except (ijson.JSONError, ValueError) as error:
        raise lines.refused("this is no valid JSON; is the file complete?") from error


class _Lines:
    """Reads a file line by line, so that a fault is in the last line read."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        self._line, self._ended = 0, True
        self.since_a_piece = 0  # bytes

    def read(self, size: int) -> bytes:
        text = self._file.readline(size)
        if not text:
            return text
        if self._ended:
            self._line += 1
            if self._line == 1:
                text = text.removeprefix(_BYTE_ORDER_MARK)
        self._ended = text.endswith(b"\n")
        self.since_a_piece += len(text)
        if self.since_a_piece > MAX_PIECE:
            raise self.refused(f"one item has more than {MAX_PIECE:,} bytes")
        return text

    def refused(self, problem: str) -> ImportRefused:
        return ImportRefused(f"{self._name}, line {max(1, self._line)}: {problem}")


class _Place:
    """Where in the document the parser is, and the piece that it is in. `values` counts those of the piece so far."""

    def __init__(self, paths: Collection[Path]) -> None:
        self._wanted = frozenset(paths)
        self._depths = {len(path) for path in paths}
        self._steps: list[str] = []  # to the present value
        self._builder: ijson.ObjectBuilder | None = None
        self._start = 0  # the depth of the piece
        self.values = 0

    @property
    def depth(self) -> int:
        return len(self._steps)

    def take(self, event: str, value: Any) -> Iterator[tuple[Path, Any]]:
        if event == "map_key":
            self._steps[-1] = value
        elif event in _ENDS:
            self._steps.pop()
        if self._builder is None and event != "map_key" and event not in _ENDS and self._is_wanted():
            self._builder, self._start = ijson.ObjectBuilder(), self.depth
        if self._builder is not None:
            self.values += 1
            self._builder.event(event, value)
        if event.startswith("start_"):
            self._steps.append("*")
        elif self._builder is not None and event != "map_key" and self.depth == self._start:
            piece, self._builder, self.values = self._builder.value, None, 0
            yield tuple(self._steps), piece

    def _is_wanted(self) -> bool:
        return len(self._steps) in self._depths and tuple(self._steps) in self._wanted


def text(piece: Any, *names: str) -> str:
    """The text at the end of a path of names within a piece; "" where there is none. An integer is its figures."""
    for name in names:
        piece = piece.get(name) if isinstance(piece, dict) else None
    if isinstance(piece, int) and not isinstance(piece, bool):
        return str(piece)
    return piece if isinstance(piece, str) else ""
