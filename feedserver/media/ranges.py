"""Which bytes of a file a request asks for (RFC 9110 section 14). Pure."""

import re
from typing import Final, NamedTuple

_RANGE: Final = re.compile(r"bytes=[ \t]*(?:([0-9]+)-([0-9]*)|-([0-9]+))[ \t]*", re.IGNORECASE)
_LONGEST: Final = 18  # digits of a number that is read; a longer one is past the end of every file
_PAST_ALL: Final = 10**_LONGEST


class ByteRange(NamedTuple):
    """Bytes of a file, both included."""

    first: int
    last: int


class Unsatisfiable(Exception):
    """The range begins past the end of the file."""


def requested(field: str | None, size: int) -> ByteRange | None:
    """The range that the field `Range` asks for of `size` bytes; None for all of them.

    All bytes are sent, as section 14.2 allows, for several ranges, other units, and what is no range.
    Raises Unsatisfiable.
    """
    found = _RANGE.fullmatch(field or "")
    if found is None:
        return None
    start, end, suffix = found.groups()
    if suffix:
        first, last = max(size - _number(suffix), 0), size - 1
    else:
        first, last = _number(start), min(_number(end) if end else size, size - 1)
        if end and _number(end) < first:
            return None
    if first >= size:
        raise Unsatisfiable
    return ByteRange(first, last)


def _number(digits: str) -> int:
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) <= _LONGEST else _PAST_ALL
