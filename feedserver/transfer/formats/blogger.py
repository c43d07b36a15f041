"""Blogger's exports: the Atom file of its settings page, and `feed.atom` of Google Takeout, which replaced it.

Both have posts, pages and comments in one feed. The older one tells them apart by a category, and has templates and
settings beside them; the newer one has elements of its own (`blogger:type`, `status`, `filename`, `parent`).
"""

import re
from collections.abc import Iterator
from typing import Final

from feedserver.errors import ImportRefused
from feedserver.posts.model import PostState
from feedserver.text import one_line, shorten
from feedserver.thoughts.model import State
from feedserver.transfer.formats import moments, plain
from feedserver.transfer.formats.address_parts import encoded_path_of, last_step, resolved
from feedserver.transfer.formats.beginnings import Beginning
from feedserver.transfer.formats.blogger_pictures import Pictures, largest
from feedserver.transfer.formats.xml_mending import Mending
from feedserver.transfer.formats.xml_stream import Node, elements
from feedserver.transfer.items import ImportedPost, ImportedRedirect, ImportedThought, Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source
from feedserver.urls import segment, split_http

KIND: Final = "blogger"

_KIND_SCHEME: Final = "http://schemas.google.com/g/2005#kind"
_BEGINNING: Final = Beginning(
    (".xml", ".atom"), lambda head: b"schemas.google.com/g/2005#kind" in head or b"google.com/blogger/2018" in head
)
_HEAD: Final = ("feed/id", "feed/title", "feed/link")
_FEEDS: Final = {
    "/feeds/posts/default": "atom",
    "/feeds/posts/default?alt=rss": "rss",
    "/atom.xml": "atom",
    "/rss.xml": "rss",
}
_BLOG: Final = re.compile(r"tag:blogger\.com,1999:blog-\d+")
_MONTH: Final = re.compile(r"/(?P<year>\d{4})/\d\d/")
_MOST_LISTS: Final = 10_000
_LAST_NUMBER: Final = re.compile(r"(\d+)/?$")
_STATES: Final[dict[str, PostState]] = {"": "published", "LIVE": "published", "SCHEDULED": "published"}
_COMMENT_STATES: Final[dict[str, State]] = {"": "shown", "LIVE": "shown", "SPAM": "spam"}


def recognises(source: Source) -> bool:
    """Whether there is an export of Blogger."""
    return _BEGINNING.is_in(source)


def read(source: Source, options: Options) -> Iterator[Item]:
    """Everything in the export. Raises ImportRefused, ImportDamaged."""
    name = _BEGINNING.only(source, KIND)
    mending = Mending() if options.forgiving else None
    head: list[Node] = []
    blog: _Blog | None = None
    with source.open(name) as file:
        for node in elements(file, [*_HEAD, "feed/entry"], mending=mending):
            if node.name != "entry":
                head.append(node)
                continue
            if blog is None:
                blog = _Blog(source, head, options)
                yield blog.origin
            yield from blog.read(node)
    if blog is None:
        raise ImportRefused(f"{name}: this is no export of Blogger, it has no entries")
    yield from blog.lists()
    if mending is not None:
        yield from mending.remarks()


