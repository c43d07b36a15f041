"""Sites of Jekyll: posts, drafts and pages, with the addresses that they had. A folder of posts alone is read too."""

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from feedserver.transfer.formats import folder_posts
from feedserver.transfer.formats.folder import Document, Folder, unread
from feedserver.transfer.formats.folder_kinds import kind_of
from feedserver.transfer.formats.folder_posts import Fields, slug_of, titled
from feedserver.transfer.formats.jekyll_site import JekyllSite, Placed
from feedserver.transfer.formats.liquid import Liquid
from feedserver.transfer.items import ImportedRedirect, Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source

KIND: Final = "jekyll"

_SETTINGS: Final = {
    "title": "site.title",
    "description": "site.description",
    "lang": "site.language",
    "locale": "site.language",
    "timezone": "site.timezone",
    "author": "site.author",
}
_LIST: Final = re.compile(r"\{%-?\s*(?:for|paginate|tablerow)\b|\{\{-?\s*paginator\b")


def recognises(source: Source) -> bool:
    """Whether this is a site of Jekyll, or a folder of its posts."""
    return kind_of(source) == KIND


def read(source: Source, options: Options) -> Iterator[Item]:
    """Everything in the folder. Raises ImportDamaged."""
    folder = Folder(source, options)
    site = JekyllSite(folder, options)
    named = {ours: value for name, ours in _SETTINGS.items() if isinstance(value := site.settings.get(name), str)}
    yield Origin(name=site.url or folder.name, url=site.url, settings=named, feeds={site.at("feed.xml"): "atom"})
    yield from unread(folder.names)
    for name in site.collections():
        yield Remark(treatment="left out", where=name, what="the document", why="collections are not read")
    for name in site.excluded():
        yield Remark(treatment="left out", where=name, what="the document", why="the settings exclude it")
    liquid = Liquid(site.base.removesuffix(site.path), site.path, site.named_by_tag)
    for document in folder.documents(site.documents):
        if isinstance(document, Remark):
            yield document
        else:
            yield from _items(document, site, liquid, options)


def _items(document: Document, site: JekyllSite, liquid: Liquid, options: Options) -> Iterator[Item]:
    place = site.place(document)
    if place.role == "page" and (why := _is_no_page(document)):
        if why != "plain":
            yield Remark(treatment="left out", where=document.name, what="the page", why=why)
        return
    fields = Fields(document, site.zone, place.defaults)
    if (target := fields.text("redirect_to")) and place.url:
        yield ImportedRedirect(where=document.name, old=place.url, new=target)
        return
    yield from _post(document, fields, place, site, liquid, options)


def _is_no_page(document: Document) -> str:
    """Why a document that is in no folder of posts is no page; "" if it is one."""
    if not document.front.is_there:
        return "plain"
    if posixpath.dirname(document.name) == "" and document.stem in ("index", "404"):
        return "home and error pages are our own"
    return "a list that the site makes" if _LIST.search(document.front.body) else ""


def _post(
    document: Document, fields: Fields, place: Placed, site: JekyllSite, liquid: Liquid, options: Options
) -> Iterator[Item]:
    text = liquid.converted(document.front.body, document.format)
    for tag in liquid.unknown:
        yield Remark(treatment="changed", where=document.name, what=tag, why="Liquid that is not known stays as text")
    if liquid.drops_attributes:
        yield Remark(treatment="changed", where=document.name, what="{:…}", why="kramdown's attributes are dropped")
    text, media = site.rewritten(text, document.format, document.name, place.url)
    yield from media
    if place.url is None and place.role != "draft":
        yield Remark(treatment="changed", where=document.name, what="its address", why="an address that is not known")
    fields.drop("category", "categories", "permalink")
    slug = fields.text("slug")
    wanted = fields.text("basename") or slug or place.name
    if wanted == "index":
        wanted = posixpath.basename(posixpath.dirname(document.name))
    tags = (*place.categories, *fields.texts("tag"), *fields.texts("tags", r",?\s+"))
    post = folder_posts.post(
        fields,
        document,
        options.now,
        text=text,
        title=fields.text("title") or titled(place.name),
        url=place.url,
        addresses=tuple(site.at(old) for old in fields.texts("redirect_from")),
        slug=slug_of(wanted),
        guid=_guid(place, slug, site),
        tags=tags,
        published_at=place.date,
        is_draft=place.role == "draft" or (place.role == "post" and not _was_public(document, place, site)),
        page=place.role == "page",
    )
    yield from fields.remarks
    yield from site.with_files(post)


def _was_public(document: Document, place: Placed, site: JekyllSite) -> bool:
    """Whether Jekyll made a page of a post: it passes over those without date or front matter."""
    return site.shows_posts and document.front.is_there and place.date is not None


def _guid(place: Placed, slug: str | None, site: JekyllSite) -> str | None:
    """The id that jekyll-feed gives to a post."""
    if place.role != "post" or place.url is None or site.url is None:
        return None
    return f"{posixpath.dirname(place.url.rstrip('/'))}/{slug or place.name}"
