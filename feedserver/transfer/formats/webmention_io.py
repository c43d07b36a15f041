"""Mentions that webmention.io has taken: the JSON of its API, `mentions.jf2` and the older `mentions`.

The service gives them page by page: a folder may have a file for each.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from feedserver.errors import ImportRefused
from feedserver.text import one_line, shorten
from feedserver.thoughts.model import MAX_EXCERPT, WITH_WORDS, Kind, Response
from feedserver.transfer.formats import moments, plain
from feedserver.transfer.formats.address_parts import most_named, site_of
from feedserver.transfer.formats.beginnings import Beginning
from feedserver.transfer.formats.json_stream import pieces, text
from feedserver.transfer.items import ImportedThought, Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source
from feedserver.urls import split_http

KIND: Final = "webmention.io"

_PATHS: Final = (("children", "*"), ("links", "*"))
_BEGINNING: Final = Beginning(
    (".json", ".jf2"), lambda head: b'"wm-source"' in head or (b'"links"' in head and b'"verified_date"' in head)
)
_RESPONSES: Final[dict[str, Response]] = {
    # of `wm-property`
    "in-reply-to": "reply",
    "like-of": "like",
    "repost-of": "repost",
    "bookmark-of": "bookmark",
    "rsvp": "rsvp",
    # of the older form
    "reply": "reply",
    "like": "like",
    "repost": "repost",
    "bookmark": "bookmark",
}


def recognises(source: Source) -> bool:
    """Whether there are mentions of webmention.io."""
    return _BEGINNING.is_in(source)


def read(source: Source, options: Options) -> Iterator[Item]:
    """The mentions in all files. Raises ImportRefused."""
    files = list(_BEGINNING.found(source)) if source.is_folder else [source.names()[0]]
    if not files:
        raise ImportRefused(f"{source.path.name} holds no mentions of webmention.io")
    sites: Counter[str] = Counter()
    for _, mention in _mentions(source, files):
        sites[site_of(_target(mention))] += 1
    url = options.url or most_named(sites)
    yield Origin(name=(url and urlsplit(url).netloc) or source.path.name, url=url)
    for name, mention in _mentions(source, files):
        yield _thought(mention, name, options)


def _mentions(source: Source, files: list[str]) -> Iterator[tuple[str, Any]]:
    for name in files:
        with source.open(name) as file:
            for _, mention in pieces(file, name, _PATHS):
                yield name, mention


def _target(mention: Any) -> str:
    return text(mention, "wm-target") or text(mention, "target")


def _thought(mention: Any, name: str, options: Options) -> Item:
    key = text(mention, "wm-id") or text(mention, "id")
    where = f"{name}, mention {key}"
    source, target = text(mention, "wm-source") or text(mention, "source"), _target(mention)
    if not isinstance(mention, dict) or not key or split_http(source) is None or not target:
        return Remark(treatment="left out", where=where, what="a mention", why="it lacks its id, source or target")
    if mention.get("wm-private") is True or mention.get("private") is True:
        return Remark(treatment="left out", where=where, what=source, why="it is private")
    if mention.get("verified") is False:
        return Remark(treatment="left out", where=where, what=source, why="its link was not found")
    details = mention["data"] if isinstance(mention.get("data"), dict) else mention  # of the older form
    kind: Kind = "pingback" if text(mention, "wm-protocol") == "pingback" else "webmention"
    received = moments.of_iso(text(mention, "wm-received") or text(mention, "verified_date"), options.zone)
    published = moments.of_iso(text(details, "published"), options.zone)
    known = [moment for moment in (published, received) if moment is not None]
    if not known:
        return Remark(treatment="left out", where=where, what=source, why="it has no date")
    response = _response(mention)
    words = _words(details)
    if response not in WITH_WORDS:
        words = shorten(one_line(words), MAX_EXCERPT)
    author_url = text(details, "author", "url")
    return ImportedThought(
        key=key,
        where=where,
        kind=kind,
        state="shown",
        at=min(known),
        text=words or (text(details, "rsvp") if response == "rsvp" else ""),
        target=target,
        response=None if kind == "pingback" else response,
        source=source,
        author_name=one_line(text(details, "author", "name")),
        author_url=author_url if split_http(author_url) is not None else "",
        title=one_line(text(details, "name")),
    )


def _response(mention: Any) -> Response:
    return _RESPONSES.get(text(mention, "wm-property") or text(mention, "activity", "type"), "mention")


def _words(details: Any) -> str:
    """What the source says: its content in one of the shapes that the service had."""
    for html in (text(details, "content", "html"), text(details, "content")):
        if html:
            return plain.of_html(html)
    typed = text(details, "content", "value")
    if text(details, "content", "content-type") == "text/html":
        return plain.of_html(typed)
    return plain.of_text(text(details, "content", "text") or typed)
