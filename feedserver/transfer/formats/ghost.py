"""Ghost's export (JSON), the pictures of its `content` folder beside it, and its redirects.

Read twice: first the small tables, then the posts, of which one at a time is in memory.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any, Final

from feedserver.errors import ImportRefused
from feedserver.posts.model import PostState
from feedserver.text import one_line, shorten
from feedserver.transfer.formats import ghost_redirects, moments
from feedserver.transfer.formats.beginnings import Beginning
from feedserver.transfer.formats.ghost_documents import Unreadable, html_of
from feedserver.transfer.formats.ghost_media import Pictures, own
from feedserver.transfer.formats.json_stream import pieces, text
from feedserver.transfer.formats.told import Told
from feedserver.transfer.items import ImportedPost, ImportedRedirect, Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source
from feedserver.urls import segment

KIND: Final = "ghost"

_UNTITLED: Final = "(Untitled)"
_OBJECT_ID: Final = re.compile(r"[0-9a-f]{24}")
_SETTINGS: Final = {
    "title": "site.title",
    "description": "site.description",
    "timezone": "site.timezone",
    "active_timezone": "site.timezone",
    "locale": "site.language",
    "lang": "site.language",
    "default_locale": "site.language",
}
_SITE_IDS: Final = ("site_uuid", "db_hash", "dbHash")
_KEPT: Final = ("canonical_url", "meta_title", "meta_description")
_PAYWALL: Final = re.compile(r"<!--\s*members-only\s*-->")
_NOT_FOR_ALL: Final = re.compile(r"nonMember:\s*false")
_GATE: Final = re.compile(r"<!--\s*kg-gated-block:(?:begin(?P<who>[^>]*)|end\s*)-->")


_EXPORT: Final = Beginning((".json",), lambda head: b'"exported_on"' in head)


def recognises(source: Source) -> bool:
    """Whether there is an export of Ghost, or its redirects."""
    return _EXPORT.is_in(source) or _redirects(source) is not None


def read(source: Source, options: Options) -> Iterator[Item]:
    """Everything in the export. Raises ImportRefused."""
    redirects = _redirects(source)
    name = _EXPORT.only(source, KIND) if redirects is None or _EXPORT.is_in(source) else None
    tables = _Tables()
    if name is not None:
        tables.read(source, name)
    yield _origin(tables, source, options)
    if name is not None:
        posts = _Posts(tables, Pictures(source, options.url))
        with source.open(name) as file:
            for _, row in pieces(file, name, _paths("posts")):
                yield from posts.read(row)
    if redirects is not None:
        yield from ghost_redirects.read(source, redirects)
    if name is not None:
        yield from posts.lists()


def _redirects(source: Source) -> str | None:
    return next(ghost_redirects.FILE.found(source), None)


def _paths(*tables: str) -> list[tuple[str, ...]]:
    """Where the rows of tables are: in `db`, which older exports lack."""
    return [(*before, "data", table, "*") for table in tables for before in (("db", "*"), ())]


def _origin(tables: "_Tables", source: Source, options: Options) -> Origin:
    settings = {ours: value for name, ours in _SETTINGS.items() if (value := tables.settings.get(name))}
    ids = (tables.settings[name] for name in _SITE_IDS if tables.settings.get(name))
    named = next(ids, None) or options.url or settings.get("site.title") or source.path.name
    return Origin(name=named, url=options.url, settings=settings, feeds={"/rss/": "rss"})


@dataclass(slots=True)
class _Tables:
    """The small tables of an export: what is said of posts elsewhere than in them."""

    settings: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    slugs: dict[tuple[str, str], str] = field(default_factory=dict)  # by table, tags or users, and id
    tags_of: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    authors_of: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    meta: dict[str, dict[str, str]] = field(default_factory=dict)
    is_export: bool = False

    def read(self, source: Source, name: str) -> None:
        """Reads the tables. Raises ImportRefused for what is no export of Ghost."""
        tables = _paths("settings", "tags", "users", "posts_tags", "posts_authors", "posts_meta")
        with source.open(name) as file:
            for path, row in pieces(file, name, [("db", "*", "meta"), ("meta",), *tables]):
                if path[-1] == "meta":
                    self.is_export |= isinstance(row, dict) and "version" in row
                else:
                    self._take(path[-2], row)
        if not self.is_export:
            raise ImportRefused(f"{name}: this is no export of Ghost")

    def _take(self, table: str, row: Any) -> None:
        post, order = text(row, "post_id"), text(row, "sort_order").zfill(6)
        if table == "settings":
            if text(row, "key") in (*_SETTINGS, *_SITE_IDS, "navigation"):
                self.settings[text(row, "key")] = text(row, "value")
        elif table == "tags":
            self.tags[text(row, "id")] = text(row, "name")
            self.slugs[table, text(row, "id")] = text(row, "slug")
        elif table == "users":
            self.users[text(row, "id")] = text(row, "name")
            self.slugs[table, text(row, "id")] = text(row, "slug")
        elif table == "posts_tags":
            self.tags_of[post].append((order, text(row, "tag_id")))
        elif table == "posts_authors":
            self.authors_of[post].append((order, text(row, "author_id")))
        else:
            names = ("feature_image_alt", "feature_image_caption", "meta_title", "meta_description")
            self.meta[post] = {name: value for name in names if (value := text(row, name))}

    def menus(self, base: str) -> dict[str, str]:
        """The names of pages in the site's navigation, by their slugs."""
        try:
            entries = json.loads(self.settings.get("navigation") or "[]")
        except (ValueError, RecursionError):
            return {}
        addresses = [(own(text(entry, "url"), base), text(entry, "label")) for entry in entries]
        return {address.strip("/"): label for address, label in addresses if address.startswith("/") and label}


