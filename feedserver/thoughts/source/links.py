"""Reads the links, the title and the site name of a page, which may be hostile."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from urllib.parse import urljoin

from turbohtml import Token

from feedserver.text import is_blank, shorten, srcset_candidates, strangers_line
from feedserver.thoughts.model import MAX_EXCERPT, MAX_NAME
from feedserver.thoughts.source.microformats import Microformats, MicroformatsReader, are_in
from feedserver.thoughts.source.tokens import (
    END,
    HIDDEN,
    INVISIBLE,
    MAX_TOKENS,
    OF_TEXT,
    START,
    SVG,
    TEMPLATE,
    TEXT,
    TITLE,
    OpenElements,
    flagged_tokens,
)
from feedserver.urls import MAX_URL

# Far above honest pages: the longest indexes have a few thousand links. Characters are bounded too, as a long <base>
# makes long URLs of short ones.
MAX_LINKS = 10_000
MAX_LINK_CHARACTERS = 3 * 1024 * 1024

_URL_ATTRIBUTES = {
    **dict.fromkeys(("a", "area", "link"), ("href",)),
    **dict.fromkeys(("audio", "embed", "iframe"), ("src",)),
    **dict.fromkeys(("img", "source"), ("src", "srcset")),
    **dict.fromkeys(("blockquote", "del", "ins", "q"), ("cite",)),
    "video": ("src", "poster"),
}
_WITH_TEXT = frozenset("a blockquote del ins q".split())
_PICTURES = frozenset("img svg video".split())
_WIDGETS = frozenset("audio button canvas embed iframe input math meter object progress".split())
_STRIPPED = "".join(map(chr, range(0x21)))  # around a URL: C0 controls and space (URL Standard section 4.4)
_REPLACED = str.maketrans({"\t": None, "\n": None, "\r": None, " ": "%20", "\\": "%5C"})
_BEFORE_QUERY = re.compile("[^?#]*")
_BEFORE_BODY = frozenset(("base", "head", "html", "link", "meta", "noscript", "script", "style", "title"))
_META = {"og:site_name": MAX_NAME, "og:title": MAX_NAME, "og:description": MAX_EXCERPT, "description": MAX_EXCERPT}


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link of a page. `url` is absolute, http(s), at most 2048 bytes long; `element` is the tag name.

    `position` is the index of its token, for `excerpt`. `hidden` is true if readers cannot see it, as far as the
    attributes of the element and of those around and in it tell; an `a` with nothing to see in it is hidden.
    `is_empty`: it has no text and no picture, though perhaps a style sheet gives it one, and nothing hides it.
    """

    url: str
    element: str
    position: int
    hidden: bool
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class SourcePage:
    """Metadata and links of a page, in document order. Texts are clean, on one line, "" if missing.

    `name` is that of the site (og:site_name, else the title), `title` that of the page (og:title, else <title>), both
    at most 500 characters; `description` at most 1,000. `canonical` is the URL that the page gives itself (RFC 6596).
    `text` is the whole page, for `excerpt`. `is_whole` is false if the page has more tokens or links than are read.
    `microformats` is None if it has no entry.
    """

    name: str
    title: str
    links: tuple[FoundLink, ...]
    description: str = ""
    canonical: str | None = None
    text: str = field(default="", repr=False)
    is_whole: bool = True
    microformats: Microformats | None = None


def read(text: str, url: str) -> SourcePage:
    """Reads a page, given its text and its absolute http(s) URL.

    Links are those of the elements in docs/interface.md, “pingback.ping”, resolved against the first `<base href>`
    (HTML section 2.4.3). URLs that are not http(s) or longer than 2048 bytes and links beyond the bounds above are
    left out. Takes time and memory linear in `text`, and never raises.
    """
    position, open_elements, tags = 0, OpenElements(), _StartTags()
    shown, metadata = _ShownLinks(open_elements), tags.metadata
    microformats = MicroformatsReader(open_elements) if are_in(text) else None
    for position, (token, flags) in enumerate(flagged_tokens(text, open_elements)):
        shown.take(position, token, flags)
        if microformats is not None:
            microformats.take(position, token, flags)
        if token.type is START and not flags & TEMPLATE:
            tags.take(position, token, flags)
        elif token.type is TEXT and flags & TITLE and "title" not in metadata:
            metadata["title"] = _folded(token.data or "", MAX_NAME)
    title = metadata.get("title", "")
    found = [
        (raw, tag, place, (hidden and place not in shown.positions, place in shown.empty, place in shown.bare))
        for raw, tag, place, hidden in tags.found
    ]
    base = _absolute(url, tags.base or "") or url
    links, all_resolved = _resolved(found, base)
    return SourcePage(
        name=metadata.get("og:site_name") or title,
        title=metadata.get("og:title") or title,
        links=links,
        description=metadata.get("description") or metadata.get("og:description") or "",
        canonical=_absolute(base, metadata["canonical"]) if "canonical" in metadata else None,
        text=text,
        is_whole=all_resolved and len(found) < MAX_LINKS and position + 1 < MAX_TOKENS,
        microformats=microformats.finish(position, partial(_absolute, base)) if microformats is not None else None,
    )


class _StartTags:
    """What the start tags of a page say: its metadata, its base, and its links as they are written."""

    def __init__(self) -> None:
        self.metadata: dict[str, str] = {}
        self.base: str | None = None
        self.found: list[tuple[str, str, int, bool]] = []  # URL, tag, position, and whether it is hidden
        self._in_head = True  # there, visitors can write nothing

    def take(self, position: int, token: Token, flags: int) -> None:
        """Takes the next start tag."""
        tag = token.tag or ""
        self._in_head = self._in_head and tag in _BEFORE_BODY
        if tag == "link" and self._in_head:
            _read_canonical(token, self.metadata)
        if tag in _URL_ATTRIBUTES:
            raws = islice(_raw_urls(token, flags), MAX_LINKS - len(self.found))
            hidden = bool(flags & (HIDDEN if tag in _WITH_TEXT else HIDDEN & ~OF_TEXT))
            self.found.extend([(raw, tag, position, hidden) for raw in raws])
        elif tag == "meta":
            _read_meta(token, self.metadata)
        elif tag == "base" and self.base is None:
            self.base = token.attr("href")


