"""Which slugs are free. Posts and pages share one set, and no slug is given twice, though its post be deleted."""

import re
from typing import Final

from sqlalchemy import Connection

from feedserver.errors import SlugReserved, SlugTaken
from feedserver.posts import store
from feedserver.posts.document import numbered
from feedserver.posts.model import Post

# The first steps of the site's own addresses (docs/interface.md, “Addresses”), those of later versions included.
_RESERVED: Final = frozenset(
    "posts tags authors feeds feeds.opml archive thoughts comments receipts oembed static media icon favicon.ico"
    " robots.txt sitemap.xml healthz readyz metrics pingback webmention hub moderation"
    " feed rss rss.xml atom.xml feed.xml index.xml"
    " desk previews notices search opensearch.xml xmlrpc.php rsd.xml micropub"
    " indieauth authorize auth token introspect revoke userinfo".split()
    + [f"{kind}.{suffix}" for kind in ("feed", "thoughts", "search") for suffix in ("rss", "atom", "json")]
)
RESERVED_PATTERN: Final = rf"(?i:{'|'.join(map(re.escape, sorted(_RESERVED)))}|sitemap-[^/]+\.xml)"


def is_reserved(slug: str) -> bool:
    """Whether an address of the site itself begins with `slug`, so that no page can have it."""
    return re.fullmatch(RESERVED_PATTERN, slug) is not None


def check_free(connection: Connection, slug: str, own: Post | None = None, *, page: bool) -> None:
    """Raises SlugTaken if another post or page has the slug, or had it; SlugReserved if no page can have it."""
    if page and is_reserved(slug):
        raise SlugReserved(slug)
    owner = store.by_slug(connection, slug)
    if owner is not None and (own is None or owner.id != own.id):
        raise SlugTaken(slug, can_be_restored=owner.state == "deleted" and not owner.is_erased)


def next_free(connection: Connection, slug: str, *, page: bool) -> str:
    """`slug` if it is free, else the next that is: `spring-2`. In a few look-ups, however many are taken."""
    if _is_free(connection, slug, page):
        return slug
    low, high = 1, 2  # taken, and perhaps free
    while not _is_free(connection, numbered(slug, high), page):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if _is_free(connection, numbered(slug, middle), page):
            high = middle
        else:
            low = middle
    return numbered(slug, high)


def _is_free(connection: Connection, slug: str, page: bool) -> bool:
    return not (page and is_reserved(slug)) and store.slug_owner(connection, slug) is None
