"""The versions of documents, shared by all processes through the database."""

from dataclasses import dataclass

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.feeds import store
from feedserver.feeds.store import Version
from feedserver.storage import revision
from feedserver.storage.changes import SiteState
from feedserver.storage.engine import Database


@dataclass(frozen=True, slots=True)
class Versions:
    """Finds the version of rendered bytes, or makes it."""

    database: Database
    clock: Clock

    def of(self, key: str, etag: str, state: SiteState | None, lock_timeout: float | None) -> Version | None:
        """The version of the document `key` with this ETag.

        None if `state` is given and the site has changed since: a slow renderer must not publish old bytes as the
        newest version. `lock_timeout` is in seconds, None for the default.
        Raises SQLAlchemy's DBAPIError or TimeoutError.
        """
        # Read even if this process has the same bytes: others may have published different ones meanwhile.
        with self.database.read() as connection:
            newest = store.newest(connection, key)
        if newest is not None and newest.etag == etag:
            return newest

        def operation(connection: Connection) -> Version | None:
            now = self.clock()
            if state is not None and not state.is_current(revision.locked_revision(connection), now):
                return None
            return store.next_version(connection, key, etag, now)

        return self.database.transact(operation, lock_timeout=lock_timeout)