class _ShownLinks:
    """Finds the links with hidden text that are seen all the same: they hold a picture, or text that is shown again.

    Finds also those in which nothing is to be seen between their tags: `empty` if no style sheet may show something,
    else `bare` alone.
    """

    def __init__(self, open_elements: OpenElements) -> None:
        self.positions: set[int] = set()
        self.empty: set[int] = set()
        self.bare: set[int] = set()
        self._last: tuple[int, bool] | None = None  # position of the last link while nothing was seen, and if it may be
        self._open_elements = open_elements
        self._open: tuple[int, int] | None = None  # position and depth of the open link whose text is hidden

    def take(self, position: int, token: Token, flags: int) -> None:
        """Takes the next token."""
        self._take_empty(position, token, flags)
        depth = len(self._open_elements.tags)
        if token.type is START and token.tag == "a":
            self._open = (position, depth) if flags & HIDDEN else None
        elif self._open and depth < self._open[1]:
            self._open = None
        elif self._open and _is_seen(token, flags):
            self.positions.add(self._open[0])

    def _take_empty(self, position: int, token: Token, flags: int) -> None:
        is_link = token.type is START and token.tag == "a"
        if is_link:
            self._last = (position, False) if token.attr("href") and not flags & INVISIBLE else None
        if self._last is None:
            return
        place, may_be_seen = self._last
        if token.type is END and token.tag == "a":
            if len(self.bare) < MAX_LINKS:
                self.bare.add(place)
                if not may_be_seen:
                    self.empty.add(place)
            self._last = None
        elif _is_seen(token, flags) or _is_widget(token):
            self._last = None
        elif not may_be_seen and _may_be_seen(token):
            self._last = (place, True)


def _is_seen(token: Token, flags: int) -> bool:
    if token.type is TEXT:
        return not flags & (HIDDEN | INVISIBLE) and not is_blank(token.data or "")
    is_picture = token.type is START and token.tag in _PICTURES and not flags & HIDDEN & ~OF_TEXT
    return is_picture and not {"0", "1"} & {token.attr("width"), token.attr("height")}


def _is_widget(token: Token) -> bool:
    """Whether an element shows something of its own."""
    tag = token.tag or ""
    return token.type is START and (tag in _WIDGETS or "-" in tag)


def _may_be_seen(token: Token) -> bool:
    """Whether an element may show something by a style sheet, as icons do."""
    if token.type is not START:
        return False
    return bool(token.attr("class")) or "background" in (token.attr("style") or "")


def _raw_urls(token: Token, flags: int) -> Iterator[str]:
    names = _URL_ATTRIBUTES[token.tag or ""]
    if flags & SVG and token.tag == "a" and token.attr("href") is None:
        names = ("xlink:href",)
    for name in names:
        value = token.attr(name)
        for raw in _urls_in(name, value) if value is not None else ():
            url = raw.strip(_STRIPPED)
            if len(url) <= MAX_URL:
                yield url


def _urls_in(name: str, value: str) -> Iterable[str]:
    """The URLs in the value of an attribute: one, but for `srcset`."""
    return (url for url, _ in srcset_candidates(value)) if name == "srcset" else (value,)


def _read_meta(token: Token, metadata: dict[str, str]) -> None:
    """Adds the content of a `<meta>` whose name is in `_META`; the first one that is not empty wins."""
    for key in ((token.attr("property") or "")[:200] + " " + (token.attr("name") or "")[:200]).lower().split():
        if key in _META and not metadata.get(key):
            metadata[key] = _folded(token.attr("content") or "", _META[key])


def _read_canonical(token: Token, metadata: dict[str, str]) -> None:
    """Adds the URL of a `<link rel=canonical>`; the first one wins."""
    url = token.attr("href")
    if url and len(url) <= MAX_URL and "canonical" in (token.attr("rel") or "")[:200].lower().split():
        metadata.setdefault("canonical", url)


def _folded(raw: str, limit: int) -> str:
    return shorten(strangers_line(raw.strip(), 4 * limit), limit)


def _resolved(
    found: list[tuple[str, str, int, tuple[bool, bool, bool]]], base: str
) -> tuple[tuple[FoundLink, ...], bool]:
    """The links with absolute URLs, and whether these are all of them."""
    links: list[FoundLink] = []
    resolved: dict[str, str | None] = {}
    left = MAX_LINK_CHARACTERS
    for raw, element, position, (hidden, empty, bare) in found:
        if raw not in resolved:
            left -= len(base) + len(raw)
            if left < 0:
                return tuple(links), False
            resolved[raw] = _absolute(base, raw)
        if (url := resolved[raw]) is not None:
            links.append(FoundLink(url, element, position, hidden or empty, bare and not hidden))
    return tuple(links), True


def _absolute(base: str, url: str) -> str | None:
    slashed = _BEFORE_QUERY.sub(lambda found: found[0].replace("\\", "/"), url.strip(_STRIPPED), count=1)
    try:
        absolute = urljoin(base, slashed.translate(_REPLACED))
    except ValueError:
        return None
    usable = len(absolute) <= MAX_URL and absolute[:8].lower().startswith(("http://", "https://"))
    return absolute if usable else None
