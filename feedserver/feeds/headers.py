"""The header fields of a feed's documents. Pure."""

from email.utils import format_datetime
from typing import Final

from feedserver.feeds.conditional import Validators
from feedserver.feeds.model import MEDIA_TYPES
from feedserver.feeds.scopes import FeedAddress

Headers = tuple[tuple[str, str], ...]

# The request header fields that select a response: content coding, or the page for browsers.
VARY: Final = "Accept-Encoding, Sec-Fetch-Dest, Sec-Fetch-Mode"
_STALE: Final = "stale-while-revalidate=60, stale-if-error=86400"  # seconds (RFC 5861)


def common(address: FeedAddress, url: str, validators: Validators, ttl: int) -> Headers:
    """The fields that a 200 and a 304 share (RFC 9110 section 15.4.5). `url` is absolute, `ttl` in seconds."""
    etag, last_modified = validators
    dated = {"Last-Modified": format_datetime(last_modified, usegmt=True)} if last_modified else {}
    immutable = ", immutable" if address.part == "archive" else ""
    headers = {
        "ETag": etag,
        **dated,
        "Cache-Control": f"public, max-age={ttl}, {_STALE}{immutable}",
        "Vary": VARY,
        "Link": f'<{url}>; rel="self"',
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag, Link",  # scripts may read the other fields anyway (Fetch, 2.2.2)
        "X-Content-Type-Options": "nosniff",
    }
    if address.is_of_thoughts or address.part != "newest":
        headers["X-Robots-Tag"] = "noindex"
    return tuple(headers.items())


def full(fmt: str, coding: str, length: int) -> Headers:
    """The fields of a body of `length` bytes in a format and a content coding."""
    encoding = () if coding == "identity" else (("Content-Encoding", coding),)
    return (
        ("Content-Type", f"{MEDIA_TYPES[fmt]}; charset=utf-8"),
        ("Content-Length", str(length)),
        *encoding,
    )