class _Posts:
    """Makes posts and pages of rows."""

    def __init__(self, tables: _Tables, pictures: Pictures) -> None:
        self._tables, self._pictures = tables, pictures
        self._menus = tables.menus(pictures.base)
        self._lists: dict[str, str] = {}  # the paths of lists that public posts stood in, and of ours

    def read(self, row: Any) -> Iterator[Item]:
        """The post in a row, what is told of it, and before it the pictures that it shows."""
        key = text(row, "id")
        where = f"post {key}, “{shorten(one_line(text(row, 'title')), 60)}”"
        if not key or not isinstance(row, dict):
            yield Remark(treatment="left out", where=where, what="a post", why="it has no id")
            return
        told = Told(where)
        state = _state(row, told)
        meta = self._tables.meta.get(key, {})
        html = self._pictures.original(self._html(row, told))
        fields = {name: value for name in _KEPT if (value := text(row, name) or meta.get(name, ""))}
        if state == "published" and (split := _for_all(html))[1]:
            html, fields["members_only"] = split
            told.changed("a part for members", "it is kept in the front matter, where nobody sees it")
        featured = self._pictures.original(_featured(row, meta))
        slug, tags = text(row, "slug"), tuple(self._tags(key, told))
        if state == "published" and not _is_page(row):
            self._note_lists(row, key)
        yield from self._pictures.shown_in(featured, where, meta.get("feature_image_alt", ""))
        yield from self._pictures.shown_in(html + fields.get("members_only", ""), where)
        yield from told.remarks
        yield ImportedPost(
            key=key,
            where=where,
            title="" if text(row, "title") == _UNTITLED else text(row, "title"),
            text=featured + html,
            format="html",
            state=state,
            url=f"{self._pictures.base}/{slug}/" if slug else None,
            addresses=(f"{self._pictures.base}/{slug}/amp/",) if slug else (),
            guid=key if _OBJECT_ID.fullmatch(key) else text(row, "uuid") or None,
            slug=slug or None,
            published_at=_moment(row.get("published_at") or (row.get("created_at") if state == "published" else None)),
            updated_at=_moment(row.get("updated_at")),
            tags=tags,
            authors=self._authors(row, key),
            summary=text(row, "custom_excerpt") or None,
            lang=text(row, "locale") or None,
            page=_is_page(row),
            menu=self._menus.get(slug) if _is_page(row) else None,
            fields=fields,
        )

    def _html(self, row: Mapping[str, Any], told: Told) -> str:
        for name in ("codeinjection_head", "codeinjection_foot"):
            if text(row, name):
                told.left_out(name, "code for the head or foot of a page is not taken")
        if html := text(row, "html"):
            return html
        try:
            html, unknown = html_of(text(row, "lexical"), text(row, "mobiledoc"))
        except Unreadable:
            html, unknown = "", ()
            told.left_out("its text", "it has no HTML, and its document cannot be read")
        for kind in unknown:
            told.left_out(f"a card: {kind}", "cards of this kind are not known")
        return html

    def _tags(self, key: str, told: Told) -> Iterator[str]:
        for _, tag in sorted(self._tables.tags_of.get(key, ())):
            name = self._tables.tags.get(tag, "")
            if name.startswith("#"):
                told.left_out(f"its tag {name}", "an internal tag, which readers did not see")
            elif name:
                yield name

    def _authors(self, row: Mapping[str, Any], key: str) -> tuple[str, ...]:
        return tuple(name for author in self._author_ids(row, key) if (name := self._tables.users.get(author)))

    def _author_ids(self, row: Mapping[str, Any], key: str) -> list[str]:
        return [author for _, author in sorted(self._tables.authors_of.get(key, ()))] or [text(row, "author_id")]

    def _note_lists(self, row: Mapping[str, Any], key: str) -> None:
        for _, tag in self._tables.tags_of.get(key, ()):
            if (name := self._tables.tags.get(tag, "")) and not name.startswith("#"):
                self._lists[f"tag/{_step(self._tables.slugs['tags', tag])}"] = f"/tags/{_step(name)}"
        for author in self._author_ids(row, key):
            if name := self._tables.users.get(author, ""):
                self._lists[f"author/{_step(self._tables.slugs['users', author])}"] = f"/authors/{_step(name)}"

    def lists(self) -> Iterator[ImportedRedirect]:
        """Where the addresses of the lists of tags and authors, and of their feeds, lead here."""
        for path, new in self._lists.items():
            if not path.endswith("/"):
                old = f"{self._pictures.base}/{path}/"
                yield ImportedRedirect(where="a list", old=old, new=new)
                yield ImportedRedirect(where="a list", old=f"{old}rss/", new=f"{new}/feed.rss")


