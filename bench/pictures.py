"""A picture: requests a second beside a bare WSGI application that returns the same bytes from memory; taking one in.

feedserver opens its file for each request, and writes its access log; the rival does neither.
"""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from PIL import Image

from bench import servers
from bench.feeds import beside, leave_answer
from bench.figures import Figure
from bench.loading import ROUNDS, rates
from bench.sites import Both, Site
from tests.media.builders import serve
from tests.support.serving import request

_BYTES: Final = 200_000


def measure(both: Both) -> list[Figure]:
    site = both.small
    path = _add_picture(site)
    with ExitStack() as stack:
        ours = stack.enter_context(servers.feedserver(site.folder))
        leave_answer(site, *request(ours.url + path)[1:])
        bare = stack.enter_context(servers.rival("wsgi", site.folder))
        whole = rates({name: (url + path, {}) for name, url in (("ours", ours.url), ("wsgi", bare.url))})
    seconds, megabytes = _take_in()
    return [
        beside("pictures", "picture of 200 kB, of bare WSGI", whole, "wsgi", 0.5),
        Figure("pictures", "12-megapixel JPEG taken in", seconds, "s", most=3, note="turned, with three copies"),
        Figure("pictures", "memory for it", megabytes, "MB", most=150, note="of the process that decodes it"),
    ]


def _add_picture(site: Site) -> str:
    with TemporaryDirectory() as folder, site.opened() as services:
        made = serve(services, Random(200).randbytes(_BYTES), "roof.jpg", "image/jpeg", Path(folder))
        return f"/{made.path}"


def _take_in() -> tuple[float, float]:
    """Seconds and megabytes for a photograph as telephones make it, with the sensor's sides and a turn in its EXIF."""
    with TemporaryDirectory() as folder:
        exif = Image.Exif()
        exif[0x0112] = 6
        grey = [Image.effect_noise((400, 300), 90).resize((4000, 3000)) for _ in range(3)]
        Image.merge("RGB", grey).save(f"{folder}/photograph.jpg", quality=92, exif=exif)
        command = [sys.executable, "-m", "bench.taking", f"{folder}/photograph.jpg", folder]
        runs = [json.loads(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(ROUNDS)]
    return median(seconds for seconds, _ in runs), max(megabytes for _, megabytes in runs)
