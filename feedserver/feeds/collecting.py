"""Collects the posts or thoughts of a document from the stores.

Leaves to others: what a document says of them (`build`), its bytes and their versions (`renderer`).
"""

from dataclasses import dataclass
from datetime import datetime

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
    """The post whose thoughts the feed lists was renamed: `slug` is its present slug."""


@dataclass(frozen=True, slots=True)
class Collector:
    """Collects the feeds of one site."""

    urls: Urls
    settings: Settings

    def collect(self, connection: Connection, address: FeedAddress, now: datetime) -> Feed:
        """The feed at `address` as it is now.

        Raises PostNotFound for a tag or author without a visible post, for a post that readers cannot see, and for a
        page or archive that does not exist; ArchiveNotFull for the next archive; PostGone and PostMoved for a post that
        was deleted or renamed.
        """
        this_site = revision.load(connection)
        builder = Builder(self.urls, self.settings.site, this_site)
        if address.is_of_thoughts:
            return self._thoughts(connection, address, builder, now)
        listing = self.listing(address)
        archive_size = this_site.archive_size or self.settings.feeds.entries
        archives = lists.highest(connection, listing) // archive_size
        extent = Extent(lists.count(connection, now, listing), self.settings.feeds.entries, archives)
        if not (extent.entries or may_be_empty(listing)):
            raise ListIsEmpty(address.name)
        if extent.fills(address):
            raise ArchiveNotFull(address.name)
        if not extent.holds(address):
            raise NoSuchDocument(address.name)
        found = self._posts(connection, address, listing, archive_size, now)
        counts = thoughts.counts(connection, [post.id for post in found]) if address.part != "archive" else None
        return builder.posts(address, extent, found, counts)

    def listing(self, address: FeedAddress) -> Listing:
        """The posts that a feed of posts lists."""
        posts_of = address.row.posts
        assert posts_of is not None, "a feed of thoughts"
        return posts_of(address.name, self.settings.site.author)

    # --- posts ---

    def _posts(
        self, connection: Connection, address: FeedAddress, listing: Listing, archive_size: int, now: datetime
    ) -> list[Post]:
        size = self.settings.feeds.entries
        match address.part:
            case "page":
                return posts.latest(connection, now, size, (address.number - 1) * size, listing)
            case "archive":
                first = (address.number - 1) * archive_size + 1
                return posts.placed(connection, now, listing, first, archive_size)
            case "newest":
                newest = posts.latest(connection, now, size, listing=listing)
                return (
                    newest
                    if len(newest) < size
                    else self._with_unarchived(connection, newest, listing, archive_size, now)
                )

    def _with_unarchived(
        self, connection: Connection, newest: list[Post], listing: Listing, archive_size: int, now: datetime
    ) -> list[Post]:
        """The newest posts, and such older ones as no archive holds yet.

        A post that was dated back far comes to nobody otherwise: it is too old for the newest, too new for an archive.
        """
        known = {post.id for post in newest}
        highest = lists.highest(connection, listing)
        recent = posts.placed(connection, now, listing, highest - highest % archive_size + 1, archive_size)
        late = [post for post in recent if post.id not in known]
        return newest + sorted(late, key=lambda post: (post.published_at, post.id), reverse=True)

    # --- thoughts ---

    def _thoughts(self, connection: Connection, address: FeedAddress, builder: Builder, now: datetime) -> Feed:
        post = _post_named(connection, address.name, now) if address.row.of_one_post else None
        post_id = post.id if post else None
        size = self.settings.feeds.entries
        before = (address.number - 1) * size if address.part == "page" else 0
        # One more than is shown tells whether there are more, without counting all that were ever said.
        found = thoughts.latest_shown(connection, now, size + 1, post_id, before)
        extent = Extent(len(found), size, counted=False)
        if address.part != "newest":
            extent = Extent(thoughts.count_shown(connection, now, post_id), size)
        if not extent.holds(address):
            raise NoSuchDocument(address.name)
        found = found[:size]
        on = {post.id: post} if post else posts.by_ids(connection, {thought.post_id for thought in found})
        return builder.thoughts(address, extent, found, on)


def may_be_empty(listing: Listing) -> bool:
    """Whether a list exists before its first post: the site's own, and its author's, to which every feed links."""
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
