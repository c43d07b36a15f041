"""Elements that feedgen cannot write: one extension for the feed and one for its entries. Pure.

They add Dublin Core, slash, wfw, threading (RFC 4685), syndication, history (RFC 5005) and media elements, and correct
what feedgen writes too simply: entry links in Atom, plain text and HTML in RSS. feedgen builds Atom elements
without a namespace (its `xmlns` is a literal attribute), so Atom's own elements are added by local name in Atom and by
full name in RSS.
"""

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml.etree import SubElement
from lxml.etree import _Element as Element

from feedserver.clock import rfc3339
from feedserver.feeds.model import MEDIA_TYPES, Entry, Feed, Replies
from feedserver.feeds.text_constructs import has_marks, label, write_html, write_plain
from feedserver.posts.model import Enclosure

ATOM = "{http://www.w3.org/2005/Atom}"
# With the prefixes of the specifications: some readers recognize elements by prefix alone.
NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "fh": "http://purl.org/syndication/history/1.0",
    "media": "http://search.yahoo.com/mrss/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
}
DC, FH, MEDIA, SLASH, SY, THR, WFW = (f"{{{uri}}}" for uri in NAMESPACES.values())
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"  # feedgen declares its prefix
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800}  # seconds


def update_period(ttl: int) -> tuple[str, int]:
    """`sy:updatePeriod` and `sy:updateFrequency` for a time to live in seconds: the shortest period it divides."""
    for period, seconds in _PERIODS.items():
        if 0 < ttl <= seconds and seconds % ttl == 0:
            return period, seconds // ttl
    return "hourly", max(1, round(_PERIODS["hourly"] / max(ttl, 1)))


class FeedExtension(BaseExtension):  # type: ignore[misc]  # feedgen is published without types
    """The feed's own elements. `feed` is set before the document is written."""

    feed: Feed

    def extend_ns(self) -> dict[str, str]:
        return NAMESPACES

    def extend_rss(self, rss: Element) -> Element:
        channel = rss[0]
        for tag in ("title", "description"):
            _respell(channel, tag)
        SubElement(channel, DC + "creator").text = self.feed.author.name
        self._extend(channel, ATOM)
        return rss

    def extend_atom(self, root: Element) -> Element:
        for tag in ("title", "subtitle"):
            _declare_text(root, tag)
        self._extend(root, "")
        return root

    def _extend(self, parent: Element, atom: str) -> None:
        for link in self.feed.links:
            _add(parent, atom + "link", rel=link.rel, type=link.type, href=link.href)
        period, frequency = update_period(self.feed.ttl)
        SubElement(parent, SY + "updatePeriod").text = period
        SubElement(parent, SY + "updateFrequency").text = str(frequency)
        if self.feed.archive:
            SubElement(parent, FH + "archive")
        if self.feed.complete:
            SubElement(parent, FH + "complete")


class EntryExtension(BaseEntryExtension):  # type: ignore[misc]  # feedgen is published without types
    """An entry's further elements. `entry` and `feed_language` are set before the entry is written."""

    entry: Entry
    feed_language: str

    def extend_rss(self, item: Element) -> Element:
        if has_marks(label(self.entry)):  # finding elements costs a tenth of a rendering
            _respell(item, "title")
        if any(has_marks(category.name) for category in self.entry.categories):
            _respell(item, "category")
        for tag in (CONTENT + "encoded", "description"):
            for element in item.findall(tag):
                write_html(element, element.text or "")
        for author in self.entry.authors:
            SubElement(item, DC + "creator").text = author.name or author.url
        if self.entry.updated > self.entry.published:
            SubElement(item, ATOM + "updated").text = rfc3339(self.entry.updated)
        if replies := self.entry.replies:
            if replies.count is not None:
                SubElement(item, SLASH + "comments").text = str(replies.count)
            SubElement(item, WFW + "commentRss").text = replies.rss_url
        for file in self.entry.enclosures[1:]:  # RSS has one `enclosure`, which feedgen writes
            _add(item, MEDIA + "content", url=file.url, fileSize=_size(file), type=file.type)
        self._extend(item, ATOM)
        return item

    def extend_atom(self, element: Element) -> Element:
        _declare_text(element, "title")
        if self.entry.lang and self.entry.lang != self.feed_language:
            element.set(XML_LANG, self.entry.lang)
        self._replace_links(element)
        if (replies := self.entry.replies) and replies.count is not None:
            SubElement(element, THR + "total").text = str(replies.count)
        self._extend(element, "")
        return element

    def _replace_links(self, element: Element) -> None:
        """Writes the entry's links: feedgen 1.0 drops rel, type and length, so an enclosure becomes an alternate."""
        if not self.entry.html:  # without content, feedgen requires a link of its own
            for link in element.findall("link"):
                element.remove(link)
        _add(element, "link", rel="alternate", type="text/html", href=self.entry.url)
        for file in self.entry.enclosures:
            _add(element, "link", rel="enclosure", type=file.type, length=_size(file), href=file.url)
        if replies := self.entry.replies:
            _add_replies(element, replies, "text/html", replies.page_url)
            _add_replies(element, replies, MEDIA_TYPES["atom"], replies.atom_url)

    def _extend(self, parent: Element, atom: str) -> None:
        if self.entry.external_url:
            _add(parent, atom + "link", rel="related", href=self.entry.external_url)
        for answered in filter(None, (self.entry.in_reply_to, *self.entry.answers)):
            kind = "text/html" if answered.source else None  # of a page elsewhere it is not known
            ref = answered.ref if atom else answered.atom_ref or answered.ref
            reply = {"ref": ref, "type": kind, "href": answered.href, "source": answered.source}
            _add(parent, THR + "in-reply-to", **reply)
        pictures = (file.url for file in self.entry.enclosures if file.is_image)
        if image := self.entry.image or next(pictures, None):
            _add(parent, MEDIA + "thumbnail", url=image)


def _add(parent: Element, tag: str, **attributes: str | None) -> None:
    SubElement(parent, tag, {name: value for name, value in attributes.items() if value is not None})


def _add_replies(element: Element, replies: Replies, media_type: str, href: str) -> None:
    """A link to the thoughts on an entry, with their number and the date of the newest (RFC 4685 section 4)."""
    count = None if replies.count is None else str(replies.count)
    updated = rfc3339(replies.updated) if replies.updated else None
    _add(element, "link", rel="replies", type=media_type, href=href, **{THR + "count": count, THR + "updated": updated})


def _size(file: Enclosure) -> str | None:
    """The length in bytes; None where it is unknown, which only RSS's `enclosure` writes, as zero."""
    return str(file.length) if file.length > 0 else None


def _respell(parent: Element, tag: str) -> None:
    for element in parent.findall(tag):
        write_plain(element, element.text or "")


def _declare_text(parent: Element, tag: str) -> None:
    """Says that a text construct is plain text (RFC 4287 section 3.1.1.1): some readers guess where nothing is said."""
    for element in parent.findall(tag):
        element.set("type", "text")
