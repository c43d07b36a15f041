"""Feeds as bytes: rendered and compressed once per change, kept in memory, versioned in the database.

A feed in memory is current while the site's revision stands and no scheduled post has come due; that is one look at
one row. When the database is locked or away, the last good bytes are served.
"""

import gzip
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import brotli
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.clock import Clock
from feedserver.errors import PostNotFound
from feedserver.feeds import deltas, store
from feedserver.feeds.address import FeedAddress
from feedserver.feeds.collecting import Collector
from feedserver.feeds.conditional import MAX_TAGS, tags
from feedserver.feeds.headers import Headers, describing
from feedserver.feeds.jsonfeed import json_feed
from feedserver.feeds.kept import Kept
from feedserver.feeds.model import MEDIA_TYPES, Feed
from feedserver.feeds.store import Version
from feedserver.feeds.syndication import atom, rss
from feedserver.posts import store as posts
from feedserver.storage import site
from feedserver.storage.changes import Changes
from feedserver.storage.engine import Database

_FORMATS = {"rss": rss, "atom": atom, "json": json_feed}
_KEPT: Final = 256  # feeds in memory in one process; the one asked for least lately goes first
_KEPT_DELTAS: Final = 256
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
    revision: int
    valid_until: datetime | None

    def is_current(self, revision: int, now: datetime) -> bool:
        return self.revision == revision and (self.valid_until is None or now < self.valid_until)


class Feeds:
    """The feeds of one site, in this process. Safe to share between threads."""

    def __init__(self, database: Database, changes: Changes, collector: Collector, clock: Clock) -> None:
        self._database = database
        self._changes = changes
        self._collector = collector
        self._clock = clock
        self._kept: Kept[FeedAddress, Document] = Kept(_KEPT)
        self._deltas: Kept[tuple[FeedAddress, int, frozenset[str]], Bodies] = Kept(_KEPT_DELTAS)

    def get(self, address: FeedAddress) -> Document:
        """The document at `address` as it is now.

        Raises PostNotFound for a tag or author with no visible post, a post that nobody can see, and a page or archive
        that is not there; ArchiveNotFull for the one to come; PostGone and PostMoved for a post that was deleted or
        renamed.
        """
        kept = self._kept.get(address)
        try:
            document = self._current(address, kept)
        except PostNotFound:
            self._kept.forget(address)
            raise
        except (DBAPIError, NoConnection) as error:
            if kept is None:
                raise
            _log.warning("the database is away (%s); %s is served as it was", type(error).__name__, address.key)
            return kept
        self._kept.keep(address, document)
        return document

    def at_hand(self, address: FeedAddress) -> Document | None:
        """The document at `address` if it is in memory and current, which costs no look into the site's tables."""
        kept = self._kept.get(address)
        if kept is None:
            return None
        try:
            return kept if kept.is_current(self._changes.revision(), self._clock()) else None
        except (DBAPIError, NoConnection):
            return None

    def describe(self, address: FeedAddress) -> Feed:
        """What stands in the document at `address`, for a person. Raises what `get` raises."""
        with self._database.read() as connection:
            return self._collector.collect(connection, address, self._clock())

    def delta(self, address: FeedAddress, document: Document, if_none_match: str) -> Bodies | None:
        """What is new in `document` since the version that a reader names, in each coding (RFC 3229).

        None where only the whole document will do: the version is not known, or something was taken away since.
        """
        known = frozenset(tags(if_none_match))
        if not known or len(known) > MAX_TAGS:
            return None
        question = (address, document.version.number, known)
        bodies = self._deltas.get(question)
        if bodies is None:
            try:
                bodies = self._delta(address, document, known)
            except (DBAPIError, NoConnection) as error:
                _log.warning("the database is away (%s); %s is served whole", type(error).__name__, address.key)
                return None
            self._deltas.keep(question, bodies)
        return bodies or None

    def _current(self, address: FeedAddress, kept: Document | None) -> Document:
        now = self._clock()
        if kept is not None:
            with self._database.read() as connection:
                if kept.is_current(site.load(connection).revision, now):
                    return kept
        return self._render(address, kept, now)

    def _render(self, address: FeedAddress, kept: Document | None, now: datetime) -> Document:
        with self._database.read_public() as connection:
            revision = site.load(connection).revision  # first: what changes later is a change to the next request
            feed = self._collector.collect(connection, address, now)
            valid_until = posts.next_publication(connection, now)
        body = _FORMATS[address.fmt](feed)
        etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
        bodies = kept.bodies if kept is not None and kept.version.etag == etag else _coded(body)
        # Asked for even so: another process may have seen these bytes change and change back.
        version = self._version(address, etag, body, now)
        media_type = f"{MEDIA_TYPES[address.fmt]}; charset=utf-8"
        headers = describing(address, feed.self_url, version, feed.ttl)
        return Document(media_type, bodies, version, headers, revision, valid_until)

    def _version(self, address: FeedAddress, etag: str, body: bytes, now: datetime) -> Version:
        """The version of these bytes, shared by all processes. A reader's request writes only when they are new."""
        with self._database.read() as connection:
            known = store.newest(connection, address.key)
        if known is not None and known.etag == etag:
            return known
        entries = deltas.digests(address.fmt, body) if address.part == "newest" else {}
        return self._database.transact(
            lambda connection: store.next_version(connection, address.key, etag, entries, now)
        )

    def _delta(self, address: FeedAddress, document: Document, known: frozenset[str]) -> Bodies:
        """The delta in each coding; nothing where there is none."""
        body = document.bodies["identity"]
        with self._database.read() as connection:
            before = store.entries_at(connection, address.key, known)
            if before is None:
                return {}
            missing = before.keys() - deltas.digests(address.fmt, body).keys()
            if not self._collector.still_there(connection, address, missing, self._clock()):
                return {}
        delta = deltas.since(address.fmt, body, before)
        return {} if delta is None else _coded(delta)


def _coded(body: bytes) -> Bodies:
    return {
        "identity": body,
        "gzip": gzip.compress(body, compresslevel=6, mtime=0),  # no clock in the bytes
        "br": brotli.compress(body, quality=_BROTLI_QUALITY),
    }
