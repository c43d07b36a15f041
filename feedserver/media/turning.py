"""What becomes of a picture: it loses its metadata, stands upright, and has smaller copies.

Pillow is used here alone, and this runs in a process of its own (`picture_process`), as a picture may be made to harm
who reads it. Pillow never sees the metadata: what it decodes is what is stored.
"""

import warnings
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from PIL import AvifImagePlugin, Image, ImageCms, JpegImagePlugin

from feedserver.media.blanking import blank_places
from feedserver.media.metadata import gif, jpeg, png, webp
from feedserver.media.metadata.buffers import Buffer
from feedserver.media.metadata.orientation import orientation
from feedserver.media.model import SHOWN_SIDE, MadePicture

MOST_PIXELS: Final = 50_000_000
SIDES: Final = (SHOWN_SIDE, 800, 320)  # of smaller copies: pixels of the longer one
# Encoding takes 34 bytes a pixel. What is larger keeps the property that turns it, as all do that show AVIF.
_MOST_ENCODED_AVIF: Final = 30_000_000
LARGE: Final = "large"  # the file of the picture itself; those of copies are named by their sides
_FORMATS: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
}
_STRIPPED: Final = {
    "image/jpeg": jpeg.stripped,
    "image/png": png.stripped,
    "image/gif": gif.stripped,
    "image/webp": webp.stripped,
}
_EXIF: Final = {"image/jpeg": jpeg.exif, "image/png": png.exif, "image/webp": webp.exif}
_TYPES_OF_COPIES: Final = {"image/gif": "image/png"}  # resized, 256 colours are too few
_TURNS: Final = {  # by orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS: Final = frozenset({5, 6, 7, 8})
_ORIENTATION: Final = 0x0112
_LARGEST_PROFILE: Final = 16_384  # bytes in a copy: screens need 3,000, printers a million
_COPY: Final[Mapping[str, Mapping[str, Any]]] = {
    "image/jpeg": {"quality": 85, "progressive": True, "optimize": True},
    "image/png": {},
    "image/webp": {"quality": 82},
    "image/avif": {"quality": 75, "speed": 8, "max_threads": 1},
}


def make(data: Buffer, type_: str, place: Path) -> list[MadePicture]:
    """Writes what is to be stored of a picture into a folder: itself first, then its smaller copies.

    An animated one has none. One that stands upright keeps its pixels as they are; one that is turned is encoded anew.
    Raises Damaged, and whatever Pillow raises for more pixels than `MOST_PIXELS`, and for what it cannot decode.
    """
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    turn = orientation(_EXIF[type_](data)) if type_ in _EXIF else 1
    _strip(data, type_, place / LARGE)
    image: Image.Image
    with Image.open(place / LARGE, formats=[_FORMATS[type_]]) as image:
        if type_ == "image/avif":  # properties turn it, of which Pillow tells as if they were EXIF
            turn = image.getexif().get(_ORIENTATION, 1)
        if type_ != "image/jpeg" and getattr(image, "is_animated", False):
            image.load()
            return [MadePicture(LARGE, type_, *image.size)]
        if turn in _TURNS:
            coding = _coding(image, data, type_, turn)
            image = _turned(image, turn)
            if type_ != "image/avif" or image.width * image.height <= _MOST_ENCODED_AVIF:
                _save(image, place / LARGE, type_, image.info.get("icc_profile"), coding)
        return [MadePicture(LARGE, type_, *image.size), *_copies(image, type_, place)]


def _strip(data: Buffer, type_: str, file: Path) -> None:
    with file.open("wb") as target:
        target.writelines(_STRIPPED[type_](data) if type_ in _STRIPPED else [data])
    if type_ == "image/avif":
        blank_places(file)


# --- turned ---


def _turned(image: Image.Image, turn: int) -> Image.Image:
    turned = image.transpose(_TURNS[turn])
    image.close()  # or both would be in memory
    return turned


def _coding(image: Image.Image, data: Buffer, type_: str, turn: int) -> Mapping[str, Any]:
    """How a turned picture is encoded: as it was, as far as that can be told, so that little is lost."""
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        tables = [_table(table, turn) for _, table in sorted(image.quantization.items())]
        sampling = JpegImagePlugin.get_sampling(image)
        # What is sampled in one direction alone would have to be so in the other, which Pillow cannot do.
        known = {"subsampling": sampling if sampling != 1 or turn not in _SIDEWAYS else 0} if sampling >= 0 else {}
        return {"qtables": tables, "progressive": bool(image.info.get("progressive")), **known}
    if type_ == "image/webp":
        return {"lossless": True, "method": 1} if webp.is_lossless(data) else {"quality": 92}
    return {"quality": 85, "speed": 8, "max_threads": 1} if type_ == "image/avif" else {}


def _table(table: list[int], turn: int) -> list[int]:
    """A quantization table for a picture that is turned: rows become columns with it."""
    return [table[at % 8 * 8 + at // 8] for at in range(64)] if turn in _SIDEWAYS else list(table)


# --- smaller copies ---


def _copies(image: Image.Image, type_: str, place: Path) -> Iterator[MadePicture]:
    """Writes the copies, the largest first, each made of the one before. Decodes all of the picture in any case."""
    full = image.size
    sides = [side for side in SIDES if max(full) > side]
    type_ = _TYPES_OF_COPIES.get(type_, type_)
    if sides:
        image.draft(None, _fitting(full, sides[0]))  # JPEG is decoded no larger than the copy needs
    image.load()
    profile = image.info.get("icc_profile")
    working = _resizable(image) if sides else image
    for side in sides:
        working = working.resize(_fitting(full, side), Image.Resampling.LANCZOS)
        if side == sides[0]:
            working, profile = _with_small_profile(working, profile)
        _save(working, place / str(side), type_, profile, _COPY[type_])
        yield MadePicture(str(side), type_, *working.size, side)


def _fitting(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size with the same proportions whose longer side has `side` pixels."""
    longer = max(size)
    width, height = (max(1, round(length * side / longer)) for length in size)
    return width, height


def _resizable(image: Image.Image) -> Image.Image:
    """The picture in a mode that can be resized well: with grey or colours of eight bits, transparency in a band."""
    if image.has_transparency_data:
        return image if image.mode in ("LA", "RGBA") else image.convert("RGBA")
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    if image.mode.startswith("I"):  # grey of 16 bits, which `convert` would cut off at 255
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("L" if image.mode == "1" else "RGB")


def _with_small_profile(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, bytes | None]:
    """A picture in sRGB if it is for printing, or has a large colour profile; else as it is."""
    if image.mode != "CMYK" and (not profile or len(profile) <= _LARGEST_PROFILE):
        return image, profile
    mode = "RGBA" if image.mode in ("LA", "RGBA") else "RGB"
    try:
        source, screen = ImageCms.ImageCmsProfile(BytesIO(profile or b"")), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, screen, outputMode=mode)
    except (ImageCms.PyCMSError, OSError):
        converted = None
    return converted or image.convert(mode), None


def _save(image: Image.Image, file: Path, type_: str, profile: bytes | None, coding: Mapping[str, Any]) -> None:
    image.save(file, _FORMATS[type_], icc_profile=profile, **coding)
