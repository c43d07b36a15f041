"""Places in films, sounds and pictures made of boxes (MP4, QuickTime, AVIF, HEIF): overwritten where they stand.

Boxes of places and descriptions, and those of cameras that nobody else reads, become `free` ones full of zeros; items
of EXIF and XMP too. Each keeps its length, as tables in other boxes say where in the file pictures and sounds begin.
"""

from collections.abc import Iterator
from typing import Final

from feedserver.media.metadata.boxes import Box, Boxes
from feedserver.media.metadata.buffers import Buffer, Change, Damaged
from feedserver.media.metadata.items import described_by_items
from feedserver.media.metadata.tracks import is_metadata, samples

_FREE: Final = frozenset({b"free", b"skip", b"wide"})  # cameras hide tables of places in them
_CONTAINERS: Final = frozenset({b"moov", b"trak", b"mdia", b"moof", b"traf", b"meco"})
_DEEPEST: Final = 8  # containers in containers; a film has three
_FRAGMENTS: Final = frozenset({b"moof", b"traf"})  # their `uuid` boxes are needed for playing
_SPHERICAL: Final = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")  # how a film all around is shown
# What user data keeps (QuickTime File Format, “User data atoms”; 3GPP TS 26.244 section 8): texts, and how to play.
_USER_DATA: Final = frozenset(
    b"titl auth perf gnre dscp cprt albm yrrc rtng clsf kywd name"
    b" chpl hnti hinf kind tsel ludt WLOC LOOP SelO AllF".split()
)
_PLACES: Final = frozenset({b"\xa9xyz", b"loci"})
_OF_PLACES: Final = (b"location", b"gps", b"latitude", b"longitude")  # in names of keys


def blanks(data: Buffer) -> Iterator[Change]:
    """What to overwrite. Raises Damaged.

    A file that ends within its last film or sound has all of these before it, and is none that is damaged.
    """
    boxes = Boxes(data)
    for box in boxes.all():
        yield from _of_box(boxes, box)


def _of_box(boxes: Boxes, box: Box, *parents: bytes) -> Iterator[Change]:
    if box.kind in _FREE:
        yield box.content, box.end - box.content
    elif box.kind == b"gps " or (box.kind == b"uuid" and not _FRAGMENTS & set(parents) and not _is_shape(boxes, box)):
        yield from _freed(box)
    elif box.kind == b"trak" and is_metadata(boxes, box):
        yield from ((start, end - start) for start, end in samples(boxes, box))
        yield from _freed(box)
    elif box.kind in _CONTAINERS:
        if len(parents) > _DEEPEST:
            raise Damaged("boxes in boxes in boxes")
        for inner in boxes.within(box):
            if inner.kind == b"cmov":  # QuickTime of old can pack all of a movie's boxes
                raise Damaged("its boxes are packed")
            yield from _of_box(boxes, inner, *parents, box.kind)
    elif box.kind == b"udta":
        yield from _of_user_data(boxes, box)
    elif box.kind == b"meta":
        yield from _of_meta(boxes, box)


def _is_shape(boxes: Boxes, box: Box) -> bool:
    return boxes.data[box.content : box.content + 16] == _SPHERICAL


def _of_user_data(boxes: Boxes, box: Box) -> Iterator[Change]:
    for inner in boxes.within(box):
        if inner.kind == b"meta":
            yield from _of_meta(boxes, inner)
        elif inner.kind in _PLACES or (inner.kind not in _USER_DATA and not inner.kind.startswith(b"\xa9")):
            yield from _freed(inner)


def _of_meta(boxes: Boxes, box: Box) -> Iterator[Change]:
    version = 0 if boxes.data[box.content + 4 : box.content + 8] == b"hdlr" else 4  # QuickTime's has none
    inner = {one.kind: one for one in boxes.within(box, version)}
    for one in boxes.within(box, version):
        if one.kind in (b"xml ", b"bxml"):
            yield from _freed(one)
        elif one.kind == b"ilst":
            yield from _of_list(boxes, one, inner.get(b"keys"))
        elif one.kind in _FREE or one.kind == b"uuid":
            yield from _of_box(boxes, one)
    yield from described_by_items(boxes, inner)


def _of_list(boxes: Boxes, box: Box, keys: Box | None) -> Iterator[Change]:
    """What of a list of metadata is of a place: by its kind, the key with its number, or a name that it has itself."""
    places = _PLACES | {number.to_bytes(4, "big") for number in _keys_of_places(boxes, keys)}
    for item in boxes.within(box):
        names = (boxes.data[one.content : one.end][:1000] for one in boxes.within(item) if one.kind == b"name")
        if item.kind in places or (item.kind == b"----" and any(map(_is_of_place, names))):
            yield from _freed(item)


def _keys_of_places(boxes: Boxes, keys: Box | None) -> Iterator[int]:
    if keys is None:
        return
    inner = boxes.within(keys, 8)  # version, and their number
    for number, key in enumerate(inner, 1):
        if _is_of_place(boxes.data[key.content : min(key.end, key.content + 1000)]):
            yield number


def _is_of_place(name: bytes) -> bool:
    return any(word in name.lower() for word in _OF_PLACES)


def _freed(box: Box) -> Iterator[Change]:
    yield box.start + 4, b"free"
    yield box.content, box.end - box.content
