"""Pictures made to cost their reader memory and time: `python -m tests.hostile.bombs NAME FOLDER` takes one in."""

import json
import resource
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

from feedserver.errors import MediaRefused
from feedserver.media.pictures import take
from tests.support.media_files import box, chunk, encoded, png_header, quarters, webp_header

SIDE = 7_071  # of a square of nearly 50 million pixels
LARGEST = 50_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Bomb:
    """What a picture has cost: seconds of CPU and bytes of memory of the process that read it, and of its caller."""

    name: str
    outcome: str
    cpu: float
    memory: int
    caller: int


def square(form: str, mode: str = "RGB") -> bytes:
    """As many pixels as are taken, in few bytes."""
    options = {"method": 0, "lossless": True} if form == "WEBP" else {"speed": 10} if form == "AVIF" else {}
    return encoded(Image.new(mode, (SIDE, SIDE)), form, **options)


def turned(form: str) -> bytes:
    fields = Image.Exif()
    fields[0x0112] = 6
    options = {"method": 0} if form == "WEBP" else {}
    return encoded(Image.new("RGB", (SIDE, SIDE)), form, exif=fields, **options)


def many_scans() -> bytes:
    """A progressive JPEG picture whose last scan, which says next to nothing, comes again and again."""
    plain = encoded(Image.new("RGB", (SIDE, SIDE)), "JPEG", progressive=True)
    last = plain[plain.rindex(b"\xff\xda") : -2]
    return plain[:-2] + last * min(20_000, (LARGEST - len(plain)) // len(last)) + plain[-2:]


def swollen_profile() -> bytes:
    """A PNG picture whose colour profile grows a thousandfold."""
    packer = zlib.compressobj(9)
    packed = b"".join([packer.compress(bytes(1 << 20)) for _ in range(1000)]) + packer.flush()
    plain = encoded(quarters(), "PNG")
    return plain[:33] + chunk(b"iCCP", b"p\0\0" + packed) + plain[33:]


def tiny_blocks() -> bytes:
    """A GIF picture whose comment has ten million blocks of one byte."""
    plain = encoded(Image.new("P", (2, 2)), "GIF")
    return plain[:-1] + b"\x21\xfe" + b"\x01a" * 10_000_000 + b"\0;"


def many_chunks() -> bytes:
    """A WebP picture with millions of empty chunks that stay."""
    chunks = b"ALPH\0\0\0\0" * 5_000_000
    content = b"WEBP" + encoded(quarters(), "WEBP")[12:] + chunks
    return b"RIFF" + struct.pack("<I", len(content)) + content


BOMBS: dict[str, Callable[[], bytes]] = {
    "JPEG, turned": lambda: turned("JPEG"),
    "JPEG of many scans": many_scans,
    "JPEG for printing": lambda: square("JPEG", "CMYK"),
    "PNG": lambda: square("PNG", "RGBA"),
    "PNG, turned": lambda: turned("PNG"),
    "PNG of 900 million pixels": lambda: png_header(30_000, 30_000),
    "PNG with a profile of a gigabyte": swollen_profile,
    "GIF": lambda: square("GIF", "P"),
    "GIF of tiny blocks": tiny_blocks,
    "WebP": lambda: square("WEBP"),
    "WebP, turned": lambda: turned("WEBP"),
    "WebP of 268 million pixels": lambda: webp_header(16_383, 16_383),
    "WebP of many chunks": many_chunks,
    "AVIF": lambda: square("AVIF"),
    "a film of many boxes": lambda: box(b"ftyp", b"isom", bytes(4)) + LARGEST // 16 * box(b"a   "),
}


def measure() -> Sequence[Bomb]:
    """Takes each in by a process of its own."""
    return [_measured(name) for name in BOMBS]


def _measured(name: str) -> Bomb:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "file").write_bytes(BOMBS[name]())
        command = [sys.executable, "-m", "tests.hostile.bombs", name, folder]
        run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
        return Bomb(**json.loads(run.stdout))


def main(name: str, folder: Path) -> None:
    """Prints what the picture in `folder` costs."""
    (folder / "place").mkdir()
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        outcome = (
            f"taken as {take(folder / 'file', 'x', folder / 'place', largest=LARGEST, turns=folder).main.stored.type}"
        )
    except MediaRefused as refused:
        outcome = refused.problem
    own, child = (resource.getrusage(which) for which in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = time.process_time() - began + child.ru_utime + child.ru_stime
    bomb = Bomb(name, outcome, round(cpu, 2), child.ru_maxrss * 1024, (own.ru_maxrss - before) * 1024)
    sys.stdout.write(json.dumps(asdict(bomb)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
