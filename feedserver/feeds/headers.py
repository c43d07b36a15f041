"""What every answer with a document of a feed says about it, 200 and 304 alike (RFC 9110 section 15.4.5). Pure."""

from email.utils import format_datetime
from typing import Final

from feedserver.feeds.scopes import FeedAddress
from feedserver.feeds.store import Version

Headers = tuple[tuple[str, str], ...]

# Why one address gives several answers, besides the query: codings, and the page for people.
VARY: Final = "Accept-Encoding, Sec-Fetch-Dest, Sec-Fetch-Mode"
_STALE: Final = "stale-while-revalidate=60, stale-if-error=86400"  # seconds


def describing(address: FeedAddress, url: str, version: Version, ttl: int) -> Headers:
    """The header fields for the document at `address`, whose URL is `url`; `ttl` is in seconds."""
    lasting = ", immutable" if address.part == "archive" else ""
    headers = {
        "ETag": version.etag,
        "Last-Modified": format_datetime(version.last_modified, usegmt=True),
        "Cache-Control": f"public, max-age={ttl}, {_STALE}{lasting}",
        "Vary": VARY,
        "Link": f'<{url}>; rel="self"',
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag, Link",  # beside the few that scripts may read anyway (Fetch)
        "X-Content-Type-Options": "nosniff",
    }
    if address.is_of_thoughts or address.part != "newest":
        headers["X-Robots-Tag"] = "noindex"
    return tuple(headers.items())
