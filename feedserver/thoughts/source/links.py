"""What a page holds: its links, its name and its title, out of hostile text.

Leaves to others: bytes (`charset`), tokens (`walking`), the words around a link (`excerpt`), which post a link means
(`feedserver.urls`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import urljoin

from turbohtml import Token

from feedserver import text as words
from feedserver.thoughts.model import MAX_EXCERPT, MAX_NAME
from feedserver.thoughts.source.tokens import HIDDEN, START, TEMPLATE, TEXT, TITLE, Outline, walk
from feedserver.urls import MAX_URL

# Bounds of memory and work, far above what honest pages hold: the longest indexes have a few thousand links.
# A long <base> makes many long URLs out of short ones, and resolving them slow: hence the bound on all characters.
MAX_LINKS = 10_000
MAX_LINK_CHARACTERS = 3 * 1024 * 1024

ADDRESSES = {
    **dict.fromkeys(("a", "area", "link"), ("href",)),
    **dict.fromkeys(("audio", "embed", "iframe"), ("src",)),
    **dict.fromkeys(("img", "source"), ("src", "srcset")),
    **dict.fromkeys(("blockquote", "del", "ins", "q"), ("cite",)),
    "video": ("src", "poster"),
}
_STRIPPED = "".join(map(chr, range(0x21)))  # around a URL: C0 controls and space (URL Standard 4.4)
_WITHIN = str.maketrans({"\t": None, "\n": None, "\r": None, " ": "%20"})
_CANDIDATE = re.compile(r"[\s,]*(\S+)")
_META = {"og:site_name": MAX_NAME, "og:title": MAX_NAME, "og:description": MAX_EXCERPT, "description": MAX_EXCERPT}


@dataclass(frozen=True, slots=True)
class FoundLink:
    """One link: `url` is absolute, http(s) and as long as a URL may be; `element` is the tag that holds it.

    `position` is the number of its token, for `excerpt`. `hidden` says that a reader cannot see the link: itself or
    what it stands in carries `hidden` or a style that takes it off the page.
    """

    url: str
    element: str
    position: int
    hidden: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What a page says about itself, and its links in their order. Texts are clean, on one line, '' when missing.

    `name` is the site's (og:site_name, else the title), `title` the page's (og:title, else <title>), both at most
    500 characters; `description` is at most 1,000. `text` is the page as it was read, for `excerpt`.
    """

    name: str
    title: str
    links: tuple[FoundLink, ...]
    description: str = ""
    text: str = field(default="", repr=False)


def read(text: str, url: str) -> Reading:
    """Everything that a thought needs from the page `text` that was found at the absolute http(s) `url`.

    A link is what INTERFACE section 5 lists, resolved as HTML 2.4.3 says: the first `<base href>` counts for the
    whole page. Dropped are URLs that are not http(s) or over 2048 characters, and links beyond the bounds above.
    Takes time and memory linear in `text`; raises nothing.
    """
    named: dict[str, str] = {}
    found: list[tuple[str, str, int, bool]] = []
    base: str | None = None
    for position, (token, flags) in enumerate(walk(text, Outline())):
        if flags & TEMPLATE or token.type is not START:
            if flags & TITLE and token.type is TEXT and "title" not in named:
                named["title"] = _folded(token.data or "", MAX_NAME)
            continue
        tag = token.tag or ""
        if tag in ADDRESSES:
            raws = islice(_addresses(token), MAX_LINKS - len(found))
            found.extend([(raw, tag, position, bool(flags & HIDDEN)) for raw in raws])
        elif tag == "meta":
            _note_meta(token, named)
        elif tag == "base" and base is None:
            base = token.attr("href")
    title = named.get("title", "")
    return Reading(
        name=named.get("og:site_name") or title,
        title=named.get("og:title") or title,
        links=tuple(_resolved(found, _absolute(url, base or "") or url)),
        description=named.get("description") or named.get("og:description") or "",
        text=text,
    )


def _addresses(token: Token) -> Iterator[str]:
    for name in ADDRESSES[token.tag or ""]:
        value = token.attr(name)
        for raw in (_candidates(value) if name == "srcset" else (value,)) if value is not None else ():
            url = raw.strip(_STRIPPED)
            if len(url) <= MAX_URL:
                yield url


def _candidates(srcset: str) -> Iterator[str]:
    """The URLs of a `srcset` (HTML 4.8.4.2): parted by commas, but a comma within a URL belongs to it."""
    end = 0
    while candidate := _CANDIDATE.match(srcset, end):
        yield candidate[1].rstrip(",")
        comma = candidate.end() - 1 if candidate[1].endswith(",") else srcset.find(",", candidate.end())
        if comma < 0:
            return
        end = comma + 1


def _note_meta(token: Token, named: dict[str, str]) -> None:
    """Remembers the first words that a `<meta>` gives for each of the names in `_META`."""
    for key in ((token.attr("property") or "")[:200] + " " + (token.attr("name") or "")[:200]).lower().split():
        if key in _META and not named.get(key):
            named[key] = _folded(token.attr("content") or "", _META[key])


def _folded(raw: str, limit: int) -> str:
    # Cut first: composing characters takes quadratic time where thousands of accents stand on one letter.
    return words.shorten(words.one_line(raw.strip()[: 4 * limit]), limit)


def _resolved(found: list[tuple[str, str, int, bool]], base: str) -> Iterator[FoundLink]:
    known: dict[str, str | None] = {}
    room = MAX_LINK_CHARACTERS
    for raw, element, position, hidden in found:
        if raw not in known:
            room -= len(base) + len(raw)
            if room < 0:
                return
            known[raw] = _absolute(base, raw)
        if (url := known[raw]) is not None:
            yield FoundLink(url, element, position, hidden)


def _absolute(base: str, url: str) -> str | None:
    try:
        absolute = urljoin(base, url.strip(_STRIPPED).translate(_WITHIN))
    except ValueError:
        return None
    usable = len(absolute) <= MAX_URL and absolute[:8].lower().startswith(("http://", "https://"))
    return absolute if usable else None
