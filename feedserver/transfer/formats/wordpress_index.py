"""First reading of a WordPress export: what is said of posts elsewhere than in them. A few hundred bytes an item."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Final

from feedserver.errors import ImportRefused
from feedserver.text import shorten
from feedserver.transfer.formats import moments
from feedserver.transfer.formats import wordpress_names as names
from feedserver.transfer.formats.address_parts import site_of
from feedserver.transfer.formats.wordpress_uploads import Attachment, Uploads, uploaded
from feedserver.transfer.formats.xml_mending import Mending
from feedserver.transfer.formats.xml_prolog import root_of
from feedserver.transfer.formats.xml_stream import Node, elements
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source

_CHANNEL: Final = "rss/channel"
ITEM: Final = f"{_CHANNEL}/item"
COMMENT: Final = f"{ITEM}/wp:comment"
POSTS: Final = frozenset(("post", "page", ""))  # types
_SITE: Final = ("title", "link", "description", "language", "wp:base_site_url", "wp:base_blog_url")
_TABLES: Final = ("wp:author", "wp:category", "wp:tag", "wp:term")
MOST: Final = 150_000_000  # bytes, about, that may be remembered of one export
_MAX_NAME: Final = 500  # characters of a name or title
_MAX_TEXT: Final = 10_000  # characters of what is said of a file

# What reading damaged XML notes of one file; None where it is to be whole.
Notes = Callable[[str], Mending | None]


@dataclass(frozen=True, slots=True)
class Term:
    """A category or tag: its number there, its name in addresses, its name, and the category that it is part of."""

    id: str
    slug: str
    name: str
    parent: str = ""


@dataclass(slots=True)
class Index:
    """`targets` are, of each item in turn, the key of the post that comments on it are on."""

    files: Sequence[str]
    url: str = ""
    site: dict[str, str] = field(default_factory=dict)
    authors: dict[str, str] = field(default_factory=dict)  # display names by logins
    categories: dict[str, Term] = field(default_factory=dict)
    tags: dict[str, Term] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)
    menus: dict[str, str] = field(default_factory=dict)
    targets: list[str] = field(default_factory=list)
    dates: dict[str, datetime] = field(default_factory=dict)  # of posts, by their keys
    on_files: set[int] = field(default_factory=set)  # which of these are of files
    attachments: list[Attachment] = field(default_factory=list)
    described: list[str] = field(default_factory=list)  # where files are that have a text of their own
    _size: int = 0

    def remember(self, node: Node, *texts: str, times: int = 1) -> None:
        """Counts what of an element is to be kept. Raises ImportRefused if that becomes too much."""
        self._size += 200 + times * sum(map(len, texts))
        if self._size > MOST:
            raise ImportRefused(
                f"line {node.line}: more than can be remembered of one export; export the site in parts"
            )

    def uploads(self, source: Source) -> Uploads:
        """The files of the site's library."""
        found = Uploads(self.url, source.names() if source.is_folder else ())
        for attachment in self.attachments:
            found.add(attachment)
        return found


def nodes(source: Source, files: Sequence[str], wanted: Sequence[str], notes: Notes) -> Iterator[tuple[str, Node]]:
    """The wanted elements of all files of an export, each with the name of its file."""
    for name in files:
        with source.open(name) as file:
            for node in elements(file, wanted, named=names.named, mending=notes(name)):
                yield name, node


def index_of(source: Source, files: Sequence[str], options: Options, notes: Notes) -> Index:
    """Reads the whole export once. Raises ImportRefused for what is none, ImportDamaged for damaged XML."""
    for name in files:
        _require_export(source, name)
    index = Index(files)
    wanted = (*(f"{_CHANNEL}/{name}" for name in (*_SITE, *_TABLES)), ITEM, COMMENT)
    takers = dict(zip(_TABLES, (_take_author, _take_category, _take_tag, _take_term), strict=True))
    for name, node in nodes(source, files, wanted, notes):
        if node.name == "item":
            _take_item(index, node, where_of(node, name if len(files) > 1 else ""), options.zone)
        elif node.name in takers:
            takers[node.name](index, node)
        elif node.name in _SITE:
            index.site.setdefault(node.name, node.text.strip()[:_MAX_NAME])
    site = index.site
    index.url = (options.url or site.get("wp:base_blog_url") or site.get("link") or index.url).rstrip("/")
    return index


def key_of(item: Node) -> str:
    """The id of an item at its site: its number there, else what else names it; "" if nothing does."""
    return item.said("wp:post_id") or item.said("guid") or item.said("link")


