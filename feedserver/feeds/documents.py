"""Feeds as bytes: rendered and compressed once per change, kept in memory, versioned in the database.

A feed in memory is current while the site's revision stands and no scheduled post has come due; that is one look at
one row. When the database is locked or away, the last good bytes are served.
"""

import gzip
import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Final

import brotli
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.clock import Clock
from feedserver.errors import PostNotFound
from feedserver.feeds import store
from feedserver.feeds.collecting import Collector
from feedserver.feeds.headers import Headers, describing
from feedserver.feeds.jsonfeed import json_feed
from feedserver.feeds.kept import Kept
from feedserver.feeds.model import MEDIA_TYPES, Feed
from feedserver.feeds.scopes import FeedAddress
from feedserver.feeds.store import Version
from feedserver.feeds.syndication import atom, rss
from feedserver.posts import store as posts
from feedserver.storage import revision as site
from feedserver.storage.changes import Changes, SiteState
from feedserver.storage.engine import Database

_FORMATS = {"rss": rss, "atom": atom, "json": json_feed}
_KEPT: Final = 256  # feeds in memory in one process; the one asked for least lately goes first
_ROOM: Final = 16 * 1_048_576  # bytes for the feeds in memory, in all codings
_LOCKS: Final = 64  # feeds that share one only wait for each other
_TRIES: Final = 3  # renderings that something on the site may overtake
_PATIENCE: Final = 0.5  # seconds for a lock of the database, where there are good bytes to serve
_REST: Final = 1.0  # seconds
_BROTLI_QUALITY: Final = 5  # smaller and quicker than gzip at 6; 11 takes eighty times as long

Bodies = Mapping[str, bytes]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Document:
    """A feed as it is sent: the bytes in each coding, the version they are, and what is said about it."""

    media_type: str
    bodies: Bodies
    version: Version
    headers: Headers
    state: SiteState


class FeedDocuments:
    """The feeds of one site, in this process. Safe to share between threads."""

    def __init__(self, database: Database, changes: Changes, collector: Collector, clock: Clock) -> None:
        self._database = database
        self._changes = changes
        self._collector = collector
        self._clock = clock
        self._kept: Kept[FeedAddress, Document] = Kept(_KEPT, _ROOM, lambda document: _size(document.bodies))
        self._rendering = [Lock() for _ in range(_LOCKS)]
        self._rest_until = float("-inf")  # a database that failed is not asked again before

    def get(self, address: FeedAddress) -> Document:
        """The document at `address` as it is now; the last good one while the database is locked or away.

        Raises PostNotFound for a tag or author with no visible post, a post that nobody can see, and a page or archive
        that is not there; ArchiveNotFull for the one to come; PostGone and PostMoved for a post that was deleted or
        renamed.
        """
        kept = self._kept.get(address)
        if kept is not None and time.monotonic() < self._rest_until:
            return kept
        # One thread renders a change. Who has something to serve waits for it a moment only.
        rendering = self._rendering[hash(address) % _LOCKS]
        if not rendering.acquire(timeout=-1 if kept is None else _PATIENCE):
            assert kept is not None, "who has nothing to serve waits"
            return kept
        try:
            return self._current(address, self._kept.get(address))
        except PostNotFound:
            self._kept.forget(address)
            raise
        except (DBAPIError, NoConnection) as error:
            if kept is None:
                raise
            self._rest(address, error)
            return kept
        finally:
            rendering.release()

    def in_memory(self, address: FeedAddress) -> Document | None:
        """The document at `address` if it is in memory and current, which costs no look into the site's tables."""
        kept = self._kept.get(address)
        if kept is None:
            return None
        try:
            return kept if kept.state.is_current(self._changes.recent_revision(), self._clock()) else None
        except (DBAPIError, NoConnection):
            return None

    def describe(self, address: FeedAddress) -> Feed:
        """What stands in the document at `address`, for a person. Raises what `get` raises."""
        return self._database.read_public(
            lambda connection: self._collector.collect(connection, address, self._clock())
        )

    def _rest(self, address: FeedAddress, error: Exception) -> None:
        name = type(error).__name__
        _log.warning("the database is away (%s); feeds are served as they were, such as %s", name, address.key)
        self._rest_until = time.monotonic() + _REST

    def _current(self, address: FeedAddress, kept: Document | None) -> Document:
        if kept is not None:
            with self._database.read() as connection:
                if kept.state.is_current(site.load(connection).revision, self._clock()):
                    return kept
        for tries_left in reversed(range(_TRIES)):
            document = self._render(address, kept, take_it=not tries_left)
            if document is not None:
                self._kept.keep(address, document)
                return document
        raise AssertionError("the last one is taken as it is")

    def _render(self, address: FeedAddress, kept: Document | None, *, take_it: bool) -> Document | None:
        """The document as it stands; None when something changed while it was made, unless it is to be taken so."""
        feed, state = self._database.read_public(partial(self._collect, address))
        body = _FORMATS[address.fmt](feed)
        etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
        bodies = kept.bodies if kept is not None and kept.version.etag == etag else _coded(body)
        # Asked for even so: another process may have seen these bytes change and change back.
        version = self._known_version(address, etag)
        if version is None:
            patience = None if kept is None else _PATIENCE
            version = self._next_version(address, etag, None if take_it else state, patience)
        if version is None:
            return None
        media_type = f"{MEDIA_TYPES[address.fmt]}; charset=utf-8"
        return Document(media_type, bodies, version, describing(address, feed.self_url, version, feed.ttl), state)

    def _collect(self, address: FeedAddress, connection: Connection) -> tuple[Feed, SiteState]:
        now = self._clock()
        revision = site.load(connection).revision  # first: what changes later is a change to the next request
        feed = self._collector.collect(connection, address, now)
        return feed, SiteState(revision, posts.next_publication(connection, now))

    def _known_version(self, address: FeedAddress, etag: str) -> Version | None:
        with self._database.read() as connection:
            known = store.newest(connection, address.key)
        return known if known is not None and known.etag == etag else None

    def _next_version(
        self, address: FeedAddress, etag: str, state: SiteState | None, patience: float | None
    ) -> Version | None:
        """The version of new bytes, shared by all processes; None when the `state` they were made of is a former one.

        Who rendered slowly must not bring old bytes as the newest version after a quicker one brought newer bytes.
        """

        def deed(connection: Connection) -> Version | None:
            now = self._clock()
            if state is not None and not state.is_current(site.locked_revision(connection), now):
                return None
            return store.next_version(connection, address.key, etag, now)

        return self._database.transact(deed, lock_timeout=patience)


def _coded(body: bytes) -> Bodies:
    return {
        "identity": body,
        "gzip": gzip.compress(body, compresslevel=6, mtime=0),  # no clock in the bytes
        "br": brotli.compress(body, quality=_BROTLI_QUALITY),
    }


def _size(bodies: Bodies) -> int:
    return sum(map(len, bodies.values()))
