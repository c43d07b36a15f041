"""Places in films: overwritten where they stand, whatever box they are in, and nothing else changes."""

import struct
import time
from pathlib import Path

import pytest

from feedserver.media.blanking import blank_places
from feedserver.media.metadata.buffers import Damaged
from feedserver.media.metadata.places import blanks
from tests.support.media_files import box, encoded, full_box, quarters
from tests.support.pace import slowness

PLACE = b"+48.2300+002.1700/"
TITLE = b"On our roof"
FILM = bytes(range(256)) * 4
XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
SPHERICAL = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")
FTYP = box(b"ftyp", b"isom", bytes(4), b"mp42")
MVHD = full_box(b"mvhd", bytes(96))


def text(kind: bytes, words: bytes) -> bytes:
    """A text in QuickTime's user data."""
    return box(kind, struct.pack(">HH", len(words), 0x15C7), words)


def titled(*boxes: bytes) -> bytes:
    """User data with a title, and what else is given."""
    return box(b"udta", text(b"\xa9nam", TITLE), *boxes, bytes(4))


def film(*in_movie: bytes, last: bytes = b"") -> bytes:
    return FTYP + box(b"moov", MVHD, *in_movie) + box(b"mdat", FILM) + last


def handler(kind: bytes) -> bytes:
    return full_box(b"hdlr", bytes(4), kind, bytes(12), b"handler\0")


def item(kind: bytes, words: bytes) -> bytes:
    """An item in a list of metadata, as iTunes writes it."""
    return box(kind, box(b"data", struct.pack(">II", 1, 0), words))


def keyed(*named: tuple[bytes, bytes]) -> bytes:
    """Metadata with names, as iPhones write it."""
    keys = full_box(b"keys", struct.pack(">I", len(named)), *(box(b"mdta", name) for name, _ in named))
    items = (item(number.to_bytes(4, "big"), value) for number, (_, value) in enumerate(named, 1))
    return keys + box(b"ilst", *items)


KEYS = [(b"com.apple.quicktime.title", TITLE), (b"com.apple.quicktime.location.ISO6709", PLACE)]
NAMED = box(b"----", full_box(b"mean", b"org.example"), full_box(b"name", b"GPS position"), item(b"data", PLACE))
WHERE = {
    "QuickTime's user data": film(titled(text(b"\xa9xyz", PLACE))),
    "3GPP's user data": film(titled(full_box(b"loci", b"\0\0Paris\0", PLACE))),
    "of a track": film(box(b"trak", titled(text(b"\xa9xyz", PLACE)))),
    "of a track's media": film(box(b"trak", box(b"mdia", titled(text(b"\xa9xyz", PLACE))))),
    "of a fragment": film(titled(), last=box(b"moof", box(b"traf", titled(text(b"\xa9xyz", PLACE))))),
    "a camera's own user data": film(titled(box(b"PANA", PLACE), box(b"SDLN", PLACE))),
    "XMP in user data": film(titled(box(b"XMP_", PLACE))),
    "metadata with keys": film(titled(), box(b"meta", handler(b"mdta"), keyed(*KEYS))),
    "metadata with keys, with a version": film(titled(), full_box(b"meta", handler(b"mdta"), keyed(*KEYS))),
    "metadata with keys, in a track": film(box(b"trak", box(b"meta", handler(b"mdta"), keyed(*KEYS)), titled())),
    "a list": film(titled(full_box(b"meta", handler(b"mdir"), box(b"ilst", item(b"\xa9xyz", PLACE))))),
    "a list with names": film(titled(full_box(b"meta", handler(b"mdir"), box(b"ilst", NAMED)))),
    "XMP": film(titled(), last=box(b"uuid", XMP, PLACE)),
    "XMP in the movie": film(titled(), box(b"uuid", XMP, PLACE)),
    "a camera's own box": film(titled(), box(b"uuid", bytes(16), PLACE)),
    "XML": film(titled(), last=full_box(b"meta", handler(b"nrtm"), full_box(b"xml ", b"<Latitude>", PLACE))),
    "free space": film(titled(), box(b"free", b"freeGPS ", PLACE), last=box(b"skip", PLACE)),
    "a table of a dashboard": film(titled(), box(b"gps ", PLACE)),
    "the movie's end": FTYP + box(b"mdat", FILM) + box(b"moov", MVHD, titled(text(b"\xa9xyz", PLACE))),
    "boxes with sizes of 64 bits": FTYP
    + box(b"mdat", FILM, large=True)
    + box(b"moov", MVHD, box(b"udta", box(b"\xa9nam", TITLE), box(b"loci", PLACE, large=True), large=True), large=True),
    "before a film up to the end": FTYP
    + box(b"moov", MVHD, titled(text(b"\xa9xyz", PLACE)))
    + struct.pack(">I4s", 0, b"mdat")
    + FILM,
    "before a film that is cut off": film(titled(text(b"\xa9xyz", PLACE)))[:-20],
    "QuickTime of old": box(b"wide") + box(b"mdat", FILM) + box(b"moov", MVHD, titled(text(b"\xa9xyz", PLACE))),
}


