"""Items of HEIF (ISO/IEC 14496-12 section 8.11, ISO/IEC 23008-12): which bytes of a file are EXIF, XMP and the like."""

import struct
from collections.abc import Iterator, Mapping
from typing import Final

from feedserver.media.metadata.boxes import Box, Boxes
from feedserver.media.metadata.buffers import Change, Damaged, numbers

_DESCRIBING: Final = frozenset({b"Exif", b"mime", b"uri "})
_FORMS: Final = {0: "", 4: "I", 8: "Q"}  # of numbers in `iloc`, by their sizes
_IN_FILE, _IN_BOX = 0, 1
_MOST: Final = 100_000  # extents
_WHAT, _WHERE = "its list of items", "its list of places of items"


def described_by_items(boxes: Boxes, inner: Mapping[bytes, Box]) -> Iterator[Change]:
    """What to overwrite, as `places.blanks` says it; `inner` are the boxes in a `meta`. Names of items go too."""
    described: set[int] = set()
    if (listed := inner.get(b"iinf")) is not None:
        (version,) = numbers("B", boxes.data, listed.content)
        for entry in boxes.within(listed, 8 if version else 6):
            number, kind, at = _entry(boxes, entry)
            if kind in _DESCRIBING:
                described.add(number)
                yield at, b"free"
            yield at + 4, entry.end - at - 4
    if described:
        for start, end in _extents(boxes, inner, described):
            yield start, end - start


def _entry(boxes: Boxes, entry: Box) -> tuple[int, bytes, int]:
    """Number and kind of an item, and where the kind stands."""
    (version,) = numbers("B", boxes.data, entry.content)
    if entry.kind != b"infe" or version not in (2, 3):
        raise Damaged(_WHAT)
    form, at = (">H", entry.content + 8) if version == 2 else (">I", entry.content + 10)
    if at + 4 > entry.end:
        raise Damaged(_WHAT)
    return numbers(form, boxes.data, entry.content + 4)[0], boxes.data[at : at + 4], at


def _extents(boxes: Boxes, inner: Mapping[bytes, Box], wanted: set[int]) -> Iterator[tuple[int, int]]:
    located = inner.get(b"iloc")
    if located is None:
        raise Damaged(_WHERE)
    for item, method, start, length in _located(boxes, located):
        if item not in wanted:
            continue
        if method == _IN_BOX and b"idat" in inner:
            start += inner[b"idat"].content
        elif method != _IN_FILE:
            raise Damaged("the place of an item")
        if start + length > len(boxes.data) or not length:
            raise Damaged("the place of an item")
        yield start, start + length


def _located(boxes: Boxes, box: Box) -> Iterator[tuple[int, int, int, int]]:
    """Item, method, start and length of each extent."""
    version, sizes, more_sizes = numbers(">B3xBB", boxes.data, box.content)
    if version > 2:
        raise Damaged(_WHERE)
    number = "I" if version == 2 else "H"
    base, offset = _form(more_sizes >> 4), _form(sizes >> 4)
    extent = f">{_form(more_sizes & 15) if version else ''}{offset}{_form(sizes & 15)}"
    head = f">{number}{'H' if version else ''}H{base}H"
    (count,) = numbers(f">{number}", boxes.data, box.content + 6)
    at = box.content + 6 + struct.calcsize(f">{number}")
    left = _MOST
    for _ in range(count):
        found = numbers(head, boxes.data, at)
        at += struct.calcsize(head)
        left -= found[-1] + 1
        if at > box.end or left < 0:
            raise Damaged(_WHERE)
        for _ in range(found[-1]):
            told = (0, 0, *numbers(extent, boxes.data, at))
            at += struct.calcsize(extent)
            start = (found[-2] if base else 0) + (told[-2] if offset else 0)
            yield found[0], found[1] & 15 if version else _IN_FILE, start, told[-1]


def _form(size: int) -> str:
    """How a number of so many bytes is read."""
    try:
        return _FORMS[size]
    except KeyError:
        raise Damaged(_WHERE) from None
