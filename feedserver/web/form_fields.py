"""What is kept of a form that is too long because of the files in it: its fields."""

import re
from typing import IO, Final

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

_PIECE: Final = 65_536  # bytes that are looked at at a time
_MOST_HEADERS: Final = 131_072  # bytes of what is no text and no file, a piece included: they take time to read
_MOST_PARTS: Final = 1_000  # fields and files, as many as Werkzeug reads of any form
_NAME: Final = re.compile(r"[\w-]+", re.ASCII)  # of a field; ours are all so


def boundary_of(content_type: str) -> bytes | None:
    """What stands between the parts of a form with files (RFC 7578 section 4.1); None if it is no such form."""
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    return boundary.encode() if kind == "multipart/form-data" and boundary and boundary.isascii() else None


class FieldsAlone:
    """Takes a form of the type multipart/form-data piece by piece, and writes it into a file without the files in it.

    What is written has `most` bytes and the last piece at most; in memory there are a piece and the headers of a part.
    """

    def __init__(self, boundary: bytes, into: IO[bytes], most: int) -> None:
        self._decoder = MultipartDecoder(boundary, max_parts=_MOST_PARTS)
        self._delimiter = b"--" + boundary
        self._into = into
        self._most = most
        self._is_in_field = False
        self._other = 0  # bytes that are no text and no file, and what is not looked at yet
        self._has_files = False

    def take(self, piece: bytes) -> None:
        """Raises RequestEntityTooLarge where fields or headers are too long, ValueError for what is no such form."""
        for at in range(0, len(piece), _PIECE):
            some = piece[at : at + _PIECE]
            self._decoder.receive_data(some)
            self._other += len(some)
            while not isinstance(event := self._decoder.next_event(), NeedData):
                self._follow(event)
            if self._other > _MOST_HEADERS or self._into.tell() > self._most:
                raise RequestEntityTooLarge

    def end(self) -> int:
        """Ends the form; returns its length in bytes. Raises ValueError for one that has not come whole, so that no
        field behind a file is missing without a word; RequestEntityTooLarge where no file was left out."""
        self._decoder.receive_data(None)
        while not isinstance(event := self._decoder.next_event(), Epilogue):
            self._follow(event)
        if not self._has_files:
            raise RequestEntityTooLarge
        self._into.write(self._delimiter + b"--\r\n")
        return self._into.tell()

    def _follow(self, event: Event) -> None:
        if isinstance(event, File):
            self._is_in_field = False
            self._has_files = self._has_files or bool(event.filename)
        elif isinstance(event, Field):
            self._is_in_field = _NAME.fullmatch(event.name or "") is not None
            if self._is_in_field:
                header = f'Content-Disposition: form-data; name="{event.name}"'
                self._into.write(self._delimiter + f"\r\n{header}\r\n\r\n".encode())
        elif isinstance(event, Data):
            self._other -= len(event.data)
            if self._is_in_field:
                self._into.write(event.data if event.more_data else event.data + b"\r\n")
