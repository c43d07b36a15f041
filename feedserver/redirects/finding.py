"""Where a request for an old address is sent: one look-up in an index, and only where nothing else answers.

For the home page only where a parameter of the request is one that old addresses have: `/?p=12`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import PostGone
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.redirects import store
from feedserver.redirects.model import keys_asked_for, names_in, old_of_request
from feedserver.redirects.store import Found
from feedserver.storage import revision
from feedserver.storage.changes import Changes
from feedserver.storage.engine import Database
from feedserver.urls import Urls

_MOST_DELETED: Final = 5  # deleted posts in a row, each with a redirect over it


@dataclass(frozen=True, slots=True)
class _Names:
    revision: int
    names: frozenset[str]


class RedirectFinder:
    """Finds redirects for one process. Thread-safe."""

    def __init__(self, database: Database, changes: Changes, urls: Urls, clock: Clock) -> None:
        self._database = database
        self._changes = changes
        self._urls = urls
        self._clock = clock
        self._names = _Names(-1, frozenset())

    def counts(self, names: Sequence[str]) -> bool:
        """Whether a parameter with one of these names may be part of an old address."""
        return not self._parameters().isdisjoint(names)

    def find(self, paths: Sequence[str], query: str) -> str | None:
        """The absolute URL to which an old address leads; None if there is no redirect, or its post is still unseen.

        `paths` are decoded spellings of its path, `query` is as it was sent. Raises PostGone if the post was deleted.
        """
        keys = keys_asked_for(list(dict.fromkeys(paths)), query, self._parameters() if query else frozenset())
        return self._database.read_public(lambda connection: self._target(connection, keys))

    def find_by_query(self, paths: Sequence[str], query: str) -> str | None:
        """The same for a path that answers, so that only its query can make it an old address."""
        plain = {old_of_request(path).key for path in paths}
        keys = keys_asked_for(list(dict.fromkeys(paths)), query, self._parameters())
        wanted = [key for key in keys if key not in plain]
        return self._database.read_public(lambda connection: self._target(connection, wanted)) if wanted else None

    def over_deleted(self, slug: str) -> str | None:
        """Where the redirect leads that lies over the address of a deleted post, or over one that it had."""

        def operation(connection: Connection) -> str | None:
            post = posts.by_slug(connection, slug)
            return self._over(connection, post, self._clock()) if post is not None else None

        return self._database.read_public(operation)

    def _target(self, connection: Connection, keys: Sequence[str]) -> str | None:
        found, now = store.find(connection, keys), self._clock()
        if found is None:
            return None
        if (target := self._of(connection, found, now)) is not None or found.post_id is None:
            return target
        post = posts.by_id(connection, found.post_id)
        if post is not None and (post.state == "deleted" or posts.was_seen(connection, post.id)):
            raise PostGone(post.slug)
        return None

    def _of(self, connection: Connection, found: Found, now: datetime) -> str | None:
        """Where a redirect leads that readers can follow."""
        for _ in range(_MOST_DELETED):
            if found.post_id is None:
                return found.new.text if found.new.key is None else self._urls.at(found.new.text)
            post = posts.by_id(connection, found.post_id)
            if post is None or post.visible(now):
                return self._urls.at(found.new.text) if post else None
            further = self._redirect_over(connection, post)
            if further is None:
                return None
            found = further
        return None

    def _over(self, connection: Connection, post: Post, now: datetime) -> str | None:
        found = self._redirect_over(connection, post)
        return self._of(connection, found, now) if found is not None else None

    def _redirect_over(self, connection: Connection, post: Post) -> Found | None:
        """The redirect that lies over an address of a post: its present one, or the one before."""
        slugs = [post.slug, *(slug for slug in posts.slugs_of(connection, post.id) if slug != post.slug)]
        paths = [f"/{slug}" if post.page else f"/posts/{slug}" for slug in slugs]
        return store.find(connection, [old_of_request(path).key for path in paths])

    def _parameters(self) -> frozenset[str]:
        """The names of all parameters of old addresses, read once for each revision of the site."""
        known, now = self._names, self._changes.recent_revision()
        if known.revision != now:
            known = self._names = self._database.read_public(_read_names)
        return known.names


def _read_names(connection: Connection) -> _Names:
    number = revision.load(connection).revision
    return _Names(number, frozenset(name for stored in store.names(connection) for name in names_in(stored)))
