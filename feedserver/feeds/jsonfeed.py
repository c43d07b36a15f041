"""JSON Feed 1.1 (https://jsonfeed.org/version/1.1). Pure.

Keys have a fixed order and dates are in UTC, so the same feed gives the same bytes. The kind of a thought, what it is
to the post, and the post's id are in an extension object, `_feedserver`.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from feedserver.clock import rfc3339
from feedserver.feeds.model import Entry, Feed, Person
from feedserver.feeds.tolerant import cleaned, written
from feedserver.posts.model import Enclosure

VERSION = "https://jsonfeed.org/version/1.1"
_NEXT = ("prev-archive", "next")  # the archive before this document, or else a page further back
Object = dict[str, Any]


def json_feed(feed: Feed) -> bytes:
    """`feed` as a JSON Feed 1.1 document, UTF-8. Entries that cannot be written are left out and logged."""
    head = _bytes(_head(cleaned(replace(feed, entries=()))))
    items = b",".join(written(feed.entries, lambda entry: _bytes(_item(entry))))
    return head[:-1] + b',"items":[' + items + b"]}\n"


def _head(feed: Feed) -> Object:
    return _known(
        version=VERSION,
        title=feed.title,
        home_page_url=feed.page_url,
        feed_url=feed.self_url,
        description=feed.description,
        next_url=next((link.href for rel in _NEXT for link in feed.links if link.rel == rel), None),
        authors=_authors([feed.author]),
        language=feed.language,
        hubs=[{"type": "WebSub", "url": link.href} for link in feed.links if link.rel == "hub"],
    )


def _item(entry: Entry) -> Object:
    content = _content(entry)
    return {
        **_known(id=entry.id, url=entry.url, title=entry.title),
        **content,
        **_known(
            summary=None if content.get("content_text") == entry.summary else entry.summary,
            image=entry.image,
            date_published=rfc3339(entry.published),
            date_modified=rfc3339(entry.updated),
            authors=_authors(entry.authors),
            tags=[category.name for category in entry.categories if category.name.strip()],
            language=entry.lang,
            attachments=[_attachment(file) for file in entry.enclosures],
        ),
        **_of_kind(entry),
    }


def _content(entry: Entry) -> Object:
    """One is required: an empty body is an empty text. Posts and comments are HTML, the excerpt of a ping is text."""
    if entry.kind in (None, "comment"):
        return {"content_html": entry.html}
    return {"content_text": entry.summary}


def _authors(people: Iterable[Person]) -> list[Object]:
    return [_known(name=person.name, url=person.url) for person in people if person.name or person.url]


def _attachment(file: Enclosure) -> Object:
    return _known(url=file.url, mime_type=file.type, size_in_bytes=file.length)


def _of_kind(entry: Entry) -> Object:
    """Of a post the page that it is about; what a thought always has, null where not known (docs/interface.md,
    “Shapes of JSON”)."""
    if entry.kind is None:
        return _known(external_url=entry.external_url)
    answered = entry.in_reply_to.ref if entry.in_reply_to else None
    return {
        "external_url": entry.external_url,
        "authors": [{"name": person.name, "url": person.url} for person in entry.authors],
        "_feedserver": {"kind": entry.kind, "response": entry.response, "in_reply_to": answered},
    }


def _known(**members: Any) -> Object:
    """An object without null, empty or zero members: JSON Feed leaves out what is unknown."""
    return {name: value for name, value in members.items() if value}


def _bytes(value: Object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
