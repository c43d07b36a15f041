"""Collects the posts or thoughts of a document from the stores; `build` makes a feed of them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from feedserver.errors import PostNotFound
from feedserver.feeds.build import Builder
from feedserver.feeds.model import Feed
from feedserver.feeds.pagination import Extent
from feedserver.feeds.scopes import FeedAddress
from feedserver.posts import lists
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.posts.store import EVERYTHING, Listing
from feedserver.settings import Settings
from feedserver.storage import revision
from feedserver.storage.changes import SiteState
from feedserver.storage.count_cache import CountCache
from feedserver.storage.revision import Site
from feedserver.thoughts import store as thoughts
from feedserver.urls import Urls


class ListIsEmpty(PostNotFound):
    """No visible post has this tag or author."""


class NoSuchDocument(PostNotFound):
    """The feed has no page or archive of this number."""


class ArchiveNotFull(PostNotFound):
    """The archive after the last full one: its entries are still in the newest document."""


class PostGone(PostNotFound):
    """The post whose thoughts the feed listed was deleted."""


class PostMoved(PostNotFound):
    """The post whose thoughts the feed lists was renamed; `slug` is its new slug."""


@dataclass(frozen=True, slots=True)
class Collector:
    """Collects the feeds of one site."""

    urls: Urls
    settings: Settings
    counts: CountCache = field(default_factory=CountCache)

    def collect(self, connection: Connection, address: FeedAddress, now: datetime) -> Feed:
        """Collects the feed at `address`.

        Raises PostNotFound for a tag or author without a visible post, for a post that readers cannot see, and for a
        page or archive that does not exist; ArchiveNotFull for the next archive; PostGone and PostMoved for a post that
        was deleted or renamed.
        """
        site = revision.load(connection)
        builder = Builder(self.urls, self.settings.site, site)
        if address.is_of_thoughts:
            return self._thoughts(connection, address, builder, now)
        return self._posts(connection, address, builder, now)

    def listing(self, address: FeedAddress) -> Listing:
        """The posts that a feed of posts lists."""
        posts_of = address.row.posts
        assert posts_of is not None, "a feed of thoughts"
        return posts_of(address.name, self.settings.site.author)

    def _posts(self, connection: Connection, address: FeedAddress, builder: Builder, now: datetime) -> Feed:
        listing, size = self.listing(address), self.settings.feeds.entries
        page = posts.latest(connection, now, size + 1, self._offset(address), listing)
        if not (page or address.part == "page" or may_be_empty(listing)):
            raise ListIsEmpty(address.name)
        archive_size = builder.site.archive_size or size
        highest = lists.highest(connection, listing)
        count = partial(posts.count, connection, now, listing)
        extent = self._extent(connection, address, builder.site, now, listing.key, len(page), count)
        extent = replace(extent, archives=highest // archive_size)
        if extent.fills(address):
            raise ArchiveNotFull(address.name)
        if not extent.holds(address):
            raise NoSuchDocument(address.name)
        if address.part == "archive":
            first = (address.number - 1) * archive_size + 1
            return builder.posts(
                address, extent, posts.at_positions(connection, now, listing, first, archive_size), None
            )
        found = page[:size]
        if address.part == "newest" and len(found) == size:
            unarchived = posts.at_positions(
                connection, now, listing, highest - highest % archive_size + 1, archive_size
            )
            found = _with_late(found, unarchived)
        return builder.posts(address, extent, found, thoughts.counts(connection, [post.id for post in found]))

    def _thoughts(self, connection: Connection, address: FeedAddress, builder: Builder, now: datetime) -> Feed:
        post = _post_named(connection, address.name, now) if address.row.of_one_post else None
        post_id, size = post.id if post else None, self.settings.feeds.entries
        found = thoughts.latest_shown(connection, now, size + 1, post_id, self._offset(address))
        count = partial(thoughts.count_shown, connection, now, post_id)
        key = f"thoughts/{post_id or ''}"
        extent = self._extent(connection, address, builder.site, now, key, len(found), count)
        if not extent.holds(address):
            raise NoSuchDocument(address.name)
        found = found[:size]
        on = {post.id: post} if post else posts.by_ids(connection, {thought.post_id for thought in found})
        return builder.thoughts(address, extent, found, on)

    def _offset(self, address: FeedAddress) -> int:
        return (address.number - 1) * self.settings.feeds.entries if address.part == "page" else 0

    def _extent(
        self,
        connection: Connection,
        address: FeedAddress,
        site: Site,
        now: datetime,
        key: str,
        found: int,
        count: Callable[[], int],
    ) -> Extent:
        """The extent of a list. Only pages after the first count it, as they link to the last one.

        For the others, `found` is enough: one entry more than they show if there are older ones.
        """
        size = self.settings.feeds.entries
        if address.part != "page" or address.number == 1:
            return Extent(found, size, counted=False)
        state = SiteState(site.revision, posts.next_publication(connection, now))
        return Extent(self.counts.get(key, state, count), size)


def may_be_empty(listing: Listing) -> bool:
    """Whether a list exists without posts: the site's own, and its author's, to which every feed links."""
    return listing == EVERYTHING or listing.unnamed_too


def _post_named(connection: Connection, slug: str, now: datetime) -> Post:
    post = posts.by_slug(connection, slug)
    if post is not None and post.state == "deleted":
        raise PostGone(slug)
    if post is None or not post.visible(now):
        raise PostNotFound(slug)
    if post.slug != slug:
        raise PostMoved(post.slug)
    return post


def _with_late(newest: list[Post], unarchived: list[Post]) -> list[Post]:
    """The newest posts, and older ones that no archive holds yet.

    Otherwise no subscriber would get a back-dated post: too old for the newest document, too new for an archive.
    """
    known = {post.id for post in newest}
    late = [post for post in unarchived if post.id not in known]
    return newest + sorted(late, key=lambda post: (post.published_at, post.id), reverse=True)