def _step(name: str) -> str:
    """A name as a step of an address: JSON may hold halves of characters."""
    return segment(name.encode("utf-8", "replace").decode())


def _state(row: Mapping[str, Any], told: Told) -> PostState:
    """Only what all people could read at the old place is published."""
    status, visibility = text(row, "status"), text(row, "visibility") or "public"
    if status == "sent":
        told.changed("sent as mail", "it never was on the site, and becomes a draft")
    elif status in ("published", "scheduled") and visibility != "public":
        told.changed(f"for {shorten(one_line(visibility), 40)}", "it was not for all, and becomes a draft")
    elif status in ("published", "scheduled"):
        return "published"
    return "draft"


def _is_page(row: Mapping[str, Any]) -> bool:
    return text(row, "type") == "page" or row.get("page") in (1, True)


def _for_all(html: str) -> tuple[str, str]:
    """What everybody may read of a public post, and what is for members alone."""
    pieces: dict[bool, list[str]] = {True: [], False: []}
    start, is_for_all = 0, True
    for gate in _GATE.finditer(html):
        pieces[is_for_all].append(html[start : gate.start()])
        start, is_for_all = gate.end(), gate["who"] is None or _NOT_FOR_ALL.search(gate["who"]) is None
    pieces[is_for_all].append(html[start:])
    public = "".join(pieces[True])
    wall = _PAYWALL.search(public)
    behind = public[wall.end() :] if wall else ""
    return public[: wall.start()] if wall else public, behind + "".join(pieces[False])


def _featured(row: Mapping[str, Any], meta: Mapping[str, str]) -> str:
    """The picture above a post, "" if there is none."""
    if not (address := text(row, "feature_image")):
        return ""
    caption = meta.get("feature_image_caption")
    below = f"<figcaption>{caption}</figcaption>" if caption else ""
    picture = f'<img src="{escape(address)}" alt="{escape(meta.get("feature_image_alt", ""))}">'
    return f"<figure>{picture}{below}</figure>\n"


def _moment(value: object) -> datetime | None:
    """A moment as ISO 8601, or as milliseconds since 1970, as older exports have it."""
    if isinstance(value, str):
        return moments.of_iso(value)
    return moments.of_unix(value / 1000) if isinstance(value, int | float) else None
