"""Decodes base64 into a file, piece by piece: what is sent is never whole in memory."""

from base64 import b64decode
from pathlib import Path
from typing import Final

from feedserver.authoring.xmlrpc_apps.values import Bits, WrongArguments

_NO_BLANKS: Final = str.maketrans("", "", " \t\r\n")


class Decoder:
    """Decodes base64 as it comes, into a new file. White space is left out; padding may be missing."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._file.touch(exist_ok=False)
        self._pending = ""

    def take(self, text: str) -> None:
        quads = self._pending + text.translate(_NO_BLANKS)
        cut = len(quads) - len(quads) % 4
        self._pending = quads[cut:]
        self._write(quads[:cut])

    def ended(self) -> Bits:
        self._write(self._pending + "=" * (-len(self._pending) % 4))
        return Bits(self._file, self._file.stat().st_size)

    def _write(self, quads: str) -> None:
        try:
            decoded = b64decode(quads, validate=True)
        except ValueError:  # no ASCII, another alphabet, or padding amid it
            raise WrongArguments("What should be base64 is none.") from None
        with self._file.open("ab") as file:  # closed after each piece: reading may end at any
            file.write(decoded)
