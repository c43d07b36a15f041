"""A folder of Markdown: documents as `feedserver post add` takes them, and those without front matter."""

import re
from collections.abc import Iterator
from typing import Final

from feedserver.posts.document import slug_from
from feedserver.posts.model import Format
from feedserver.text import one_line
from feedserver.transfer.formats import folder_posts
from feedserver.transfer.formats.folder import MARKDOWN, Document, Folder, ending, placed, unread
from feedserver.transfer.formats.folder_kinds import kind_of
from feedserver.transfer.formats.folder_links import FolderSite
from feedserver.transfer.formats.folder_posts import Fields
from feedserver.transfer.items import Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source
from feedserver.urls import scheme

KIND: Final = "markdown"

_HEADING: Final = re.compile(
    r"\A\s*(?:#[ \t]+(?P<atx>[^\n]{1,500}?)[ \t]*#*|(?P<setext>[^\s#>`~|<-][^\n]{0,500})\n=+)[ \t]*(?:\n|\Z)"
)
_OLD: Final = ("aliases", "redirect_from")


def recognises(source: Source) -> bool:
    """Whether this is a folder of Markdown that no other system has written, or one such document."""
    return kind_of(source) == KIND


def read(source: Source, options: Options) -> Iterator[Item]:
    """Everything in the folder. Raises ImportDamaged."""
    folder = Folder(source, options)
    yield Origin(name=options.url or folder.name, url=options.url)
    yield from unread(folder.names)
    site = _Site(folder, (options.url or "").rstrip("/"))
    for document in folder.documents(placed(folder.names, MARKDOWN)):
        if isinstance(document, Remark):
            yield document
        else:
            yield from _post(document, site, options)


class _Site(FolderSite):
    def _address_of(self, name: str) -> str | None:
        return self.at(name) if ending(name) in MARKDOWN else None


def _post(document: Document, site: _Site, options: Options) -> Iterator[Item]:
    fields = Fields(document, options.zone)
    date, rest = folder_posts.dated(document.stem, options.zone)
    title, text = fields.text("title"), document.front.body
    name = slug_from(title or "") or rest
    if title is None and (heading := _HEADING.match(text)):
        title, text = one_line(heading["atx"] or heading["setext"]), text[heading.end() :].lstrip("\n")
    kind: Format = "html" if fields.text("format") == "html" else "markdown"
    text, media = site.rewritten(text, kind, document.name, site.at(document.name))
    yield from media
    was_at = fields.text("url", "permalink")
    old = [address for name in _OLD for address in fields.texts(name) if address.startswith("/") or scheme(address)]
    post = folder_posts.post(
        fields,
        document,
        options.now,
        text=text,
        title=title if title is not None else folder_posts.titled(rest),
        url=was_at or site.at(document.name),
        addresses=tuple(old) + ((site.at(document.name),) if was_at else ()),
        slug=folder_posts.slug_of(fields.text("slug") or name),
        guid=fields.text("guid"),
        published_at=date,
        page=fields.text("page") == "true",
        menu=fields.text("menu"),
        format=kind,
    )
    yield from fields.remarks
    yield from site.with_files(post)