def where_of(item: Node, file: str = "") -> str:
    """Where an item stands, for people."""
    named = shorten(names.words(item.said("title")), 60) or key_of(item)
    return f"{f'{file}, ' if file else ''}line {item.line}, “{named}”"


def published_at_of(item: Node, zone: tzinfo) -> datetime | None:
    """When a post was published. A draft that never was shows as its date when it was written."""
    universal = moments.of_iso(item.said("wp:post_date_gmt"))
    if universal or item.said("wp:status") in ("draft", "pending"):
        return universal
    local = moments.of_iso(item.said("wp:post_date"), zone)
    return local or moments.of_rfc_5322(item.said("pubDate"))


def _require_export(source: Source, name: str) -> None:
    with source.open(name) as file:
        root = root_of(file)
    if root is not None and (root.name != "rss" or not any(map(names.is_export, root.namespaces))):
        raise ImportRefused(f"{name}: this is no export of WordPress (it begins with <{shorten(root.name, 40)}>)")


def _take_author(index: Index, node: Node) -> None:
    login = _name(node, "wp:author_login")
    full = f"{node.said('wp:author_first_name')} {node.said('wp:author_last_name')}".strip()
    shown = _name(node, "wp:author_display_name") or names.words(full)[:_MAX_NAME]
    index.remember(node, login, shown)
    index.authors[login] = shown if shown != login or "@" not in login else ""


def _take_category(index: Index, node: Node) -> None:
    slug, name = node.said("wp:category_nicename"), _name(node, "wp:cat_name")
    _keep(index, node, index.categories, Term(node.said("wp:term_id"), slug, name, node.said("wp:category_parent")))


def _take_tag(index: Index, node: Node) -> None:
    slug, name = node.said("wp:tag_slug"), _name(node, "wp:tag_name")
    _keep(index, node, index.tags, Term(node.said("wp:term_id"), slug, name))


def _take_term(index: Index, node: Node) -> None:
    table = {"category": index.categories, "post_tag": index.tags}.get(node.said("wp:term_taxonomy"))
    if table is not None:
        slug, name = node.said("wp:term_slug"), _name(node, "wp:term_name")
        _keep(index, node, table, Term(node.said("wp:term_id"), slug, name, node.said("wp:term_parent")))


def _keep(index: Index, node: Node, table: dict[str, Term], term: Term) -> None:
    if term.slug and term.slug not in table:
        index.remember(node, term.id, term.slug, term.name, term.parent)
        table[term.slug] = term


def _name(node: Node, element: str) -> str:
    return names.words(node.said(element))[:_MAX_NAME]


def _take_item(index: Index, item: Node, where: str, zone: tzinfo) -> None:
    kind, key = item.said("wp:post_type"), key_of(item)
    if not index.url:
        index.url = site_of(item.said("link")).rstrip("/")
    parent = item.said("wp:post_parent")
    is_on_post = kind == "attachment" and parent not in ("", "0")
    if is_on_post:
        index.on_files.add(len(index.targets))
    date = item.said("wp:post_date")
    index.remember(item, key, parent, date)
    index.targets.append(parent if is_on_post else key)
    if kind in POSTS and (at := published_at_of(item, zone) or moments.of_iso(date, zone)):
        index.dates.setdefault(key, at)
    if kind == "attachment" and item.said("wp:status") in ("", "inherit", "publish"):
        _take_attachment(index, item, where)
    elif kind == "wp_block" and item.said("wp:status") == "publish":
        text = item.first("content:encoded")
        if text:
            index.remember(item, text.text)
            index.shared[key] = text.text
    elif kind == "nav_menu_item" and item.said("wp:status") == "publish":
        meta = dict(names.meta_of(item, "wp:postmeta"))
        if meta.get("_menu_item_object") == "page":
            page, name = meta.get("_menu_item_object_id", ""), _name(item, "title")
            index.remember(item, page, name)
            index.menus.setdefault(page, name)


def _take_attachment(index: Index, item: Node, where: str) -> None:
    used = item.said("wp:attachment_url") or item.said("guid")
    meta = dict(names.meta_of(item, "wp:postmeta"))
    if item.said("content:encoded"):
        index.described.append(where)
    if not used:
        return
    one = Attachment(
        id=key_of(item),
        where=where,
        url=uploaded(used),
        used=used,
        page=item.said("link"),
        parent=item.said("wp:post_parent"),
        alt=names.words(meta.get("_wp_attachment_image_alt", ""))[:_MAX_TEXT],
        caption=item.said("excerpt:encoded")[:_MAX_TEXT],
    )
    # Addresses are kept as they are and as they are looked up.
    index.remember(item, one.id, where, one.url, one.used, one.page, one.parent, one.alt, one.caption, times=3)
    index.attachments.append(one)
