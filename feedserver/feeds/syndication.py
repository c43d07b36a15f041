"""RSS 2.0 and Atom 1.0 (RFC 4287), through feedgen and two extensions of it. Pure.

The same feed gives the same bytes: every date, the order and the generator's name are set, so that feedgen's defaults
(the current time, its version) do not show. Our version is left out too: each upgrade would change every feed.
"""

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import Any, Literal

import feedgen.entry
import feedgen.feed
from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml.etree import _Element as Element

from feedserver.feeds import text_constructs
from feedserver.feeds.extensions import EntryExtension, FeedExtension
from feedserver.feeds.model import MEDIA_TYPES, Entry, Feed, Person
from feedserver.feeds.tolerant import cleaned, written

GENERATOR = "feedserver"
DOCS = "http://www.rssboard.org/rss-specification"
_EXTENSION = "feedserver"
XmlFormat = Literal["rss", "atom"]


def rss(feed: Feed) -> bytes:
    """`feed` as an RSS 2.0 document, UTF-8. Entries that cannot be written are left out and logged."""
    document: bytes = _document(feed, "rss").rss_str()
    return document


def atom(feed: Feed) -> bytes:
    """`feed` as an Atom 1.0 document, UTF-8. Entries that cannot be written are left out and logged."""
    document: bytes = _document(feed, "atom").atom_str()
    return document


def rfc822(moment: datetime) -> str:
    """`Sat, 31 Jan 2026 12:00:00 GMT` for an aware datetime (RFC 822 section 5, with RFC 1123's four-digit year)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


# feedgen's function switches the locale of the whole process, which is not safe in threads. Each module imports it.
feedgen.entry.formatRFC2822 = feedgen.feed.formatRFC2822 = rfc822


class _FinishedEntry(FeedEntry):  # type: ignore[misc]  # feedgen is published without types
    """An entry that becomes XML at once, so that an error shows before the feed is written."""

    def finish(self, fmt: XmlFormat) -> None:
        self._element: Element = super().rss_entry() if fmt == "rss" else super().atom_entry()

    def rss_entry(self) -> Element:
        return self._element

    def atom_entry(self) -> Element:
        return self._element


def _document(feed: Feed, fmt: XmlFormat) -> Any:
    head = cleaned(replace(feed, entries=()))
    document = FeedGenerator()
    document.register_extension(_EXTENSION, FeedExtension, EntryExtension)
    getattr(document, _EXTENSION).feed = head
    document.id(head.id)
    document.title(head.title)
    document.subtitle(head.description or head.title)
    document.author(_person(head.author))
    # The order matters: RSS takes the last link for the channel's.
    document.link(
        [
            {"href": head.self_url, "rel": "self", "type": MEDIA_TYPES[fmt]},
            {"href": head.page_url, "rel": "alternate", "type": "text/html"},
        ]
    )
    document.language(head.language)
    document.updated(head.updated)
    document.generator(GENERATOR)
    document.docs(DOCS)
    document.ttl(max(1, round(head.ttl / 60)))
    for entry in written(feed.entries, partial(_entry, fmt, head.language)):
        document.add_entry(entry, order="append")
    return document


def _entry(fmt: XmlFormat, feed_language: str, entry: Entry) -> _FinishedEntry:
    made = _FinishedEntry()
    made.register_extension(_EXTENSION, EntryExtension)
    extension = getattr(made, _EXTENSION)
    extension.entry, extension.feed_language = entry, feed_language
    guid = entry.atom_id or entry.id if fmt == "atom" else entry.id
    made.guid(guid, permalink=guid == entry.url)
    made.title(text_constructs.label(entry))
    if fmt == "rss" or not entry.html:  # in Atom the extension writes all links
        made.link(href=entry.url)
    _set_body(made, entry)
    made.published(entry.published)
    made.updated(entry.updated)
    made.author([_person(author) for author in entry.authors])
    made.category(_categories(entry))
    if entry.replies:
        made.comments(entry.replies.page_url)
    if fmt == "rss" and entry.enclosures:  # in Atom the extension writes all of them
        first = entry.enclosures[0]
        made.enclosure(first.url, str(first.length), first.type)
    made.finish(fmt)
    return made


def _set_body(made: FeedEntry, entry: Entry) -> None:
    """Sets summary, then content: RSS gets `description` and `content:encoded` in the order that readers expect."""
    if entry.summary:
        made.summary(text_constructs.escaped(entry.summary), type="html")
    if entry.html:
        made.content(entry.html, type="html")


def _person(person: Person) -> dict[str, str]:
    """Name and page, no e-mail address. The page replaces a missing name, which Atom requires (RFC 4287, 3.2.1)."""
    name = {"name": person.name or person.url or ""}
    return name | {"uri": person.url} if person.url else name


def _categories(entry: Entry) -> list[dict[str, str]]:
    """Terms with the scheme that they share: the URL above all lists of tags. Blank names are left out."""
    return [
        {"term": category.name, "scheme": category.url.rpartition("/")[0] + "/"}
        for category in entry.categories
        if category.name.strip()
    ]
