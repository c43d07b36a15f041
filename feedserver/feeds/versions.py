"""The versions of documents, shared by all processes through the database."""

from typing import Final

from feedserver.clock import Clock
from feedserver.condition import Condition
from feedserver.feeds import store
from feedserver.feeds.outage import Outage
from feedserver.feeds.store import Version
from feedserver.storage.engine import Database
from feedserver.storage.explaining import DATABASE_ERRORS, explain, kind_of

_LOCK_TIMEOUT: Final = 0.8  # seconds: a change is served within one


class Versions:
    """Finds the version of rendered bytes, or makes it. Safe to share between threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._outage = Outage()
        self._condition = Condition("the storing of versions of feeds")

    @property
    def can_be_made(self) -> bool:
        """Whether the database has taken the last version, or failed to do so over a second ago."""
        return not self._outage.is_recent

    def newest(self, key: str) -> Version | None:
        """The newest version of the document `key`. Raises SQLAlchemy's DBAPIError or TimeoutError."""
        with self._database.read() as connection:
            return store.newest(connection, key)

    def find(self, key: str, etag: str, newest: Version | None, *, can_be_made: bool) -> Version | None:
        """The version of bytes with this ETag, which were collected after `newest` had been read.

        None if it is not `newest` and may not be made, if another one has been stored since, or if the database takes
        none: it is locked, full, read-only or away.
        """
        if newest is not None and newest.etag == etag:
            return newest
        return self._made(key, etag, newest) if can_be_made else None

    def _made(self, key: str, etag: str, after: Version | None) -> Version | None:
        try:
            version = self._database.transact(
                lambda connection: store.next_version(connection, key, etag, self._clock(), after=after),
                lock_timeout=_LOCK_TIMEOUT,
            )
        except DATABASE_ERRORS as error:
            self._outage.begin()
            self._condition.fails(kind_of(error), f"feeds are served without Last-Modified: {explain(error)}")
            return None
        self._outage.end()
        self._condition.works()
        return version