class _Blog:
    """A blog, of whose feed all is known that stands before its entries."""

    def __init__(self, source: Source, head: list[Node], options: Options) -> None:
        said = {node.name: node.text.strip() for node in head}
        links = [node.attributes.get("href", "") for node in head if node.attributes.get("rel") == "alternate"]
        url = options.url or next(filter(split_http, links), None)
        blog = _BLOG.match(said.get("id", ""))
        settings = {"site.title": one_line(said["title"])} if said.get("title") else {}
        name = blog[0] if blog else url or source.path.name
        self.origin = Origin(name=name, url=url, settings=settings, feeds=_FEEDS)
        self._pictures = Pictures(source)
        self._lists: dict[str, str] = {}  # the paths of lists that public posts stood in, and of ours

    def read(self, entry: Node) -> Iterator[Item]:
        key, kind = entry.said("id"), _kind(entry)
        where = f"line {entry.line}, {kind or 'entry'} {key.rpartition('-')[2]}"
        if not key or kind not in ("post", "page", "comment"):
            what = shorten(one_line(entry.said("title")), 80) or "an entry"
            yield Remark(treatment="left out", where=where, what=what, why="neither post, page nor comment")
        elif kind == "comment":
            yield self._comment(entry, key, where)
        else:
            yield from self._post(entry, key, where, kind)

    def _post(self, entry: Node, key: str, where: str, kind: str) -> Iterator[Item]:
        url = _address(entry)
        html = largest(_content(entry))
        if kind == "post" and _state(entry) == "published" and len(self._lists) < _MOST_LISTS:
            self._note_lists(entry, url)
        yield from self._pictures.shown_in(html, where)
        yield ImportedPost(
            key=key,
            where=where,
            title=one_line(entry.said("title")),
            text=html,
            format="html",
            state=_state(entry),
            url=url,
            addresses=(f"{url}?m=1",) if url else (),
            guid=key,
            slug=last_step(url or "").removesuffix(".html") or None,
            published_at=moments.of_iso(entry.said("published")),
            updated_at=moments.of_iso(entry.said("updated")),
            tags=_tags(entry),
            authors=_author(entry),
            summary=one_line(entry.said("metaDescription")) or None,
            page=kind == "page",
        )

    def _note_lists(self, entry: Node, url: str | None) -> None:
        for tag in _tags(entry):
            self._lists[f"/search/label/{segment(tag)}"] = f"/tags/{segment(tag)}"
        if month := _MONTH.match(encoded_path_of(url or "")):
            year = month["year"]
            self._lists |= {f"/{year}/": f"/archive/{year}", month[0]: f"/archive/{year}"}

    def lists(self) -> Iterator[ImportedRedirect]:
        """Where the addresses of the lists of labels, months and years lead here."""
        for old, new in self._lists.items():
            yield ImportedRedirect(where="a list", old=old, new=new)

    def _comment(self, entry: Node, key: str, where: str) -> Item:
        at = moments.of_iso(entry.said("published"))
        words = plain.of_html(_content(entry))
        reply = entry.first("in-reply-to")
        post = (reply.attributes.get("ref") if reply else None) or entry.said("parent")
        status = entry.said("status")
        if status in ("EMPTIED", "SOFT_TRASHED"):
            return Remark(treatment="left out", where=where, what="a comment", why="it was deleted")
        if at is None or not words or not post:
            return Remark(treatment="left out", where=where, what="a comment", why="it lacks its post, date or words")
        author = entry.first("author")
        site = author.said("uri") if author else ""
        return ImportedThought(
            key=key,
            where=where,
            kind="comment",
            state=_COMMENT_STATES.get(status, "held"),
            at=at,
            text=words,
            post=post,
            parent=_parent(entry, key),
            author_name="".join(_author(entry)),
            author_url=site if split_http(site) is not None else "",
        )


def _kind(entry: Node) -> str:
    """`post`, `page`, `comment`, or what else Blogger keeps; "" if nothing says so."""
    if named := entry.said("type"):
        return named.lower()
    kinds = (one.attributes.get("term", "") for one in entry.all("category") if _is_of_kind(one))
    return next(kinds, "").rpartition("#")[2]


def _is_of_kind(category: Node) -> bool:
    return category.attributes.get("scheme") == _KIND_SCHEME


def _tags(entry: Node) -> tuple[str, ...]:
    return tuple(
        term for one in entry.all("category") if not _is_of_kind(one) and (term := one.attributes.get("term", ""))
    )


def _state(entry: Node) -> PostState:
    control = entry.first("control")
    if control is not None and control.said("draft") == "yes":
        return "draft"
    if entry.said("trashed") or entry.said("status") == "SOFT_TRASHED":
        return "deleted"
    return _STATES.get(entry.said("status"), "draft")


def _address(entry: Node) -> str | None:
    """Its permalink, relative in the newer form; drafts have none."""
    links = (link for link in entry.all("link") if link.attributes.get("rel") == "alternate")
    return next((href for link in links if (href := link.attributes.get("href"))), None) or (
        resolved(entry.said("filename"), "/") if entry.said("filename") else None
    )


def _content(entry: Node) -> str:
    content = entry.first("content")
    return content.text if content else ""


def _author(entry: Node) -> tuple[str, ...]:
    author = entry.first("author")
    name = one_line(author.said("name")) if author else ""
    return (name,) if name else ()


def _parent(entry: Node, key: str) -> str | None:
    """The comment that a comment answers: named in the newer form, linked in the older one."""
    if named := entry.said("inReplyTo"):
        return named
    links = (link.attributes.get("href", "") for link in entry.all("link") if link.attributes.get("rel") == "related")
    number = _LAST_NUMBER.search(next(links, ""))
    return f"{key.rpartition('-')[0]}-{number[1]}" if number else None