def blanked(data: bytes, folder: Path) -> bytes:
    (folder / "film").write_bytes(data)
    blank_places(folder / "film")
    return (folder / "film").read_bytes()


@pytest.mark.parametrize("where", WHERE)
def test_a_place_is_overwritten_where_it_stands(where: str, tmp_path: Path) -> None:
    before = WHERE[where]
    assert PLACE in before

    after = blanked(before, tmp_path)

    assert len(after) == len(before)
    assert PLACE not in after
    assert TITLE in after
    assert FILM[:900] in after
    assert blanked(after, tmp_path) == after


def test_a_film_without_places_stays_as_it_is(tmp_path: Path) -> None:
    spherical = box(b"trak", box(b"uuid", SPHERICAL, b"<rdf:SphericalVideo>"))
    fragment = box(b"moof", box(b"traf", box(b"uuid", bytes(16), b"needed for playing")))
    for before in (
        film(titled(), spherical, last=fragment),
        film(last=b"\0\0\0"),
        film(box(b"meta", handler(b"mdta"), keyed(KEYS[0]))),
    ):
        assert blanked(before, tmp_path) == before


# --- tracks of metadata ---


def track(kind: bytes, sizes: list[int], chunks: list[tuple[int, int]], each: int, *, wide: bool = False) -> bytes:
    """A track whose chunks stand at (offset, number of samples); `each`: the size of all samples, 0: `sizes`."""
    counts = [struct.pack(">III", number, samples, 1) for number, (_, samples) in enumerate(chunks, 1)]
    offsets = struct.pack(f">I{len(chunks)}{'Q' if wide else 'I'}", len(chunks), *(offset for offset, _ in chunks))
    table = box(
        b"stbl",
        full_box(b"stsz", struct.pack(f">II{0 if each else len(sizes)}I", each, len(sizes), *([] if each else sizes))),
        full_box(b"stsc", struct.pack(">I", len(counts)), *counts),
        full_box(b"co64" if wide else b"stco", offsets),
    )
    return box(b"trak", box(b"mdia", handler(kind), box(b"minf", table)))


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("each", [0, 10])
def test_a_track_of_places_is_overwritten_and_its_film_is_not(each: int, wide: bool, tmp_path: Path) -> None:
    sizes = [10, 10, 10] if each else [5, 8, 17]
    head = len(film(b""))  # a first guess at where the film begins, for its length
    made = film(track(b"meta", sizes, [(head, 2), (head, 1)], each, wide=wide))
    start = made.index(FILM)
    first = sizes[0] + sizes[1]
    made = film(track(b"meta", sizes, [(start + 100, 2), (start + 500, 1)], each, wide=wide))

    after = blanked(made, tmp_path)

    expected = bytearray(FILM)
    expected[100 : 100 + first] = bytes(first)
    expected[500 : 500 + sizes[2]] = bytes(sizes[2])
    assert after[start:] == bytes(expected)
    assert b"trak" not in after
    assert b"stco" not in after
    seen = film(track(b"vide", sizes, [(start, 2)], each))
    assert blanked(seen, tmp_path) == seen


