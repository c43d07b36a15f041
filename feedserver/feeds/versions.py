"""Feeds as bytes: rendered and compressed once per change, kept in memory, versioned in the database.

A feed in memory is current while the site's revision stands and no scheduled post has come due; that is one look at
one row. When the database is locked or away, the last good bytes are served.
"""

import gzip
import hashlib
import logging
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

import brotli
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.clock import Clock
from feedserver.errors import PostNotFound
from feedserver.feeds import store
from feedserver.feeds.address import FeedAddress
from feedserver.feeds.build import Builder
from feedserver.feeds.jsonfeed import json_feed
from feedserver.feeds.model import MEDIA_TYPES, Feed
from feedserver.feeds.store import Version
from feedserver.feeds.syndication import atom, rss
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.posts.store import EVERYTHING, Listing
from feedserver.settings import Settings
from feedserver.storage import site
from feedserver.storage.engine import Database
from feedserver.thoughts import store as thoughts
from feedserver.urls import Urls

_FORMATS = {"rss": rss, "atom": atom, "json": json_feed}
_KEPT: Final = 256  # feeds in memory in one process; the one asked for least lately goes first
_BROTLI_QUALITY: Final = 5  # smaller and quicker than gzip at 6; 11 takes eighty times as long

_log = logging.getLogger(__name__)


class ListIsEmpty(PostNotFound):
    """No visible post has this tag or author."""


class PostGone(PostNotFound):
    """The post whose thoughts the feed listed was deleted."""


class PostMoved(PostNotFound):
    """The post whose thoughts the feed lists is called otherwise now: `slug`."""


@dataclass(frozen=True, slots=True)
class Document:
    """A feed as it is sent: the bytes in each coding, and the version they are."""

    media_type: str
    bodies: dict[str, bytes]
    version: Version
    revision: int
    valid_until: datetime | None

    def is_current(self, revision: int, now: datetime) -> bool:
        return self.revision == revision and (self.valid_until is None or now < self.valid_until)


class Feeds:
    """The feeds of one site, in this process. Safe to share between threads."""

    def __init__(self, database: Database, urls: Urls, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._urls = urls
        self._settings = settings
        self._clock = clock
        self._kept: OrderedDict[FeedAddress, Document] = OrderedDict()
        self._lock = Lock()

    def get(self, address: FeedAddress) -> Document:
        """The document at `address` as it is now.

        Raises PostNotFound for a tag or author with no visible post and for a post that nobody can see, PostGone and
        PostMoved for one that was deleted or renamed.
        """
        kept = self._kept.get(address)
        try:
            document = self._current(address, kept)
        except PostNotFound:
            self._forget(address)
            raise
        except (DBAPIError, NoConnection) as error:
            if kept is None:
                raise
            _log.warning("the database is away (%s); %s is served as it was", type(error).__name__, address.key)
            return kept
        self._keep(address, document)
        return document

    def _current(self, address: FeedAddress, kept: Document | None) -> Document:
        now = self._clock()
        if kept is not None:
            with self._database.read() as connection:
                if kept.is_current(site.load(connection).revision, now):
                    return kept
        return self._render(address, kept, now)

    def _render(self, address: FeedAddress, kept: Document | None, now: datetime) -> Document:
        with self._database.read_public() as connection:
            this_site = site.load(connection)  # first: what changes after this is seen as a change by the next request
            feed = self._collect(connection, address, Builder(self._urls, self._settings.site, this_site), now)
            valid_until = posts.next_publication(connection, now)
        body = _FORMATS[address.fmt](feed)
        etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
        bodies = kept.bodies if kept is not None and kept.version.etag == etag else _coded(body)
        # Asked for even so: another process may have seen these bytes change and change back.
        version = self._version(address.key, etag, now)
        media_type = f"{MEDIA_TYPES[address.fmt]}; charset=utf-8"
        return Document(media_type, bodies, version, this_site.revision, valid_until)

    def _version(self, key: str, etag: str, now: datetime) -> Version:
        """The version of these bytes, shared by all processes. A reader's request writes only when they are new."""
        with self._database.read() as connection:
            known = store.newest(connection, key)
        if known is not None and known.etag == etag:
            return known
        return self._database.transact(lambda connection: store.next_version(connection, key, etag, now))

    def _collect(self, connection: Connection, address: FeedAddress, builder: Builder, now: datetime) -> Feed:
        limit = self._settings.feeds.entries
        if address.is_of_thoughts:
            return self._collect_thoughts(connection, address, builder, now, limit)
        listing = self.listing(address)
        found = posts.latest(connection, now, limit, listing=listing)
        if not (found or may_be_empty(listing)):
            raise ListIsEmpty(address.name)
        counts = thoughts.counts(connection, [post.id for post in found])
        return builder.posts(address, found, counts)

    def _collect_thoughts(
        self, connection: Connection, address: FeedAddress, builder: Builder, now: datetime, limit: int
    ) -> Feed:
        post = _post_named(connection, address.name, now) if address.scope == "post" else None
        found = thoughts.latest_shown(connection, now, limit, post.id if post else None)
        on = {post.id: post} if post else posts.by_ids(connection, {thought.post_id for thought in found})
        return builder.thoughts(address, found, on)

    def listing(self, address: FeedAddress) -> Listing:
        """Which posts a feed of posts shows."""
        match address.scope:
            case "tag":
                return Listing(tag=address.name)
            case "author":
                return Listing(author=address.name, unnamed_too=address.name == self._settings.site.author)
            case _:
                return Listing()

    def _keep(self, address: FeedAddress, document: Document) -> None:
        with self._lock:
            self._kept[address] = document
            self._kept.move_to_end(address)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def _forget(self, address: FeedAddress) -> None:
        with self._lock:
            self._kept.pop(address, None)


def may_be_empty(listing: Listing) -> bool:
    """Whether a list is there before its first post: the site's own, and its author's, which every feed links to."""
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


def _coded(body: bytes) -> dict[str, bytes]:
    return {
        "identity": body,
        "gzip": gzip.compress(body, compresslevel=6, mtime=0),  # no clock in the bytes
        "br": brotli.compress(body, quality=_BROTLI_QUALITY),
    }
