"""Nothing of what pictures tell beside what they show is left: each place of metadata holds a word, which must go."""

import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from feedserver.media.metadata.orientation import orientation
from feedserver.media.turning import make
from tests.support.media_files import TYPES, box, chunk, encoded, opened, quarters, riff_chunk, segment, webp

WORD = b"Hameau-4823N00217E"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>' + WORD + b"</exif:GPSLatitude></x:xmpmeta>"
FRAMES = [Image.new("P", (8, 8), number) for number in range(3)]


def exif(*, turned: bool = False) -> Image.Exif:
    fields = Image.Exif()
    fields[0x010E] = WORD.decode()
    fields.get_ifd(0x8825)[0x1D] = WORD.decode()
    if turned:
        fields[0x0112] = 6
    return fields


def jpeg(*segments: bytes, at_end: bytes = b"", within: bytes = b"") -> bytes:
    """A progressive JPEG picture with segments at its beginning, after its end, and before its last scan."""
    plain = encoded(quarters(), "JPEG", progressive=True)
    last = plain.rindex(b"\xff\xda")
    return plain[:2] + b"".join(segments) + plain[2:last] + within + plain[last:] + at_end


def png(*chunks: bytes, at_end: bytes = b"") -> bytes:
    plain = encoded(quarters(), "PNG")
    return plain[:33] + b"".join(chunks) + plain[33:] + at_end


def gif(*blocks: bytes, at_end: bytes = b"") -> bytes:
    plain = encoded(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:], loop=2, duration=50)
    first = plain.index(b"\x21\xff\x0bNETSCAPE2.0")
    return plain[:first] + b"".join(blocks) + plain[first:] + at_end


def webp_with(*chunks: bytes, at_end: bytes = b"") -> bytes:
    flags = riff_chunk(b"VP8X", bytes([0x0C, 0, 0, 0, 47, 0, 0, 31, 0, 0]))
    return webp(flags, encoded(quarters(), "WEBP")[12:], *chunks) + at_end


def animated_webp() -> bytes:
    """With a chunk that nobody knows in each frame."""
    plain = encoded(quarters(), "WEBP", save_all=True, append_images=[Image.new("RGB", (48, 32), "red")])
    at, parts = 12, []
    while at < len(plain):
        end = at + 8 + int.from_bytes(plain[at + 4 : at + 8], "little")
        content = plain[at + 8 : end]
        parts.append(
            riff_chunk(
                plain[at : at + 4], content + riff_chunk(b"JUNK", WORD) if plain[at : at + 4] == b"ANMF" else content
            )
        )
        at = end + end % 2
    return webp(*parts)


def avif_sequence(**options: object) -> bytes:
    return encoded(quarters(), "AVIF", save_all=True, append_images=[Image.new("RGB", (48, 32), "red")], **options)


def png_texts() -> PngImagePlugin.PngInfo:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", WORD.decode())
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return texts


