"""What all deeds on the posts of a site share: documents read and rendered for it, changes counted and told.

Each deed is one transaction. It counts a site revision first, which is how feeds and pages learn of the change, and
notifies listeners inside (`events`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.media import store as media
from feedserver.media.model import Media
from feedserver.posts import conditions, events, preparing, scheduling, store
from feedserver.posts import document as documents
from feedserver.posts.events import Listener, PostEvent
from feedserver.posts.model import DraftText, Post
from feedserver.posts.preparing import NO_FILES, Files, RenderedDocument
from feedserver.settings import SiteSettings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.urls import Urls


@dataclass(frozen=True, slots=True)
class SitePosts:
    """The posts of one site. `revise` counts a revision of the site."""

    database: Database
    urls: Urls
    settings: SiteSettings
    clock: Clock
    listeners: tuple[Listener, ...]
    revise: Callable[[Connection], None] = revision.revise

    def read(self, content: bytes) -> DraftText:
        """Reads the document in `content`, with the site's time zone for dates without one."""
        return documents.read(content, self.settings.zone)

    def read_unnamed(self, content: bytes) -> DraftText:
        """The same for a document that may lack title and slug: an edit, or a new post with `free_slug`."""
        return documents.read_unnamed(content, self.settings.zone)

    def render(self, document: DraftText, files: Files = NO_FILES) -> RenderedDocument:
        """Renders a document, for `write`. Takes long: call it outside any transaction. Raises InvalidDocument."""
        return preparing.prepared(self.database, self.urls, self.settings.language, document, files)

    def files_of(self, slug: str) -> dict[str, Media]:
        """The pictures and files that a post names, by their references; none if there is no such post."""
        with self.database.read() as connection:
            post = store.by_slug(connection, slug)
            return {} if post is None else media.of_post(connection, post.id)

    def _change(self, slug: str, write: Callable[[Connection, Post], None], now: datetime) -> Post:
        """Has `write` change a post in a transaction of its own; returns the post as stored then."""

        def operation(connection: Connection) -> Post:
            self.revise(connection)
            post = conditions.undeleted_post(connection, slug)
            at = self._time(now)
            self._notify_if_due(connection, post, at)
            write(connection, post)
            return self._follow_up(connection, post, at)

        return self.database.transact(operation)

    def _time(self, now: datetime) -> datetime:
        """When a change is made: `now` may be from before the rendering, or from before a wait for another writer."""
        return max(now, self.clock())

    def _follow_up(self, connection: Connection, before: Post, now: datetime) -> Post:
        """Notifies listeners of a change; returns the post as stored now."""
        (post,) = store.in_order(connection, [before.id])
        self._notify(connection, [events.change(before, post, now)])
        return post

    def _notify_if_due(self, connection: Connection, post: Post, now: datetime) -> None:
        """Notifies listeners that a scheduled post has appeared, if it is due and its job is not done."""
        if post.visible(now) and scheduling.is_waiting(connection, post.id):
            self._notify(connection, [events.appearance(post, now)])

    def _notify(self, connection: Connection, told: Sequence[PostEvent]) -> None:
        for listener in self.listeners:
            listener(connection, told)
