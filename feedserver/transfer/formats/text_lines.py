"""Reads a text file line by line, with what comes before and after; its encoding is UTF-8, or it is damaged."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from feedserver.errors import ImportDamaged, ImportRefused
from feedserver.transfer.items import Remark

MAX_LINE: Final = 4 * 1_048_576  # bytes
_MOST_EMPTY: Final = 10_000  # lines in a row that are looked past
_MOST_REMARKS: Final = 100


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end. `next_text` is the next one that is not empty, None after the last."""

    number: int
    text: str
    previous: str
    next_text: str | None

    def is_after(self, text: str) -> bool:
        """Whether the line before it is `text`."""
        return self.previous == text


class Lines:
    """The lines of a file. Raises ImportRefused for one that is too long, ImportDamaged for bytes that are no UTF-8.

    A forgiving reading takes those as Windows-1252, which most older exports are in, and tells it.
    """

    def __init__(self, file: BinaryIO, name: str, *, forgiving: bool) -> None:
        self._file, self._name, self._forgiving = file, name, forgiving
        self._mended: list[int] = []

    def __iter__(self) -> Iterator[Line]:
        previous, waiting = "", list[tuple[int, str]]()
        for number, text in self._decoded():
            if text.strip() or len(waiting) > _MOST_EMPTY:
                for earlier, line in waiting:
                    yield Line(earlier, line, previous, text)
                    previous = line
                waiting = []
            waiting.append((number, text))
        for earlier, line in waiting:
            yield Line(earlier, line, previous, None)
            previous = line

    def remarks(self) -> Iterator[Remark]:
        """What was mended."""
        for number in self._mended:
            why = "it is no UTF-8, and is read as Windows-1252"
            yield Remark(treatment="mended", where=f"line {number}", what="its letters", why=why)

    def _decoded(self) -> Iterator[tuple[int, str]]:
        number = 0
        while line := self._file.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                raise ImportRefused(f"{self._name}, line {number}: more than {MAX_LINE:,} bytes")
            line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError:
                if not self._forgiving:
                    raise ImportDamaged(f"{self._name}, line {number}: bytes that are no UTF-8") from None
                self._mended += [number] if len(self._mended) < _MOST_REMARKS else []
                text = line.decode("windows-1252", "replace")
            yield number, text.rstrip("\r\n")
