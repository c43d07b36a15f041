"""The header fields of a feed's documents. Pure."""

from email.utils import format_datetime
from typing import Final

from feedserver.feeds.conditional import Validators
from feedserver.feeds.model import MEDIA_TYPES, Feed
from feedserver.feeds.scopes import FeedAddress

Headers = tuple[tuple[str, str], ...]

# The request header fields that select a response: content coding, or the page for browsers.
VARY: Final = "Accept-Encoding, Sec-Fetch-Dest, Sec-Fetch-Mode"
NOT_INDEXED: Final[Headers] = (("X-Robots-Tag", "noindex"),)
_STALE: Final = "stale-while-revalidate=60, stale-if-error=86400"  # seconds (RFC 5861)


def common(address: FeedAddress, feed: Feed, validators: Validators) -> Headers:
    """The fields that a 200 and a 304 share (RFC 9110 section 15.4.5)."""
    is_indexed = address.part == "newest" and not address.is_of_thoughts
    return of_feed(feed, validators) + (() if is_indexed else NOT_INDEXED)


def of_feed(feed: Feed, validators: Validators) -> Headers:
    """The same but for those that search engines heed."""
    etag, last_modified = validators
    dated = {"Last-Modified": format_datetime(last_modified, usegmt=True)} if last_modified else {}
    immutable = ", immutable" if feed.archive else ""
    headers = {
        "ETag": etag,
        **dated,
        "Cache-Control": f"public, max-age={feed.ttl}, {_STALE}{immutable}",
        "Vary": VARY,
        "Link": ", ".join(f'<{url}>; rel="{rel}"' for rel, url in _links(feed)),
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag, Link",  # scripts may read the other fields anyway (Fetch, 2.2.2)
        "X-Content-Type-Options": "nosniff",
    }
    return tuple(headers.items())


def _links(feed: Feed) -> list[tuple[str, str]]:
    """The hubs and the document's own URL, by which readers subscribe (WebSub section 4)."""
    return [("hub", link.href) for link in feed.links if link.rel == "hub"] + [("self", feed.self_url)]


def full(fmt: str, coding: str, length: int) -> Headers:
    """The fields of a body of `length` bytes in a format and a content coding."""
    encoding = () if coding == "identity" else (("Content-Encoding", coding),)
    return (
        ("Content-Type", f"{MEDIA_TYPES[fmt]}; charset=utf-8"),
        ("Content-Length", str(length)),
        *encoding,
    )
