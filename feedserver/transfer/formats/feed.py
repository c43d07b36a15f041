"""Feeds as exports: RSS, Atom and JSON Feed, one or several files of one site.

A feed has the newest entries of a site, and often no more of them than a summary; both is told.
"""

import io
from collections.abc import Iterator
from typing import Final

from feedserver.errors import ImportRefused
from feedserver.transfer.formats import feed_json, feed_xml
from feedserver.transfer.formats.beginnings import Beginning
from feedserver.transfer.formats.feed_entries import items_of
from feedserver.transfer.formats.xml_mending import Mending
from feedserver.transfer.formats.xml_prolog import root_of
from feedserver.transfer.items import Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source
from feedserver.urls import split_http

KIND: Final = "feed"

_ENDINGS: Final = (".xml", ".rss", ".atom", ".rdf", ".json")
_ROOTS: Final = frozenset(("rss", "RDF", "feed", "entry"))
_JSON_FEED: Final = b"jsonfeed.org/version/"
# Exports of whole sites in the form of a feed, which have readers of their own.
_OTHERS: Final = (b"wordpress.org/export/", b"schemas.google.com/g/2005#kind", b"schemas.google.com/blogger/2018")


def _is_feed(head: bytes) -> bool:
    if any(mark in head for mark in _OTHERS):
        return False
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _JSON_FEED in head.replace(b"\\/", b"/")
    root = root_of(io.BytesIO(head))
    return root is not None and root.name in _ROOTS


_BEGINNING: Final = Beginning(_ENDINGS, _is_feed)


def recognises(source: Source) -> bool:
    """Whether there are feeds, and nothing but feeds: many sites have one beside what they are made of."""
    if source.is_folder and not all(name.lower().endswith(_ENDINGS) for name in source.names()):
        return False
    return _BEGINNING.is_in(source)


def read(source: Source, options: Options) -> Iterator[Item]:
    """The entries of all files. Raises ImportRefused, ImportDamaged."""
    files = list(_BEGINNING.found(source)) if source.is_folder else [source.names()[0]]
    if not files:
        raise ImportRefused(f"{source.path.name} holds no feed")
    first: Origin | None = None
    for name in files:
        items = _of_json(source, name, options) if _is_json(source, name) else _of_xml(source, name, options)
        for item in items:
            if isinstance(item, Origin) and first is not None:
                if item.name != first.name:
                    raise ImportRefused(f"{name}: a feed of another site than {first.name}; name one of them")
                continue
            first = first or (item if isinstance(item, Origin) else None)
            yield item


def _is_json(source: Source, name: str) -> bool:
    with source.open(name) as file:
        return file.read(1000).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def _of_json(source: Source, name: str, options: Options) -> Iterator[Item]:
    with source.open(name) as file:
        site = feed_json.site_of(file, name)
    yield _origin(site, source, options)
    with source.open(name) as file:
        for entry in feed_json.entries(file, name, site, options):
            yield from items_of(entry)
    yield from _told(site, name)


def _of_xml(source: Source, name: str, options: Options) -> Iterator[Item]:
    with source.open(name) as file:
        root = root_of(file)
    if root is None or root.name not in _ROOTS:
        raise ImportRefused(f"{name}: this is no feed")
    mending = Mending() if options.forgiving else None
    site = feed_xml.Site()
    is_known = False
    try:
        with source.open(name) as file:
            for site, entry in feed_xml.read(file, root, name, options, mending):
                if not is_known:
                    is_known = True
                    yield _origin(site, source, options)
                if entry is not None:
                    yield from items_of(entry)
    except ImportRefused as error:
        raise type(error)(f"{name}, {error}") from error
    yield from _told(site, name)
    if mending is not None:
        yield from mending.remarks()


def _origin(site: feed_xml.Site, source: Source, options: Options) -> Origin:
    url = options.url or next((url for url in (site.url, site.address) if split_http(url)), None)
    settings = {
        "site.title": site.title,
        "site.description": site.description,
        "site.language": site.lang,
        "site.author": "".join(site.authors[:1]),
    }
    return Origin(
        name=url.partition("?")[0] if url else source.path.name,
        url=url.partition("?")[0] if url else None,
        settings={key: value for key, value in settings.items() if value},
        feeds={site.address: site.suffix} if split_http(site.address) else {},
    )


def _told(site: feed_xml.Site, name: str) -> Iterator[Remark]:
    if site.older:
        what = f"the entries at {site.older}"
        yield Remark(treatment="left out", where=name, what=what, why="older ones are not in this document")
