"""JSON Feed (1.0, 1.1): its items, and what it says of its site."""

from collections.abc import Iterator
from html import escape
from typing import Any, BinaryIO, Final

from feedserver.posts.model import Enclosure
from feedserver.text import one_line, shorten
from feedserver.transfer.formats import moments
from feedserver.transfer.formats.address_parts import resolved
from feedserver.transfer.formats.feed_entries import Entry, enclosure_of, html_of
from feedserver.transfer.formats.feed_xml import Site
from feedserver.transfer.formats.json_stream import pieces, text
from feedserver.transfer.options import Options

_ITEMS: Final = ("items", "*")
_NAMES: Final = ("title", "description", "home_page_url", "feed_url", "next_url", "language", "authors", "author")


def site_of(file: BinaryIO, name: str) -> Site:
    """What the whole document says of its site: it may stand behind the items. Raises ImportRefused."""
    said: dict[str, Any] = {}
    for path, value in pieces(file, name, [(key,) for key in _NAMES]):
        said[path[0]] = value
    return Site(
        title=one_line(text(said, "title")),
        description=one_line(text(said, "description")),
        url=text(said, "home_page_url"),
        lang=text(said, "language"),
        address=text(said, "feed_url"),
        older=text(said, "next_url"),
        authors=_authors(said),
        suffix="json",
    )


def entries(file: BinaryIO, name: str, site: Site, options: Options) -> Iterator[Entry]:
    """The items. Raises ImportRefused."""
    for number, (_, item) in enumerate(pieces(file, name, [_ITEMS]), start=1):
        title = one_line(text(item, "title"))
        url = text(item, "url")
        base = url or site.url or site.address
        html = text(item, "content_html") or html_of(text(item, "content_text"))
        summary = html_of(text(item, "summary"))
        external, picture = text(item, "external_url"), text(item, "image")
        if picture and picture not in html:
            html = f'<figure><img src="{escape(picture)}" alt=""></figure>\n{html}'
        yield Entry(
            where=f"{name}, item {number}, “{shorten(title or text(item, 'id'), 60)}”",
            id=text(item, "id"),
            link=resolved(url, base) if url else "",
            title=title,
            html=html or summary,
            base=base,
            is_summary=not html,
            summary=summary if html else "",
            published_at=moments.of_iso(text(item, "date_published"), options.zone),
            updated_at=moments.of_iso(text(item, "date_modified"), options.zone),
            tags=tuple(map(text, _list(item, "tags"))),
            authors=_authors(item) or site.authors,
            enclosures=tuple(_enclosures(item, base)),
            lang=text(item, "language") or site.lang,
            fields={"external_url": external} if external else {},
        )


def _list(item: Any, name: str) -> list[Any]:
    found = item.get(name) if isinstance(item, dict) else None
    return found if isinstance(found, list) else []


def _authors(item: Any) -> tuple[str, ...]:
    return tuple(text(one, "name") for one in _list(item, "authors")) or tuple(
        filter(None, (text(item, "author", "name"),))
    )


def _enclosures(item: Any, base: str) -> Iterator[Enclosure]:
    for one in _list(item, "attachments"):
        yield from enclosure_of(text(one, "url"), text(one, "mime_type"), text(one, "size_in_bytes"), base)