SUB_BLOCK = bytes([len(WORD)]) + WORD + b"\0"
PLACES = {
    "JPEG: EXIF": encoded(quarters(), "JPEG", exif=exif()),
    "JPEG: EXIF of a turned one": encoded(quarters(), "JPEG", exif=exif(turned=True)),
    "JPEG: XMP": jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)),
    "JPEG: comment": jpeg(segment(0xFE, WORD)),
    "JPEG: IPTC": jpeg(segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0" + WORD)),
    "JPEG: several pictures": jpeg(segment(0xE2, b"MPF\0" + WORD), at_end=encoded(quarters(), "JPEG", comment=WORD)),
    "JPEG: thumbnail of JFIF": jpeg(segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\2\3" + WORD)),
    "JPEG: after Adobe's": jpeg(segment(0xEE, b"Adobe\0\x64\0\0\0\0\1" + WORD)),
    "JPEG: unknown segment": jpeg(segment(0xEF, WORD), segment(0xE7, WORD)),
    "JPEG: between scans": jpeg(within=segment(0xFE, WORD)),
    "JPEG: between segments": jpeg(segment(0xFE, b"") + WORD),
    "JPEG: after its end": jpeg(at_end=b"PK\3\4" + WORD),
    "PNG: texts": encoded(quarters(), "PNG", pnginfo=png_texts()),
    "PNG: packed text": png(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(WORD, 0))),
    "PNG: EXIF": encoded(quarters(), "PNG", exif=exif()),
    "PNG: EXIF of a turned one": encoded(quarters(), "PNG", exif=exif(turned=True)),
    "PNG: unknown chunk": png(chunk(b"prVt", WORD), chunk(b"caBX", WORD), chunk(b"sPLT", WORD)),
    "PNG: name of a profile": png(chunk(b"iCCP", WORD + b"\0\0" + zlib.compress(b"profile"))),
    "PNG: after a profile": png(chunk(b"iCCP", b"name\0\0" + zlib.compress(b"profile") + WORD)),
    "PNG: after its end": png(at_end=WORD),
    "PNG: of an animation": encoded(quarters(), "PNG", save_all=True, append_images=[quarters()], pnginfo=png_texts()),
    "GIF: comment": encoded(FRAMES[0], "GIF", comment=WORD),
    "GIF: comment of an animation": gif(b"\x21\xfe" + SUB_BLOCK),
    "GIF: XMP": gif(b"\x21\xff\x0bXMP DataXMP" + SUB_BLOCK),
    "GIF: further loops": gif(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0" + SUB_BLOCK),
    "GIF: plain text": gif(b"\x21\xf9\x04\0\0\0\0\0\x21\x01\x0c" + bytes(12) + SUB_BLOCK),
    "GIF: after its end": gif(at_end=WORD),
    "WEBP: EXIF": encoded(quarters(), "WEBP", exif=exif()),
    "WEBP: EXIF of a turned one": encoded(quarters(), "WEBP", exif=exif(turned=True)),
    "WEBP: XMP": encoded(quarters(), "WEBP", xmp=XMP),
    "WEBP: unknown chunk": webp_with(riff_chunk(b"JUNK", WORD)),
    "WEBP: in a frame": animated_webp(),
    "WEBP: after its end": webp_with(at_end=WORD),
    "AVIF: EXIF": encoded(quarters(), "AVIF", exif=exif()),
    "AVIF: EXIF of a turned one": encoded(quarters(), "AVIF", exif=exif(turned=True)),
    "AVIF: XMP": encoded(quarters(), "AVIF", xmp=XMP),
    "AVIF: EXIF and XMP of an animation": avif_sequence(exif=exif(), xmp=XMP),
    "AVIF: unknown box": encoded(quarters(), "AVIF") + box(b"uuid", bytes(16), WORD) + box(b"free", WORD),
}


@pytest.mark.parametrize("name", PLACES)
def test_nothing_is_left_of_what_a_picture_tells(name: str, tmp_path: Path) -> None:
    form = name.partition(":")[0]
    assert WORD in PLACES[name]

    made = make(PLACES[name], TYPES[form], tmp_path)

    stored = (tmp_path / made[0].file).read_bytes()
    assert WORD not in stored
    assert b"xmpmeta" not in stored
    picture = opened(stored)
    assert not {"exif", "xmp", "comment", "photoshop", "XML:com.adobe.xmp", "mp"} & set(picture.info)
    if form != "JPEG":
        assert getattr(picture, "n_frames", 1) == getattr(opened(PLACES[name]), "n_frames", 1)


def test_a_comment_of_an_animation_goes_and_its_loop_stays(tmp_path: Path) -> None:
    data = gif(b"\x21\xfe" + SUB_BLOCK)

    make(data, "image/gif", tmp_path)

    assert (tmp_path / "large").read_bytes() == gif()


def test_a_webp_picture_does_not_say_that_it_has_what_is_gone(tmp_path: Path) -> None:
    make(webp_with(riff_chunk(b"EXIF", WORD)), "image/webp", tmp_path)

    assert (tmp_path / "large").read_bytes()[12:21] == b"VP8X\x0a\0\0\0\0"


def test_a_webp_picture_has_a_bounded_number_of_chunks(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too many chunks"):
        make(webp_with(riff_chunk(b"ALPH", b"") * 100_000), "image/webp", tmp_path)


def test_a_damaged_checksum_is_found(tmp_path: Path) -> None:
    data = bytearray(png(chunk(b"pHYs", b"\0\0\0\1\0\0\0\1\0")))
    data[data.index(b"pHYs") + 6] ^= 1

    with pytest.raises(ValueError, match="a checksum"):
        make(bytes(data), "image/png", tmp_path)


# --- EXIF ---


def tiff(order: str, *fields: tuple[int, int, int]) -> bytes:
    """EXIF of one directory, whose fields have a tag, a kind and a value."""
    byte_order = "little" if order == "II" else "big"

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, byte_order)  # type: ignore[arg-type]

    head = order.encode() + number(42, 2) + number(8, 4) + number(len(fields), 2)
    return head + b"".join(
        number(tag, 2) + number(kind, 2) + number(1, 4) + number(value, 2) + bytes(2) for tag, kind, value in fields
    )


@pytest.mark.parametrize("order", ["II", "MM"])
def test_the_orientation_is_found_in_both_byte_orders(order: str) -> None:
    assert [orientation(tiff(order, (0x010E, 3, 5), (0x0112, 3, turn))) for turn in range(1, 9)] == [*range(1, 9)]


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"II*\0",
        b"MM\0*\xff\xff\xff\xff",
        tiff("II", (0x0112, 3, 0)),
        tiff("MM", (0x0112, 3, 9)),
        tiff("II", (0x0112, 2, 6)),
        tiff("II", (1, 3, 1))[:-13] + b"\xff\xff" + bytes(12),
    ],
    ids=repr,
)
def test_an_orientation_that_cannot_be_read_is_upright(exif: bytes) -> None:
    assert orientation(exif) == 1


def test_a_directory_without_end_is_left_after_a_thousand_fields() -> None:
    fields = [(1, 3, 1)] * 5000 + [(0x0112, 3, 6)]

    assert orientation(tiff("II", *fields)) == 1
    assert BytesIO(tiff("II", *fields)).seek(0, 2) > 60_000
