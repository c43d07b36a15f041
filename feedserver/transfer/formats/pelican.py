"""Sites of Pelican: articles and pages in Markdown, HTML and reStructuredText, with the addresses that they had."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from feedserver.transfer.formats import folder_posts
from feedserver.transfer.formats.folder import HTML, Document, Folder, Unreadable, ending, unread
from feedserver.transfer.formats.folder_kinds import kind_of
from feedserver.transfer.formats.folder_posts import Fields, slug_of
from feedserver.transfer.formats.pelican_site import RST, PelicanSite, Placed, split
from feedserver.transfer.items import Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source

KIND: Final = "pelican"

_SETTINGS: Final = {
    "SITENAME": "site.title",
    "SITESUBTITLE": "site.description",
    "AUTHOR": "site.author",
    "DEFAULT_LANG": "site.language",
    "TIMEZONE": "site.timezone",
}
_FEEDS: Final = {"FEED_ALL_ATOM": "atom", "FEED_ALL_RSS": "rss", "FEED_ATOM": "atom", "FEED_RSS": "rss"}


def recognises(source: Source) -> bool:
    """Whether this is a site of Pelican."""
    return kind_of(source) == KIND


def read(source: Source, options: Options) -> Iterator[Item]:
    """Everything in the folder. Raises ImportDamaged."""
    folder = Folder(source, options, header=True)
    site = PelicanSite(folder, options)
    named = {ours: value for name, ours in _SETTINGS.items() if (value := site.settings.get(name))}
    feeds = {site.at(path): kind for name, kind in _FEEDS.items() if (path := site.settings.get(name))}
    yield Origin(name=site.url or folder.name, url=site.url, settings=named, feeds=feeds)
    yield from unread(folder.names, but=RST)
    for name in folder.names:
        if ending(name) == RST and not site.reads_rst:
            why = "reStructuredText is read with docutils alone: pip install feedserver[rst]"
            yield Remark(treatment="left out", where=name, what="the document", why=why)
    for name in site.excluded:
        yield Remark(treatment="left out", where=name, what="the document", why="the settings exclude it")
    for found in folder.documents(site.documents):
        yield from _items(found, site, options)


def _items(found: Document | Remark, site: PelicanSite, options: Options) -> Iterator[Item]:
    if isinstance(found, Remark):
        yield found
        return
    try:
        document = site.document(found)
    except Unreadable as error:
        yield Remark(treatment="mended", where=found.name, what="the document is left out", why=str(error))
        return
    if not document.front.fields.get("title"):
        yield Remark(treatment="left out", where=document.name, what="the document", why="it has no title")
        return
    yield from _post(document, site.place(document), site, options)


def _post(document: Document, place: Placed, site: PelicanSite, options: Options) -> Iterator[Item]:
    kind = "html" if ending(document.name) in (*HTML, RST) else document.format
    text, media = site.rewritten(document.front.body, kind, document.name, place.url)
    yield from media
    fields = Fields(document, site.zone, place.defaults)
    fields.drop("slug", "category", "url")
    saved = fields.text("save_as")
    slug = slug_of(place.name)
    is_translation = place.lang != site.lang
    post = folder_posts.post(
        fields,
        document,
        options.now,
        text=text,
        title=fields.text("title") or "",
        url=place.url,
        addresses=(site.at(saved),) if saved else (),
        slug=f"{slug}-{place.lang}" if slug and is_translation else slug,
        guid=_guid(place, site),
        published_at=place.date,
        tags=(*split(fields, "tags"), *([place.category] if place.category else [])),
        authors=tuple(split(fields, "authors", "author")),
        is_draft=not place.is_saved or (place.date is None and not place.is_page),
        lang=site.settings.get("DEFAULT_LANG"),
        page=place.is_page,
        format=kind,
    )
    yield from fields.remarks
    yield from site.with_files(post)


def _guid(place: Placed, site: PelicanSite) -> str | None:
    """The id that a post has in Pelican's feeds."""
    parts = urlsplit(place.url or "")
    if place.is_page or not parts.hostname or place.date is None:
        return None
    return f"tag:{parts.hostname},{place.date.astimezone(site.zone):%Y-%m-%d}:{parts.path}/{parts.fragment}"
