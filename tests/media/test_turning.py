"""What becomes of pictures, within one process: turned, without metadata, smaller."""

import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat, JpegImagePlugin

from feedserver.media import turning
from feedserver.media.model import MadePicture
from feedserver.media.turning import MOST_PIXELS, make
from tests.support.media_files import TYPES, encoded, opened, png_header, quarters, webp_header
from tests.support.pace import slowness

FORMATS = list(TYPES)
WITH_EXIF = ["JPEG", "PNG", "WEBP", "AVIF"]
LOSSLESS: dict[str, dict[str, Any]] = {
    "WEBP": {"lossless": True},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
    "JPEG": {"quality": 95},
}
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


class Made:
    """What was made: each file's values, and its picture."""

    def __init__(self, data: bytes, form: str, place: Path) -> None:
        self.values: list[MadePicture] = list(make(data, TYPES[form], place))
        self.pictures = [opened((place / one.file).read_bytes()) for one in self.values]
        self.bytes = (place / self.values[0].file).read_bytes()
        for values, picture in zip(self.values, self.pictures, strict=True):
            assert picture.size == (values.width, values.height)
            assert TYPES[picture.format or ""] == values.type

    @property
    def main(self) -> Image.Image:
        return self.pictures[0]

    @property
    def sizes(self) -> list[tuple[int, int]]:
        return [picture.size for picture in self.pictures]


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of all bytes."""
    return sum(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean) / 3


def exif(orientation: int = 1) -> Image.Exif:
    fields = Image.Exif()
    fields[0x0112] = orientation
    fields[0x010E] = "on our roof"
    fields.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 17.0, 40.0)})
    return fields


@pytest.mark.parametrize("form", WITH_EXIF)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_as_its_exif_says_and_loses_it(form: str, orientation: int, tmp_path: Path) -> None:
    data = encoded(quarters(), form, exif=exif(orientation), **LOSSLESS.get(form, {}))

    made = Made(data, form, tmp_path)

    assert made.main.size == ((32, 48) if orientation >= 5 else (48, 32))
    assert difference(made.main, ImageOps.exif_transpose(opened(data))) < 8
    assert "exif" not in made.main.info
    assert not made.main.getexif()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_an_upright_picture_keeps_its_pixels(form: str, tmp_path: Path) -> None:
    data = encoded(Image.effect_noise((60, 50), 80).convert("RGB"), form, exif=exif(), quality=60)

    made = Made(data, form, tmp_path)

    assert difference(made.main, opened(data)) == 0
    assert len(made.bytes) < len(data)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize(
    "options", [{"quality": 50}, {"quality": 90, "progressive": True}], ids=["base", "progressive"]
)
def test_a_turned_jpeg_loses_next_to_nothing(subsampling: str, options: dict[str, Any], tmp_path: Path) -> None:
    smooth = Image.effect_noise((12, 9), 90).resize((160, 96)).convert("RGB")
    data = encoded(smooth, "JPEG", exif=exif(6), subsampling=subsampling, **options)

    made = Made(data, "JPEG", tmp_path)

    assert difference(made.main, ImageOps.exif_transpose(opened(data))) < 1
    assert len(made.bytes) < 1.2 * len(data)
    assert bool(made.main.info.get("progressive")) is bool(options.get("progressive"))


@pytest.mark.parametrize("turn", [2, 6])
def test_a_turned_jpeg_keeps_its_quantization(turn: int, tmp_path: Path) -> None:
    table = [1 + 12 * (at % 8) for at in range(64)]  # coarse along rows, fine along columns

    made = Made(encoded(quarters(), "JPEG", exif=exif(turn), qtables=[table, table]), "JPEG", tmp_path)

    kept = table if turn == 2 else [1 + 12 * (at // 8) for at in range(64)]
    assert list(made.main.quantization[0]) == kept  # type: ignore[attr-defined]


@pytest.mark.parametrize(("sampling", "turned"), [(0, 0), (1, 0), (2, 2)])
def test_a_turned_jpeg_keeps_its_colours_as_fine(sampling: int, turned: int, tmp_path: Path) -> None:
    made = Made(encoded(quarters(), "JPEG", exif=exif(6), subsampling=sampling), "JPEG", tmp_path)

    assert JpegImagePlugin.get_sampling(made.main) == turned


def test_a_turned_lossless_picture_loses_nothing(tmp_path: Path) -> None:
    noise = Image.effect_noise((60, 50), 80).convert("RGB")
    for form in ("PNG", "WEBP"):
        data = encoded(noise, form, exif=exif(6), **LOSSLESS.get(form, {}))

        assert difference(Made(data, form, tmp_path).main, ImageOps.exif_transpose(opened(data))) == 0


def test_a_large_avif_picture_keeps_what_turns_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turning, "_MOST_ENCODED_AVIF", 1000)
    data = encoded(quarters(600, 40), "AVIF", exif=exif(6))

    large, copy = make(data, "image/avif", tmp_path)

    assert (large.width, large.height, copy.width, copy.height) == (40, 600, 21, 320)
    assert opened((tmp_path / "large").read_bytes()).getexif() == {0x0112: 6}
    assert not opened((tmp_path / "320").read_bytes()).getexif()


# --- smaller copies ---


@pytest.mark.parametrize(
    ("size", "copies"),
    [
        ((320, 10), []),
        ((321, 10), [(320, 10)]),
        ((10, 801), [(10, 800), (4, 320)]),
        ((1600, 100), [(800, 50), (320, 20)]),
        ((4000, 300), [(1600, 120), (800, 60), (320, 24)]),
        ((1, 2000), [(1, 1600), (1, 800), (1, 320)]),
    ],
    ids=str,
)
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_copy_is_made_where_the_picture_is_larger(
    form: str, size: tuple[int, int], copies: list[tuple[int, int]], tmp_path: Path
) -> None:
    made = Made(encoded(Image.new("RGB", size, "teal"), form), form, tmp_path)

    assert made.sizes == [size, *copies]


@pytest.mark.parametrize("form", FORMATS)
def test_a_copy_has_the_type_of_its_picture_and_its_colours(form: str, tmp_path: Path) -> None:
    made = Made(encoded(quarters(900, 40), form), form, tmp_path)

    assert made.sizes == [(900, 40), (800, 36), (320, 14)]
    assert [one.format for one in made.pictures] == [form, *(["PNG" if form == "GIF" else form] * 2)]
    assert difference(made.pictures[1], made.main.convert("RGB").resize((800, 36), Image.Resampling.LANCZOS)) < 6


def test_jpeg_is_decoded_no_larger_than_its_copies_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resized: list[tuple[int, int]] = []
    resize = Image.Image.resize

    def noted(image: Image.Image, size: tuple[int, int], *options: Any) -> Image.Image:
        resized.append(image.size)
        return resize(image, size, *options)

    data = encoded(quarters(6400, 40), "JPEG")
    monkeypatch.setattr(Image.Image, "resize", noted)

    make(data, "image/jpeg", tmp_path)

    assert resized == [(1600, 10), (1600, 10), (800, 5)]


@pytest.mark.parametrize("form", WITH_EXIF)
def test_a_colour_profile_stays_in_the_picture_and_its_copies(form: str, tmp_path: Path) -> None:
    made = Made(encoded(quarters(400, 20), form, icc_profile=SRGB), form, tmp_path)

    assert [picture.info.get("icc_profile") for picture in made.pictures] == [SRGB, SRGB]


def test_a_large_profile_stays_in_the_picture_alone(tmp_path: Path) -> None:
    profile = SRGB + bytes(30_000)

    made = Made(encoded(quarters(400, 20), "JPEG", icc_profile=profile), "JPEG", tmp_path)

    assert [picture.info.get("icc_profile") for picture in made.pictures] == [profile, None]
    assert difference(made.pictures[1], made.main.resize((320, 16))) < 6


GREY_16 = Image.new("I;16", (400, 20), 0x8000)
MODES = {
    "one bit": (Image.new("1", (400, 20), 1), (255, 255, 255, 255)),
    "grey": (Image.new("L", (400, 20), 100), (100, 100, 100, 255)),
    "grey of 16 bits": (GREY_16, (128, 128, 128, 255)),
    "grey, half seen": (Image.new("LA", (400, 20), (100, 128)), (100, 100, 100, 128)),
    "palette": (Image.new("RGB", (400, 20), (1, 2, 3)).quantize(2), (1, 2, 3, 255)),
    "half seen": (Image.new("RGBA", (400, 20), (10, 20, 30, 128)), (10, 20, 30, 128)),
}


@pytest.mark.parametrize(("image", "colour"), MODES.values(), ids=MODES)
def test_colours_of_every_kind_stay_in_a_copy(
    image: Image.Image, colour: tuple[int, int, int, int], tmp_path: Path
) -> None:
    made = Made(encoded(image, "PNG"), "PNG", tmp_path)

    copied = made.pictures[1].convert("RGBA").getpixel((100, 8))
    assert isinstance(copied, tuple)
    assert all(abs(one - other) <= 1 for one, other in zip(copied, colour, strict=True))


def test_a_transparent_colour_stays_transparent(tmp_path: Path) -> None:
    image = Image.new("P", (400, 20), 1)
    image.putpalette([255, 255, 255, 9, 9, 9])

    made = Made(encoded(image, "PNG", transparency=1), "PNG", tmp_path)

    assert [picture.convert("RGBA").getchannel("A").getextrema() for picture in made.pictures] == [(0, 0), (0, 0)]


def test_a_picture_for_printing_has_copies_for_screens(tmp_path: Path) -> None:
    data = encoded(Image.new("CMYK", (400, 20), (0, 200, 200, 0)), "JPEG", quality=95)

    made = Made(data, "JPEG", tmp_path)

    red, green, blue = made.pictures[1].convert("RGB").getpixel((5, 5))  # type: ignore[misc]
    assert [picture.mode for picture in made.pictures] == ["CMYK", "RGB"]
    assert red > 200 > 100 > max(green, blue)


# --- animated ---


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_stays_as_it_is(form: str, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (400, 30), (40 * number, 99, 30)) for number in range(4)]
    options = {} if form in ("GIF", "AVIF") else {"exif": exif(6)}
    data = encoded(frames[0], form, save_all=True, append_images=frames[1:], duration=70, loop=3, **options)

    made = Made(data, form, tmp_path)

    before, after = opened(data), made.main
    assert made.sizes == [(400, 30)]
    assert after.n_frames == before.n_frames == 4  # type: ignore[attr-defined]
    for frame in range(4):
        before.seek(frame)
        after.seek(frame)
        assert difference(before, after) == 0
        assert before.info.get("duration") == after.info.get("duration")
    assert before.info.get("loop") == after.info.get("loop")


def test_an_animation_of_ten_thousand_frames_costs_little(tmp_path: Path) -> None:
    frame = encoded(Image.new("P", (2, 2)), "GIF")
    head, image = frame[: frame.index(b",")], frame[frame.index(b",") : -1]
    began = time.process_time()

    made = Made(head + 10_000 * image + b";", "GIF", tmp_path)

    assert made.sizes == [(2, 2)]
    assert time.process_time() - began < slowness()


# --- hostile ---


def gif_header(width: int, height: int) -> bytes:
    frame = bytearray(encoded(Image.new("P", (2, 2)), "GIF"))
    frame[6:10] = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return bytes(frame)


BOMBS = {
    "PNG": png_header(30_000, 30_000),
    "PNG, little too large": png_header(5_000, 10_001),
    "GIF": gif_header(65_535, 65_535),
    "GIF, little too large": gif_header(5_000, 10_001),
    "WEBP": webp_header(16_383, 16_383),
    "JPEG": encoded(quarters(), "JPEG").replace(b"\x00\x20\x00\x30", b"\xff\xff\xff\xff", 1),
}


@pytest.mark.parametrize("name", BOMBS)
def test_more_than_fifty_million_pixels_are_refused_before_there_is_room_for_them(name: str, tmp_path: Path) -> None:
    with pytest.raises((Image.DecompressionBombError, Image.DecompressionBombWarning)):
        make(BOMBS[name], TYPES[name.partition(",")[0]], tmp_path)

    assert MOST_PIXELS == 50_000_000


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_picture_that_is_cut_off_is_damaged(form: str, kept: float, tmp_path: Path) -> None:
    data = encoded(Image.effect_noise((400, 200), 80).convert("RGB"), form)

    with pytest.raises((OSError, ValueError, EOFError, SyntaxError)):
        make(data[: int(len(data) * kept)], TYPES[form], tmp_path)


def test_what_only_begins_like_a_picture_is_damaged(tmp_path: Path) -> None:
    for form in FORMATS:
        for rest in (b"", b"<script>", bytes(1000), b"\xff" * 1000):
            with pytest.raises((OSError, ValueError, EOFError, SyntaxError)):
                make(encoded(quarters(), form)[:16] + rest, TYPES[form], tmp_path)


def test_a_row_of_fill_bytes_takes_linear_time(tmp_path: Path) -> None:
    data = encoded(quarters(), "JPEG")
    began = time.process_time()

    made = Made(data[:2] + b"\xff" * 3_000_000 + data[2:-2] + b"\xff" * 3_000_000 + data[-2:], "JPEG", tmp_path)

    assert made.sizes == [(48, 32)]
    assert time.process_time() - began < slowness()
    assert BytesIO(made.bytes).seek(0, 2) < 2 * len(data) + 3_000_100
