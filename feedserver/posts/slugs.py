"""Which slugs are free. Posts and pages share one set, and no slug is given twice, though its post be deleted."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from feedserver.errors import SlugReserved, SlugTaken
from feedserver.posts import store
from feedserver.posts.document import numbered, slug_from
from feedserver.posts.model import Post

# The first steps of the site's own addresses (docs/interface.md, “Addresses”), those of later versions included.
_RESERVED: Final = frozenset(
    ".well-known posts tags authors feeds feeds.opml archive thoughts comments receipts oembed static media icon"
    " favicon.ico robots.txt sitemap.xml healthz readyz metrics pingback webmention hub moderation"
    " feed rss rss.xml atom.xml feed.xml index.xml"
    " desk previews notices search opensearch.xml xmlrpc.php rsd.xml micropub"
    " indieauth authorize auth token introspect revoke userinfo".split()
    + [f"{kind}.{suffix}" for kind in ("feed", "thoughts", "search") for suffix in ("rss", "atom", "json")]
)
_FIRST_WORDS: Final = 6  # of a post without a title, of which a slug is made
_NUMBER: Final = re.compile("-([1-9][0-9]{0,17})$")
RESERVED_PATTERN: Final = rf"(?i:{'|'.join(map(re.escape, sorted(_RESERVED)))}|sitemap-[^/]+\.xml)"


def is_reserved(slug: str) -> bool:
    """Whether an address of the site itself begins with `slug`, so that no page can have it."""
    return re.fullmatch(RESERVED_PATTERN, slug) is not None


def of_untitled(words: str, at: datetime) -> str:
    """A slug for a post without a title: of its first words, else of its time."""
    return slug_from(" ".join(words.split()[:_FIRST_WORDS])) or f"{at:%Y-%m-%d-%H%M}"


def check_free(connection: Connection, slug: str, own: Post | None = None, *, page: bool) -> None:
    """Raises SlugTaken if another post or page has the slug, or had it; SlugReserved if no page can have it."""
    if page and is_reserved(slug):
        raise SlugReserved(slug)
    owner = store.by_slug(connection, slug)
    if owner is not None and (own is None or owner.id != own.id):
        raise SlugTaken(slug, can_be_restored=owner.state == "deleted" and not owner.is_erased)


def check_all_free(connection: Connection, wanted: Sequence[tuple[str, bool]]) -> None:
    """Raises what `check_free` does for slugs of new posts, or pages (true); SlugTaken also where two are the same."""
    taken = set(store.slug_owners(connection, [slug for slug, _ in wanted]))
    for slug, is_page in wanted:
        if is_page or slug in taken:
            check_free(connection, slug, page=is_page)
        if slug in taken:
            raise SlugTaken(slug)
        taken.add(slug)


def nearest_free(connection: Connection, slug: str, post: Post) -> str:
    """The slug of a post that is to have this one: itself if it is free, or the post has or had it.

    Else a number at its end that the post has, or had, so that the same wish twice is one; else the next free one.
    """
    if (owner := store.slug_owner(connection, slug)) is None or owner == post.id:
        return slug
    own = (post.slug, *sorted(store.slugs_of(connection, post.id)))
    return next((one for one in own if _is_numbered(one, slug)), None) or next_free(connection, slug, page=post.page)


def _is_numbered(slug: str, stem: str) -> bool:
    """Whether a slug is another one with a number, as `next_free` makes them."""
    number = _NUMBER.search(slug)
    return number is not None and numbered(stem, int(number[1])) == slug


def next_free(connection: Connection, slug: str, but: Collection[str] = (), *, page: bool) -> str:
    """`slug` if it is free, else the next that is, and is none of `but`: `spring-2`.

    In a few look-ups, however many are taken.
    """

    def is_free(one: str) -> bool:
        return one not in but and not (page and is_reserved(one)) and store.slug_owner(connection, one) is None

    if is_free(slug):
        return slug
    low, high = 1, 2  # taken, and perhaps free
    while not is_free(numbered(slug, high)):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if is_free(numbered(slug, middle)):
            high = middle
        else:
            low = middle
    return numbered(slug, high)
