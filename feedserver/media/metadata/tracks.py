"""Tracks of metadata (ISO/IEC 14496-12 section 8): where a camera was, moment for moment, beside its film."""

from collections.abc import Iterator
from itertools import islice, repeat
from typing import Final

from feedserver.media.metadata.boxes import Box, Boxes
from feedserver.media.metadata.buffers import Damaged, numbers

_HANDLERS: Final = frozenset({b"meta", b"camm"})
_MOST: Final = 300_000  # samples, chunks; ten hours of ten places a second have as many
_DAMAGED: Final = "a track of metadata"


def is_metadata(boxes: Boxes, track: Box) -> bool:
    handler = _found(boxes, track, b"mdia", b"hdlr")
    return handler is not None and boxes.data[handler.content + 8 : handler.content + 12] in _HANDLERS


def samples(boxes: Boxes, track: Box) -> Iterator[tuple[int, int]]:
    """Where the samples of a track stand: start and end of each chunk of them. Raises Damaged."""
    table = _found(boxes, track, b"mdia", b"minf", b"stbl")
    parts = {part.kind: part for part in boxes.within(table)} if table else {}
    if not {b"stsz", b"stsc"} <= set(parts):
        return
    sizes = _sizes(boxes, parts[b"stsz"])
    counts = _samples_of_chunks(boxes, parts[b"stsc"])
    for start, count in zip(_offsets(boxes, parts), counts, strict=False):
        end = start + sum(islice(sizes, count))
        if end > len(boxes.data):
            raise Damaged(_DAMAGED)
        yield start, end


def _found(boxes: Boxes, box: Box, *path: bytes) -> Box | None:
    """The first box at a path below another."""
    found: Box | None = box
    for kind in path:
        found = next((inner for inner in boxes.within(found) if inner.kind == kind), None) if found else None
    return found


def _sizes(boxes: Boxes, box: Box) -> Iterator[int]:
    """The size of each sample (section 8.7.3)."""
    size, count = numbers(">4xII", boxes.data, box.content)
    if count > _MOST:
        raise Damaged(_DAMAGED)
    return repeat(size, count) if size else iter(_table(boxes, box, box.content + 12, "I", count))


def _samples_of_chunks(boxes: Boxes, box: Box) -> Iterator[int]:
    """How many samples each chunk has (section 8.7.4): an entry holds until the next one begins."""
    (count,) = numbers(">4xI", boxes.data, box.content)
    found = _table(boxes, box, box.content + 8, "III", count)
    for at in range(0, len(found), 3):
        first, samples_each = found[at : at + 2]
        following = found[at + 3] if at + 3 < len(found) else _MOST
        yield from repeat(samples_each, max(0, following - first))


def _offsets(boxes: Boxes, parts: dict[bytes, Box]) -> tuple[int, ...]:
    """Where each chunk begins (section 8.7.5)."""
    kind, form = (b"co64", "Q") if b"co64" in parts else (b"stco", "I")
    if kind not in parts:
        return ()
    (count,) = numbers(">4xI", boxes.data, parts[kind].content)
    return _table(boxes, parts[kind], parts[kind].content + 8, form, count)


def _table(boxes: Boxes, box: Box, at: int, form: str, count: int) -> tuple[int, ...]:
    """The numbers of a table of `count` rows."""
    if count > _MOST or at + count * (8 if form == "Q" else 4 * len(form)) > box.end:
        raise Damaged(_DAMAGED)
    return numbers(f">{count * len(form)}{form[0]}", boxes.data, at)
