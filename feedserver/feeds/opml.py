"""OPML 2.0 (http://opml.org/spec2.opml): a list of feeds that a reader can import. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree


@dataclass(frozen=True, slots=True)
class Outline:
    """One subscription: its title, the feed's URL (RSS), and the page that lists the same."""

    title: str
    feed_url: str
    page_url: str


def opml(title: str, owner: str, groups: Mapping[str, Sequence[Outline]]) -> bytes:
    """The OPML document, UTF-8. `groups` holds subscriptions by heading. All text must be clean (`text.clean`)."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = title
    etree.SubElement(head, "ownerName").text = owner
    etree.SubElement(head, "docs").text = "http://opml.org/spec2.opml"
    body = etree.SubElement(root, "body")
    for heading, outlines in groups.items():
        group = etree.SubElement(body, "outline", text=heading, title=heading)
        for one in outlines:
            attributes = {"text": one.title, "title": one.title, "xmlUrl": one.feed_url, "htmlUrl": one.page_url}
            etree.SubElement(group, "outline", {"type": "rss", "version": "RSS2"} | attributes)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
