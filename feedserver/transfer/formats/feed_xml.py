"""RSS (0.9x, 1.0, 2.0) and Atom: their entries, and what they say of their site."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from feedserver.posts.model import Enclosure
from feedserver.text import one_line, plain, shorten
from feedserver.transfer.formats import moments
from feedserver.transfer.formats.address_parts import resolved
from feedserver.transfer.formats.feed_entries import Entry, enclosure_of, html_of, title_of
from feedserver.transfer.formats.xml_mending import Mending
from feedserver.transfer.formats.xml_prolog import Root
from feedserver.transfer.formats.xml_stream import Node, elements
from feedserver.transfer.options import Options
from feedserver.urls import split_http

_ATOM: Final = frozenset(("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"))
_PREFIXES: Final = {
    **dict.fromkeys(_ATOM, "atom"),
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/XML/1998/namespace": "xml",
}
# Of RSS itself, and of markup in Atom.
_PLAIN: Final = re.compile(
    r"$|https?://(?:purl\.org/(?:rss/1\.0/$|net/rss)|my\.netscape\.com/|(?:backend|blogs)\.userland\.com/"
    r"|www\.w3\.org/(?:1999/xhtml|2000/svg|1998/Math/MathML))",
    re.IGNORECASE,
)
_HEADS: Final = ("title", "link", "description", "language", "atom:link", "itunes:author", "dc:language")
_ATOM_HEADS: Final = ("atom:title", "atom:link", "atom:subtitle", "atom:tagline", "atom:author")
_ENTRIES: Final = frozenset(("item", "atom:entry"))
_WANTED: Final = (
    *(f"{channel}/{name}" for channel in ("rss/channel", "rdf:RDF/channel") for name in _HEADS),
    *(f"atom:feed/{name}" for name in _ATOM_HEADS),
    *("rss/channel/item", "rss/item", "rdf:RDF/item", "atom:feed/atom:entry", "atom:entry"),
)
_OF_A_PERSON: Final = re.compile(r"[^\s@()]+@[^\s@()]+(?:\s*\((?P<name>[^()]*)\))?")  # mail (name)
_PODCAST: Final = ("duration", "season", "episode", "episodeType", "explicit", "subtitle")


@dataclass(slots=True)
class Site:
    """What a feed says of its site. `address` is its own, `older` that of the document with older entries."""

    title: str = ""
    description: str = ""
    url: str = ""
    lang: str = ""
    address: str = ""
    older: str = ""
    authors: tuple[str, ...] = ()
    suffix: str = "rss"
    base: str = field(default="", repr=False)


def read(
    file: BinaryIO, root: Root, name: str, options: Options, mending: Mending | None
) -> Iterator[tuple[Site, Entry | None]]:
    """The site as it is known before each entry, with the entry; None at the end.

    Raises ImportRefused, ImportDamaged.
    """
    is_atom = root.name in ("feed", "entry")
    site = Site(suffix="atom" if is_atom else "rss", base=root.attributes.get("xml:base", ""))
    site.lang = root.attributes.get("xml:lang", "")
    for node in elements(file, _WANTED, named=_named, mending=mending, is_markup=_is_markup):
        if node.name in _ENTRIES:
            yield site, _atom(node, site, name) if is_atom else _rss(node, site, name, options)
        else:
            _learn(site, node)
    yield site, None


def _named(namespace: str, name: str) -> str:
    if prefix := _PREFIXES.get(namespace):
        return f"{prefix}:{name}"
    return name if _PLAIN.match(namespace) else f"other:{name}"


def _is_markup(_path: str, attributes: Mapping[str, str]) -> bool:
    return attributes.get("type") in ("xhtml", "application/xhtml+xml")


def _learn(site: Site, node: Node) -> None:
    text = node.text.strip()
    if node.name in ("atom:link", "link") and "href" in node.attributes:
        _learn_link(site, node)
    elif node.name == "link":
        site.url = site.url or text
    elif node.name in ("title", "atom:title"):
        site.title = title_of(text)
    elif node.name in ("description", "atom:subtitle", "atom:tagline"):
        site.description = plain(text)
    elif node.name in ("language", "dc:language"):
        site.lang = text
    elif node.name == "atom:author":
        site.authors = (node.said("atom:name"),)
    else:
        site.authors = (text,)


def _learn_link(site: Site, node: Node) -> None:
    relation, address = node.attributes.get("rel", "alternate"), node.attributes["href"].strip()
    if relation == "alternate":
        site.url = site.url or resolved(address, _base(node, site.base))
    elif relation == "self":
        site.address = address
    elif relation in ("next", "prev-archive"):
        site.older = address


def _where(node: Node, name: str, title: str) -> str:
    return f"{name}, line {node.line}, “{shorten(title, 60)}”"


def _site_base(site: Site) -> str:
    """The address that relative ones are below: `xml:base` of the root, else that of the site, else of the feed."""
    return resolved(site.base, site.url or site.address)


def _base(node: Node | None, outer: str) -> str:
    """The address that relative ones in `node` are below: its `xml:base`, itself relative to the one around it."""
    return (resolved(node.attributes.get("xml:base", ""), outer) or outer) if node else outer


def _link(address: str, node: Node | None, base: str) -> str:
    """What an address that stands in `node` means; "" where there is none."""
    return resolved(address, _base(node, base)) if address else ""


def _enclosures(nodes: Iterator[Node], address: str, base: str) -> Iterator[Enclosure]:
    for node in nodes:
        said = node.attributes
        yield from enclosure_of(said.get(address, ""), said.get("type", ""), said.get("length", ""), _base(node, base))


# --- RSS ---


def _rss(item: Node, site: Site, name: str, options: Options) -> Entry:
    title = title_of(item.said("title") or item.said("itunes:title"))
    base = _base(item, _site_base(site))
    text, description = _longest(item, "content:encoded"), _longest(item, "description")
    content, described = _words(text), _words(description)
    guid = item.first("guid")
    link = _link(item.said("link"), item.first("link"), base) or _atom_link(item, base)
    link = link or _link(item.attributes.get("rdf:about", ""), None, base)
    known = guid.text.strip() if guid else ""
    if not link and guid is not None and guid.attributes.get("isPermaLink", "true") != "false" and split_http(known):
        link = _link(known, guid, base)
    return Entry(
        where=_where(item, name, title or known),
        id=known or item.attributes.get("rdf:about", ""),
        link=link,
        title=title,
        html=content or described or html_of(_words(_longest(item, "itunes:summary"))),
        base=_base(text if content else description, base),
        is_summary=not content,
        summary=described if content else "",
        published_at=moments.of_any(
            item.said("pubDate") or item.said("dc:date") or item.said("atom:published"), options.zone
        ),
        updated_at=moments.of_iso(item.said("atom:updated"), options.zone),
        tags=tuple(one.text for one in (*item.all("category"), *item.all("dc:subject"))),
        authors=_rss_authors(item),
        enclosures=tuple(_enclosures(item.all("enclosure"), "url", base)),
        lang=item.attributes.get("xml:lang") or site.lang,
        fields={f"itunes_{key}": value for key in _PODCAST if (value := one_line(item.said(f"itunes:{key}")))},
    )


def _longest(item: Node, name: str) -> Node | None:
    """The element of this name with the longest text: some programs repeat one."""
    return max(item.all(name), key=lambda one: len(one.text.strip()), default=None)


def _words(node: Node | None) -> str:
    return node.text.strip() if node else ""


def _rss_authors(item: Node) -> tuple[str, ...]:
    """Names alone: RSS has mail addresses, with a name in brackets at best."""
    creators = tuple(one.text for one in item.all("dc:creator")) or tuple(one.text for one in item.all("author"))
    names = [_OF_A_PERSON.sub(lambda found: found["name"] or "", name).strip() for name in creators]
    return tuple(filter(None, names)) or tuple(filter(None, (item.said("itunes:author"),)))


# --- Atom ---


def _atom(entry: Node, site: Site, name: str) -> Entry:
    title = _plain(entry.first("atom:title"))
    base = _base(entry, _site_base(site))
    inner, short = entry.first("atom:content"), entry.first("atom:summary")
    content, summary = _html(inner), _html(short)
    return Entry(
        where=_where(entry, name, title or entry.said("atom:id")),
        id=entry.said("atom:id"),
        link=_atom_link(entry, base),
        title=title,
        html=content or summary,
        base=_base(inner if content else short, base),
        is_summary=not content,
        summary=summary if content else "",
        published_at=moments.of_iso(entry.said("atom:published") or entry.said("atom:issued"))
        or moments.of_iso(entry.said("atom:updated") or entry.said("atom:modified")),
        updated_at=moments.of_iso(entry.said("atom:updated") or entry.said("atom:modified")),
        tags=tuple(
            one.attributes.get("label") or one.attributes.get("term", "")
            for one in entry.all("atom:category")
            if not one.attributes.get("scheme", "").endswith("#kind")
        ),
        authors=tuple(one.said("atom:name") for one in entry.all("atom:author")) or site.authors,
        enclosures=tuple(_enclosures(_atom_links(entry, "enclosure"), "href", base)),
        lang=entry.attributes.get("xml:lang") or site.lang,
    )


def _atom_links(entry: Node, relation: str) -> Iterator[Node]:
    return (link for link in entry.all("atom:link") if link.attributes.get("rel", "alternate") == relation)


def _atom_link(entry: Node, base: str) -> str:
    """The address of the page that the entry is; "" where there is none."""
    link = next(_atom_links(entry, "alternate"), None)
    return _link(link.attributes.get("href", "").strip(), link, base) if link else ""


def _html(node: Node | None) -> str:
    """A text construct of Atom as HTML (RFC 4287 section 3.1)."""
    if node is None:
        return ""
    kind = node.attributes.get("type", "text")
    if node.attributes.get("mode") == "escaped" or kind in ("html", "text/html") or _is_markup("", node.attributes):
        return node.text.strip()
    return html_of(node.text)


def _plain(node: Node | None) -> str:
    if node is None:
        return ""
    return one_line(node.text) if node.attributes.get("type", "text") == "text" else plain(_html(node))
