"""Bounded buffers for the text around a link: each keeps 2,048 to 4,096 characters of a page of any size."""

import re

from feedserver.text import cluster_start

MAX_KEPT = 2048  # characters
_INDENT = 64  # blanks in a row that may be kept
_BLANKS = re.compile(r"\s+")


class FirstText:
    """Keeps the first added characters. `length` is their number."""

    def __init__(self) -> None:
        self.length = 0
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        if self.length <= MAX_KEPT and (piece := _without_repeated_blanks(piece, self._pieces)):
            self._pieces.append(piece[: MAX_KEPT + 1])
            self.length += len(self._pieces[-1])

    def until(self, end: int) -> str:
        """Returns the text up to offset `end`."""
        return "".join(self._pieces)[:end]


class LastText:
    """Keeps the last added characters. `length` is the number of all added ones."""

    def __init__(self) -> None:
        self.length = 0
        self._pieces: list[str] = []
        self._kept = 0

    def add(self, piece: str) -> None:
        if piece := _without_repeated_blanks(piece, self._pieces):
            self._pieces.append(piece)
            self.length += len(piece)
            self._kept += len(piece)
        if self._kept > 2 * MAX_KEPT:
            kept = "".join(self._pieces)
            self._pieces = [kept[cluster_start(kept, len(kept) - MAX_KEPT) :]]
            self._kept = len(self._pieces[0])

    def since(self, start: int) -> str:
        """Returns the text from offset `start` on, as far as it is still kept."""
        return "".join(self._pieces)[max(0, start - self.length + self._kept) :]


def _without_repeated_blanks(piece: str, pieces: list[str]) -> str:
    """`piece` with long whitespace folded, "" if it is blank after a blank: indentation must not fill the buffer."""
    if piece.isspace():
        return "" if pieces and pieces[-1] == " " else " "
    return _BLANKS.sub(" ", piece) if len(piece) > _INDENT else piece
