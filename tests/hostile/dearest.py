"""Looks for the page within 64 kB that costs the most CPU: made at random, then changed as long as it grows dearer.

    python -m tests.hostile.dearest [SECONDS]

prints the dearest page found in SECONDS (default 600). CPU is that of this thread, the best of three readings, so that
a busy machine does not make a page dearer.
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from feedserver.clock import utc_now
from feedserver.net.fetch import FetchedPage
from feedserver.thoughts.verification.inspect import Inspector
from tests.hostile.measure import SITE, hostile_site

MAX_BYTES: Final = 65_536
_SOURCE: Final = "http://127.0.2.1/source"
_POST: Final = f"{SITE}/posts/post"
_KEPT: Final = 6  # pages that are changed further
# What may stand in a row: marks of every kind, joiners, flags, syllables without end, references, tags, styles.
_UNITS: Final = (
    *("\u0301", "\u0301\u0316", "\u0f73", "\u0344", "\u0903", "\u20dd", "\ufe0f", "\U000e0101", "\u200d", "\u00ad"),
    *("👨\u200d", "🇩🇪", "\u1100", "\u1161", "\uac00\u11a8", "\u0600", "क\u094d", "\u0e31", "\u0fb2\u0f71", "ﷺ", "ß"),
    *("a", " ", "\xa0", "\n", "é", "語", "a ", "\u202e", "\u2067", "\x01", "\ufffd", "\U0001fffe", "%CC%81", "%2e"),
    *("&amp;", "&#769;", "&", "&CounterClockwiseContourIntegral;", "<b>", "<p>", "<p>w", "</i>", "<li>", "<td>"),
    *("<br>", "<!--", "<![CDATA[", "<title/>", "<svg>", "<noscript>", "<template>", "<a/>", "<base href=/x/>", "<a "),
    *("<meta>", "/", "./", "../", "?", "#", ".", "é.", "//", "@", "x 1x, ", ",", ";", "margin:1;", "(", "/*", "\\"),
    *(
        "font:0 a;",
        "display:none;",
        "<meta charset=x>",
        "<meta name=description content=x>",
        "<a href=x>",
        "<b hidden>",
    ),
    *("<span style=font-size:0>", "'", '"', "[", "{", "=", "<", ">"),
)
# Where the run stands: {run} is the run, {n} the number of a link.
_PLACES: Final = (
    "<p>{run}<a href='POST-{n}'>x</a>",
    "<a href='POST-{n}'>{run}</a>",
    "<a href='POST-{n}'><img alt='{run}'></a>",
    "<a href='POST-{n}' title='{run}'>x</a>",
    "<a href='POST-{n}{run}'>x</a>",
    "<a href='POST-{n}/{run}'>x</a>",
    "<a href='POST-{n}' style='{run}{n}'>x</a>",
    "<p style='{run}{n}'><a href='POST-{n}'>x</a>",
    "<a href='SITE/posts/{run}{n}'>x</a>",
    "<a href='SITE/{run}{n}'>x</a>",
    "<a href='//{run}{n}.example/'>x</a>",
    "<a href='//{run}.{n}/'>x</a>",
    "<a href='{run}{n}'>x</a>",
    "<img srcset='{run}POST-{n} 1x'>",
    "<q cite='POST-{n}'>{run}</q>",
    "<title>{run}</title><a href='POST-{n}'>x</a>",
    "<meta property=og:title content='{run}'><a href='POST-{n}'>x</a>",
    "<meta name=description content='{run}'><link href='POST-{n}'>",
    "<meta charset='{run}'><a href='POST-{n}'>x</a>",
    "<base href='/{run}'><a href='POST-{n}'>x</a>",
    "<!-- {run} --><a href='POST-{n}'>x</a>",
    "<{run} a{n}><a href='POST-{n}'>x</a>",
)
_TYPES: Final = (
    "text/html; charset=utf-8",
    "text/html",
    "application/xhtml+xml",
    *(f"text/html; charset={name}" for name in ("iso-2022-jp", "gb18030", "big5", "euc-kr", "windows-1252", "utf-16")),
)


@dataclass(frozen=True, slots=True)
class Page:
    """`links` times `place` with `length` of `unit`, after `before` times `unit`."""

    unit: str
    other: str
    length: int
    before: int
    place: str
    links: int
    content_type: str

    def body(self) -> bytes:
        row = (self.unit + self.other) * self.length
        pattern = self.place.replace("POST", _POST).replace("SITE", SITE).replace("{run}", row[: MAX_BYTES // 2])
        text = (self.unit + self.other) * self.before
        size = len(text)
        pieces = [text[: MAX_BYTES // 2]]
        for number in range(self.links):
            pieces.append(pattern.replace("{n}", str(number)))
            size += len(pieces[-1])
            if size > MAX_BYTES:
                break
        return "".join(pieces).encode("utf-8", "replace")[:MAX_BYTES]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads pages as a fetched source of a site whose posts it has pinged."""

    inspector: Inspector
    pages: dict[str, FetchedPage]

    def seconds(self, body: bytes, content_type: str, times: int = 1) -> float:
        """The CPU that a page costs, from its bytes to what it says about our posts: the least of some readings."""
        self.pages[_SOURCE] = FetchedPage(_SOURCE, 200, content_type, body, False, None, None)
        return min(self._once() for _ in range(times))

    def _once(self) -> float:
        begun = time.thread_time()
        self.inspector.inspect(_SOURCE, None, None, utc_now())
        return time.thread_time() - begun


@contextmanager
def reader() -> Iterator[Reader]:
    with tempfile.TemporaryDirectory() as folder:
        services = hostile_site(Path(folder), 10, [_SOURCE])
        pages: dict[str, FetchedPage] = {}
        inspector = Inspector(services.database, services.urls, "A blog", lambda url, **_: pages[url])
        found = Reader(inspector, pages)
        found.seconds(b"<p>loads modules", "text/html")
        yield found
        services.database.close()


def search(read: Reader, seconds: float) -> tuple[float, Page]:
    """Returns the dearest page found in `seconds`, and its CPU in seconds."""
    chance = random.Random()
    kept: list[tuple[float, Page]] = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends or not kept:
        page = _changed(chance.choice(kept)[1], chance) if kept and chance.random() < 0.7 else _made(chance)
        if any(page == one for _, one in kept):
            continue
        cost = read.seconds(page.body(), page.content_type)
        if len(kept) < _KEPT or cost > kept[-1][0]:
            cost = read.seconds(page.body(), page.content_type, 3)
            kept = sorted([*kept, (cost, page)], key=lambda one: -one[0])[:_KEPT]
    return kept[0]


def _made(chance: random.Random) -> Page:
    return Page(**{field.name: _value(field.name, chance) for field in fields(Page)})


def _changed(page: Page, chance: random.Random) -> Page:
    name = chance.choice(fields(Page)).name
    return replace(page, **{name: _value(name, chance)})


def _value(name: str, chance: random.Random) -> Any:
    match name:
        case "unit":
            return chance.choice(_UNITS)
        case "other":
            return chance.choice(("", "", chance.choice(_UNITS)))
        case "length" | "before":
            return chance.choice((0, 1)) or int(2 ** chance.uniform(0, 15))
        case "place":
            return chance.choice(_PLACES)
        case "links":
            return chance.choice((1, 10, 200, 2000))
        case _:
            return chance.choice(_TYPES)


def main() -> None:
    with reader() as read:
        cost, page = search(read, float(sys.argv[1]) if len(sys.argv) > 1 else 600.0)
    sys.stdout.write(f"{cost:.3f} s: {page}\n")


if __name__ == "__main__":
    main()
