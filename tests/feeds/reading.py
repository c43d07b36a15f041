"""Reading what was rendered: by element, and as a feed reader does."""

import feedparser
from lxml import etree

TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}
LISTS = ["/feed", "/tags/sea/feed", "/authors/Ann%20Author/feed", "/thoughts", "/posts/fog/thoughts"]
ALL_FEEDS = [f"{path}.{fmt}" for path in LISTS for fmt in TYPES]
NS = {
    "a": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "fh": "http://purl.org/syndication/history/1.0",
    "media": "http://search.yahoo.com/mrss/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
}


def texts(document, path):
    return [element.text for element in etree.fromstring(document).iterfind(path, NS)]


def attributes(document, path):
    return [dict(element.attrib) for element in etree.fromstring(document).iterfind(path, NS)]


def parsed(document):
    result = feedparser.parse(document)
    assert not result.bozo, result.get("bozo_exception")
    return result


def whole_text(element):
    """The text of an element in which references stand."""
    return "".join(element.itertext())
