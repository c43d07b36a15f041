"""A picture: requests a second beside a bare WSGI application that returns the same bytes from memory.

feedserver opens its file for each request, and writes its access log; the rival does neither.
"""

import json
from base64 import b64encode
from contextlib import ExitStack
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from bench import servers
from bench.feeds import NOT_COPIED, beside
from bench.figures import Figure
from bench.loading import rates
from bench.sites import Both, Site
from tests.media.builders import serve
from tests.support.serving import request

_BYTES: Final = 200_000


def measure(both: Both) -> list[Figure]:
    site = both.small
    path = _add_picture(site)
    with ExitStack() as stack:
        ours = stack.enter_context(servers.feedserver(site.folder))
        _write_rival_answers(ours.url + path, site)
        bare = stack.enter_context(servers.rival("wsgi", site.folder))
        whole = rates({name: (url + path, {}) for name, url in (("ours", ours.url), ("wsgi", bare.url))})
    return [beside("pictures", "picture of 200 kB, of bare WSGI", whole, "wsgi", 0.5)]


def _add_picture(site: Site) -> str:
    with TemporaryDirectory() as folder, site.opened() as services:
        made = serve(services, Random(200).randbytes(_BYTES), "roof.jpg", "image/jpeg", Path(folder))
        return f"/{made.path}"


def _write_rival_answers(url: str, site: Site) -> None:
    _, headers, body = request(url)
    answers = {
        "body": b64encode(body).decode("ascii"),
        "gzip": "",
        "type": headers["content-type"],
        "etag": headers["etag"],
        "headers": [[name.title(), value] for name, value in headers.items() if name not in NOT_COPIED],
    }
    (site.folder / "answers.json").write_text(json.dumps(answers), "utf-8")
