"""Collects the posts or thoughts of a document from the stores; `build` makes a feed of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from feedserver.errors import ArchiveNotFull, FeedNotFound
from feedserver.feeds import existing
from feedserver.feeds.build import Builder
from feedserver.feeds.hubs import hubs
from feedserver.feeds.model import Entry, Feed
from feedserver.feeds.pagination import Extent
from feedserver.feeds.scopes import FeedAddress
from feedserver.languages.english import ENGLISH, Language
from feedserver.posts import lists
from feedserver.posts import store as posts
from feedserver.posts.model import Ids, Post
from feedserver.settings import Settings
from feedserver.storage import revision
from feedserver.storage.changes import SiteState
from feedserver.storage.count_cache import CountCache
from feedserver.thoughts import shown as thoughts
from feedserver.urls import Urls


@dataclass(frozen=True, slots=True)
class Collector:
    """Collects the feeds of one site."""

    urls: Urls
    settings: Settings
    language: Language = ENGLISH
    counts: CountCache = field(default_factory=CountCache)

    def collect(self, connection: Connection, address: FeedAddress, now: datetime) -> tuple[Feed, SiteState]:
        """Collects the feed at `address`, with the state of the site that it was collected from.

        Raises FeedNotFound for a tag or author without a visible post, and for a page or archive that does not exist,
        ListMoved for another spelling, ArchiveNotFull for the next archive; of the post whose thoughts it lists,
        PostNotFound if readers cannot see it, PostGone and PostMoved if it was deleted or renamed.
        """
        site = revision.load(connection)  # read first: later changes make the document stale
        state = SiteState(site.revision, posts.next_publication(connection, now), now)
        builder = Builder(self.urls, self.settings.site, site, hubs(self.settings.websub, self.urls), self.language)
        collect = self._thoughts if address.is_of_thoughts else self._posts
        return collect(connection, address, builder, state, now), state

    def entries(self, connection: Connection, found: Sequence[Post], now: datetime) -> tuple[Entry, ...]:
        """The entries of posts and pages, in their order, as the newest documents have them."""
        builder = Builder(self.urls, self.settings.site, revision.load(connection))
        counts = thoughts.counts(connection, [post.id for post in found])
        return builder.entries(found, counts, self._answered(connection, found, now))

    def _posts(
        self, connection: Connection, address: FeedAddress, builder: Builder, state: SiteState, now: datetime
    ) -> Feed:
        posts_of, size = address.row.posts, self.settings.feeds.entries
        assert posts_of is not None, "a feed of thoughts"
        listing = posts_of(address.name)
        ids = posts.latest_ids(connection, now, size + 1, self._offset(address), listing)
        if ids or address.part != "page":
            existing.require_list(connection, address, bool(ids), self.settings.site.author)
        archive_size = builder.site.archive_size or size
        highest = lists.highest(connection, listing)
        extent = self._extent(address, listing.key, len(ids), state, partial(posts.count, connection, now, listing))
        extent = replace(extent, archives=highest // archive_size)
        if extent.fills(address):
            raise ArchiveNotFull(address.key)
        if not extent.holds(address):
            raise FeedNotFound(address.key)
        if address.part == "archive":
            first = (address.number - 1) * archive_size + 1
            archived = posts.ids_at_positions(connection, now, listing, first, archive_size)
            found = posts.in_order(connection, archived)
            return builder.posts(address, extent, found, None, self._answered(connection, found, now))
        newest, unarchived = ids[:size], ids[:0]
        if address.part == "newest" and len(ids) > size:
            first = highest - highest % archive_size + 1
            unarchived = posts.ids_at_positions(connection, now, listing, first, archive_size)
        found = _with_late(connection, newest, unarchived)
        counts = thoughts.counts(connection, [post.id for post in found])
        return builder.posts(address, extent, found, counts, self._answered(connection, found, now))

    def _answered(self, connection: Connection, found: Sequence[Post], now: datetime) -> dict[str, Ids]:
        """The ids of this site's posts that some posts answer, by their slugs."""
        slugs = {slug for post in found for url in post.reply_to if (slug := self.urls.post_slug(url))}
        return posts.guids(connection, slugs, now) if slugs else {}

    def _thoughts(
        self, connection: Connection, address: FeedAddress, builder: Builder, state: SiteState, now: datetime
    ) -> Feed:
        post = existing.require_post(connection, address.name, now) if address.row.of_one_post else None
        post_id, size = post.id if post else None, self.settings.feeds.entries
        found = thoughts.latest(connection, now, builder.urls, size + 1, post_id, self._offset(address))
        count = partial(thoughts.count, connection, now, post_id)
        extent = self._extent(address, f"thoughts/{post_id or ''}", len(found), state, count)
        if not extent.holds(address):
            raise FeedNotFound(address.key)
        found = found[:size]
        on = {post.id: post} if post else posts.by_ids(connection, {thought.post_id for thought in found})
        return builder.thoughts(address, extent, found, on)

    def _offset(self, address: FeedAddress) -> int:
        return (address.number - 1) * self.settings.feeds.entries if address.part == "page" else 0

    def _extent(self, address: FeedAddress, key: str, found: int, state: SiteState, count: Callable[[], int]) -> Extent:
        """The extent of a list. Only pages after the first count it, as they link to the last one.

        For the others, `found` is enough: one entry more than they show if there are older ones.
        """
        size = self.settings.feeds.entries
        if address.part != "page" or address.number == 1:
            return Extent(found, size, counted=False)
        return Extent(self.counts.get(key, state, count), size)


def _with_late(connection: Connection, newest: Sequence[int], unarchived: Sequence[int]) -> list[Post]:
    """The newest posts, and older ones that no archive holds yet; loaded once, by their ids.

    Otherwise no subscriber would get a back-dated post: too old for the newest document, too new for an archive.
    """
    late = [post_id for post_id in unarchived if post_id not in newest]
    found = posts.in_order(connection, [*newest, *late])
    return found[: len(newest)] + sorted(
        found[len(newest) :], key=lambda post: (post.published_at, post.id), reverse=True
    )
