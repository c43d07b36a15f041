"""How a picture is to be turned, from its EXIF (TIFF 6.0 section 2, EXIF 2.32 section 4.6.4)."""

from typing import Final

from feedserver.media.metadata.buffers import Damaged, numbers

_ORIENTATION: Final = 0x0112
_UPRIGHT: Final = 1
_ORDERS: Final = {b"II*\0": "<", b"MM\0*": ">"}
_SHORT: Final = 3
_MOST: Final = 1000  # fields


def orientation(exif: bytes) -> int:
    """From 1, upright, to 8; 1 too where it is missing or cannot be read."""
    order = _ORDERS.get(exif[:4])
    if order is None:
        return _UPRIGHT
    try:
        (at,) = numbers(f"{order}4xI", exif, 0)
        (count,) = numbers(f"{order}H", exif, at)
        for field in range(at + 2, at + 2 + 12 * min(count, _MOST), 12):
            tag, kind, _, value = numbers(f"{order}HHIH", exif, field)
            if tag == _ORIENTATION and kind == _SHORT:
                return value if 1 <= value <= 8 else _UPRIGHT
    except Damaged:
        pass
    return _UPRIGHT
