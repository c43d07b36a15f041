"""Which feeds there are at a time: tags and authors come and go with their posts."""

from datetime import datetime

from sqlalchemy import Connection

from feedserver.errors import FeedNotFound, PostMoved
from feedserver.feeds.scopes import FeedAddress
from feedserver.posts import spelling
from feedserver.posts import store as posts
from feedserver.posts.model import EVERYTHING, Listing, Post


def require(connection: Connection, address: FeedAddress, site_author: str, now: datetime) -> None:
    """Raises what `Collector.collect` does where there is no newest document at `address`."""
    if address.row.posts is not None:
        listing = address.row.posts(address.name)
        has_posts = bool(posts.latest_ids(connection, now, 1, listing=listing))
        require_list(connection, address, has_posts, site_author)
    elif address.row.of_one_post:
        require_post(connection, address.name, now)


def require_list(connection: Connection, address: FeedAddress, has_posts: bool, site_author: str) -> None:
    """Raises FeedNotFound if a feed of posts has none and may not be empty, ListMoved for another spelling."""
    assert address.row.posts is not None, "a feed of thoughts"
    listing = address.row.posts(address.name)
    if not has_posts and not may_be_empty(listing, site_author):
        raise FeedNotFound(address.key)
    spelling.check(connection, listing, site_author)


def require_post(connection: Connection, slug: str, now: datetime) -> Post:
    """The post whose thoughts a feed lists. Raises PostNotFound, PostGone or PostMoved."""
    post = posts.readable(connection, slug, now)
    if post.slug != slug:
        raise PostMoved(post.slug)
    return post


def may_be_empty(listing: Listing, site_author: str) -> bool:
    """Whether a list exists without posts: the site's own, and its author's, to which every feed links."""
    return listing.key in (EVERYTHING.key, Listing(author=site_author).key)