@pytest.mark.parametrize("chunks", [[(10_000, 1)], [(0, 3)]], ids=["after the end", "whole"])
def test_a_track_that_stands_elsewhere_is_damaged(chunks: list[tuple[int, int]], tmp_path: Path) -> None:
    with pytest.raises(Damaged):
        blanked(film(track(b"meta", [10, 10, 100_000], chunks, 0)), tmp_path)


# --- items ---


def test_a_picture_of_a_phone_loses_its_exif(tmp_path: Path) -> None:
    from PIL import Image

    fields = Image.Exif()
    fields[0x010E] = PLACE.decode()
    heic = encoded(quarters(), "AVIF", exif=fields, xmp=b"<x>" + PLACE).replace(b"avif", b"heic")

    after = blanked(heic, tmp_path)

    assert (len(after), heic.count(PLACE), after.count(PLACE)) == (len(heic), 2, 0)
    assert b"Exif" not in after


def test_items_whose_bytes_stand_elsewhere_are_damaged(tmp_path: Path) -> None:
    entry = full_box(b"infe", struct.pack(">HH", 1, 0), b"Exif\0", version=2)
    listed = full_box(b"iinf", struct.pack(">H", 1), entry)
    for start, length in ((0, 10**6), (10**6, 1), (0, 0)):
        where = full_box(b"iloc", bytes([0x44, 0]), struct.pack(">HHHHII", 1, 1, 0, 1, start, length))
        with pytest.raises(Damaged):
            blanked(FTYP + full_box(b"meta", handler(b"pict"), listed, where), tmp_path)
    with pytest.raises(Damaged):
        blanked(FTYP + full_box(b"meta", handler(b"pict"), listed), tmp_path)


# --- damaged and hostile ---


DAMAGED = {
    "a box that is longer than the file": FTYP + struct.pack(">I4s", 1000, b"moov") + bytes(10),
    "a box that is longer than the one around it": film(box(b"udta", struct.pack(">I4s", 1000, b"\xa9xyz") + PLACE)),
    "a box that is shorter than its header": film(box(b"udta", struct.pack(">I4s", 4, b"\xa9xyz") + PLACE)),
    "a size of 64 bits that is none": film(box(b"udta", struct.pack(">I4sQ", 1, b"\xa9xyz", 2**63) + PLACE)),
    "what is no box after the last one": film() + PLACE,
    "a header that is cut off": film() + b"\0\0\0\x20",
    "an empty list of items at the end": FTYP + full_box(b"meta", handler(b"pict"), box(b"iinf")),
    "boxes that are packed": FTYP + box(b"moov", box(b"cmov", b"x")),
    "boxes in boxes": FTYP + b"".join(struct.pack(">I4s", 8 * left, b"trak") for left in range(50_000, 0, -1)),
    "too many boxes": FTYP + box(b"moov", 250_000 * box(b"a   ")),
    "too many boxes on top": FTYP + 250_000 * box(b"a   "),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_film_whose_boxes_are_damaged_is_told_in_little_time(what: str, tmp_path: Path) -> None:
    began = time.process_time()

    with pytest.raises(Damaged):
        blanked(DAMAGED[what], tmp_path)

    assert time.process_time() - began < 1.5 * slowness()


def test_a_box_without_room_for_its_header_is_found_where_it_stands(tmp_path: Path) -> None:
    for header in (struct.pack(">I4s", 4, b"abcd"), struct.pack(">I4sQ", 1, b"abcd", 0)):
        with pytest.raises(Damaged, match="a box “abcd”"):
            blanked(film(box(b"udta", header + bytes(50))), tmp_path)


def test_a_film_is_walked_and_not_read() -> None:
    class Counted(bytes):
        taken = 0

        def __getitem__(self, key: object) -> bytes:  # type: ignore[override]
            found = super().__getitem__(key)  # type: ignore[call-overload]
            Counted.taken += len(found)
            return found  # type: ignore[no-any-return]

    large = FTYP + box(b"moov", MVHD, titled(text(b"\xa9xyz", PLACE))) + box(b"mdat", bytes(10_000_000))

    assert list(blanks(Counted(large)))
    assert Counted.taken < 1000
