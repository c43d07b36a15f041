"""Sites of Hugo: documents in sections are posts, others pages, with the addresses that they had."""

import posixpath
from collections.abc import Iterator
from typing import Any, Final

from feedserver.transfer.formats import folder_posts
from feedserver.transfer.formats.folder import Document, Folder, unread
from feedserver.transfer.formats.folder_kinds import kind_of
from feedserver.transfer.formats.folder_posts import Fields, slug_of, titled
from feedserver.transfer.formats.hugo_site import HugoSite, Placed
from feedserver.transfer.formats.shortcodes import Shortcodes
from feedserver.transfer.items import Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source

KIND: Final = "hugo"

_SETTINGS: Final = {
    "title": "site.title",
    "languagecode": "site.language",
    "timezone": "site.timezone",
}
_PARAMETERS: Final = {"description": "site.description", "author": "site.author"}


def recognises(source: Source) -> bool:
    """Whether this is a site of Hugo."""
    return kind_of(source) == KIND


def read(source: Source, options: Options) -> Iterator[Item]:
    """Everything in the folder. Raises ImportDamaged."""
    folder = Folder(source, options)
    site = HugoSite(folder, options)
    yield Origin(name=site.url or folder.name, url=site.url, settings=_settings(site), feeds=site.feeds())
    yield from unread(folder.names)
    yield from site.left_out()
    for document in folder.documents(site.documents):
        if isinstance(document, Remark):
            yield document
        else:
            yield from _post(document, site, options)


def _settings(site: HugoSite) -> dict[str, str]:
    parameters = site.settings.get("params")
    found: dict[str, Any] = {ours: site.settings.get(name) for name, ours in _SETTINGS.items()}
    if isinstance(parameters, dict):
        found |= {ours: parameters.get(name) for name, ours in _PARAMETERS.items()}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _post(document: Document, site: HugoSite, options: Options) -> Iterator[Item]:
    place = site.place(document)
    shortcodes = Shortcodes(lambda reference: site.referred(reference, document.name))
    text = shortcodes.converted(document.front.body, document.format)
    for words in shortcodes.unknown:
        yield Remark(
            treatment="changed", where=document.name, what=words, why="a shortcode that is not known stays as text"
        )
    text, media = site.rewritten(text, document.format, document.name, place.url)
    yield from media
    for name in site.files_of(document):
        yield from site.media(name)
    if place.url is None:
        yield Remark(treatment="changed", where=document.name, what="its address", why="an address that is not known")
    fields = Fields(document, site.zone, place.defaults)
    title = fields.text("title") or titled(place.name)
    given = posixpath.basename((fields.text("url") or "").rstrip("/"))
    slug = slug_of(fields.text("slug") or posixpath.splitext(given)[0] or place.name)
    post = folder_posts.post(
        fields,
        document,
        options.now,
        text=text,
        title=title,
        url=place.url,
        addresses=tuple(_alias(alias, place, site) for alias in fields.texts("aliases")),
        slug=f"{slug}-{place.lang}" if slug and place.lang and place.url and f"/{place.lang}/" in place.url else slug,
        guid=place.url if site.url and place.url else None,
        published_at=place.date,
        tags=fields.texts("tags") + fields.texts("categories"),
        is_draft=not site.shows(place.lang),
        lang=place.lang or None,
        page=place.is_page,
        menu=_menu(fields, title),
    )
    yield from fields.remarks
    yield from site.with_files(post)


def _alias(alias: str, place: Placed, site: HugoSite) -> str:
    """The address of an alias; one that does not begin with a slash is beside its page."""
    if alias.startswith("/"):
        return site.at(alias)
    path = (place.url or site.at("/".join((*place.sections, place.name)))).rstrip("/")
    return f"{posixpath.dirname(path)}/{alias}"


def _menu(fields: Fields, title: str) -> str | None:
    """The name of a page in the menu `main`."""
    value = fields.get("menu") or fields.get("menus")
    if isinstance(value, dict) and "main" in value:
        entry = value["main"]
        name = entry.get("name") if isinstance(entry, dict) else None
        return name if isinstance(name, str) else title
    return title if value == "main" or (isinstance(value, list) and "main" in value) else None
