"""Medium's export: a zip or folder with a file of HTML for each post, draft and response of its owner."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import turbohtml
from turbohtml import Element

from feedserver.errors import ImportDamaged, ImportRefused, InvalidDocument
from feedserver.posts import nesting
from feedserver.text import is_blank, one_line, shorten
from feedserver.transfer.formats import moments
from feedserver.transfer.formats.address_parts import last_step, most_named, path_of, site_of
from feedserver.transfer.formats.beginnings import Beginning
from feedserver.transfer.items import ImportedMedia, ImportedPost, Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source
from feedserver.urls import split_http

KIND: Final = "medium"

_MAX_FILE: Final = 4 * 1_048_576  # bytes
_FOLDER: Final = re.compile(r"(?:^|/)posts/[^/]+\.html?$", re.IGNORECASE)
_BODY: Final = 'section[data-field="body"]'
_BEGINNING: Final = Beginning(
    (".html", ".htm"), lambda head: b'class="h-entry"' in head and b'data-field="body" class="e-content"' in head
)
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{8,16}$")  # that Medium gives a text, at the end of its addresses
_DRAFT: Final = re.compile(r"(?:^|/)draft_[^/]*$")
_PICTURE_VERSION: Final = re.compile(r"^\d\*")
_ELLIPSIS: Final = re.compile(r"(?:…|\.\.\.)$")


def recognises(source: Source) -> bool:
    """Whether there are texts of Medium."""
    return any(True for _ in _BEGINNING.found(source))


def read(source: Source, options: Options) -> Iterator[Item]:
    """The posts, drafts and responses. Raises ImportRefused, ImportDamaged."""
    names = _files(source)
    if not names:
        raise ImportRefused(f"{source.path.name} holds no texts of Medium")
    yield _origin(source, names, options)
    known: set[str] = set()
    for name in names:
        yield from _items(source, name, options, known)


def _files(source: Source) -> list[str]:
    """The files with texts: those in `posts`, where there is such a folder, as others are lists of all kinds."""
    if not source.is_folder:
        return [source.names()[0]]
    names = [name for name in source.names() if name.lower().endswith(_BEGINNING.endings)]
    return [name for name in names if _FOLDER.search(name)] or [name for name in names if "/" not in name]


def _origin(source: Source, names: list[str], options: Options) -> Origin:
    """The site where most texts stand, and the author's name for it."""
    sites: Counter[str] = Counter()
    authors: Counter[str] = Counter()
    for name in names:
        page = _page(source, name)
        sites[site_of(_address(page, "a.p-canonical"))] += 1
        authors[_address(page, "a.p-author")] += 1
    url = options.url or most_named(sites)
    author = next((author for author, _ in authors.most_common() if author), "")
    return Origin(name=author or url or source.path.name, url=url, feeds={"/feed": "rss"})


def _page(source: Source, name: str) -> turbohtml.Document | None:
    """The tree of a file; None for one that is too large, or nested so that it would take too long."""
    if source.size(name) > _MAX_FILE:
        return None
    with source.open(name) as file:
        html = file.read(_MAX_FILE).decode("utf-8", "replace")
    try:
        nesting.check(html)
    except InvalidDocument:
        return None
    return turbohtml.parse(html)


def _items(source: Source, name: str, options: Options, known: set[str]) -> Iterator[Item]:
    page = _page(source, name)
    body = page.select_one(_BODY) if page is not None else None
    if page is None or body is None:
        yield Remark(treatment="left out", where=name, what="a file", why="it is no text of Medium, or too large a one")
        return
    if "\ufffd" in page.text:
        if not options.forgiving:
            raise ImportDamaged(f"{name}: bytes that are no UTF-8")
        yield Remark(treatment="mended", where=name, what="bytes are replaced", why="they are no UTF-8")
    title = one_line(_words(page, "h1.p-name"))
    where = f"{name}, “{shorten(title, 60)}”"
    response = _is_response(body, title)
    url, at = _address(page, "a.p-canonical"), _moment(page)
    original = _address(page, 'a[href*="medium.com/p/"]')
    is_draft = _DRAFT.search(name) is not None or not (url or at)
    if response:
        why = "what it answers is not in the export: it becomes a draft without a title"
        yield Remark(treatment="changed", where=where, what="a response", why=why)
    elif not is_draft and at is None:
        why = "it is dated to the moment of the import"
        yield Remark(treatment="changed", where=where, what="a post without a date", why=why)
    summary = one_line(_words(page, 'section[data-field="subtitle"]'))
    _tidy(body, title, summary)
    yield from _pictures(body, where, known)
    identifier = _identifier(url or original)
    yield ImportedPost(
        key=identifier or name.rpartition("/")[2],
        where=where,
        title="" if response else title,
        text=body.inner_html.strip(),
        format="html",
        state="draft" if is_draft or response else "published",
        url=url or None,
        addresses=(original,) if original else (),
        guid=(original or f"https://medium.com/p/{identifier}") if identifier else None,
        slug=_slug(url),
        published_at=at,
        tags=tuple(filter(None, (one_line(tag.text) for tag in page.select("a.p-tag")))),
        authors=(author,) if (author := one_line(_words(page, "a.p-author"))) else (),
        summary=summary or None,
    )


def _is_response(body: Element, title: str) -> bool:
    """Whether a text answers another one: it has no heading, and is called by its own first words."""
    if not title or body.select_one("h1, h2, h3, h4") is not None:
        return False
    return one_line(body.text).strip().startswith(_ELLIPSIS.sub("", title))


def _moment(page: turbohtml.Document) -> datetime | None:
    element = page.select_one("time.dt-published")
    return moments.of_iso(_value(element, "datetime")) if element else None


def _tidy(body: Element, title: str, summary: str) -> None:
    """Removes what pages show elsewhere, title and subtitle, the line above the text, and empty boxes of pictures."""
    for selector, said in ((".graf--title", title), (".graf--subtitle", summary)):
        for element in body.select(selector):
            if one_line(element.text) == said:
                element.decompose()
    for element in body.select(":scope > section:first-of-type > .section-divider, .aspectRatioPlaceholder-fill"):
        element.decompose()


def _pictures(body: Element, where: str, known: set[str]) -> Iterator[ImportedMedia]:
    for picture in body.select("img"):
        address = _value(picture, "src")
        if split_http(address) is not None and address not in known:
            known.add(address)
            name = _PICTURE_VERSION.sub("", last_step(address))
            alt = one_line(_value(picture, "alt"))
            yield ImportedMedia(key=address, where=where, urls=(address,), name=name, alt=alt)


def _identifier(url: str) -> str:
    found = _IDENTIFIER.search(path_of(url))
    return found[0] if found else ""


def _slug(url: str) -> str | None:
    return _IDENTIFIER.sub("", last_step(url)).rstrip("-") or None


def _words(page: turbohtml.Document, selector: str) -> str:
    element = page.select_one(selector)
    return "" if element is None or is_blank(element.text) else element.text


def _address(page: turbohtml.Document | None, selector: str) -> str:
    element = page.select_one(selector) if page is not None else None
    return _value(element, "href").strip() if element is not None else ""


def _value(element: Element, name: str) -> str:
    value = element.attrs.get(name)
    return value if isinstance(value, str) else ""
