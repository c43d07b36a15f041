"""What an author does: publish, edit, rename, delete. Each is one transaction, and leaves nothing half-written.

Texts are rendered before the transaction opens, since it keeps other writers waiting. Who follows the changes is
told inside it (`events`).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import PostNotFound, SlugTaken
from feedserver.jobs import store as jobs
from feedserver.jobs.model import Job
from feedserver.posts import document as documents
from feedserver.posts import events, store
from feedserver.posts.events import Listener, PostEvent
from feedserver.posts.model import WEB_BEGAN, DraftText, Post, Rendered
from feedserver.posts.rendering import render
from feedserver.settings import SiteSettings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.urls import Urls

PUBLISH = "publish"  # the job that tells of a scheduled post when its time comes; its subject is the post's id
_TRIES = 3  # renderings that another change of the post may overtake

Texts = tuple[str, str]  # what HTML is rendered from: a body of Markdown, and the permalink that it is shown at


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes on one site. Every method that raises a PostError has changed nothing."""

    database: Database
    urls: Urls
    settings: SiteSettings
    clock: Clock
    listeners: tuple[Listener, ...]

    def read(self, content: bytes) -> DraftText:
        """The document in `content`, with the site's zone for dates that name none."""
        return documents.read(content, ZoneInfo(self.settings.timezone))

    def add(self, document: DraftText, now: datetime) -> Post:
        """A new post: published, scheduled when its date is to come, or a draft."""
        now = now.replace(microsecond=0)
        rendered = render(document.body, self.urls.post(document.slug))
        published_at = document.date or now

        def operation(connection: Connection) -> Post:
            revision.revise(connection)
            if store.slug_owner(connection, document.slug) is not None:
                raise SlugTaken(document.slug)
            post_id = store.add(
                connection,
                document,
                rendered,
                guid=uuid4().urn,
                lang=document.lang or self.settings.language,
                state=_state(document),
                published_at=published_at,
                updated_at=_updated_at(connection, document.updated or published_at, published_at, now),
                created_at=now,
            )
            return self._settle(connection, None, post_id, self._time(now))

        return self.database.transact(operation)

    def edit(self, slug: str, document: DraftText, now: datetime) -> Post:
        """New content for a post. Without a date it keeps its first one, and `updated` moves to now.

        The slug stays: `rename` changes it.
        """
        now = now.replace(microsecond=0)

        def write(connection: Connection, post: Post, rendered: Rendered) -> None:
            published_at = document.date or _first_date(post, now)
            seen_before = (
                post.visible(self._time(now)) and document.updated is None
            )  # a reader must notice two edits a second
            least = max(published_at, post.updated_at + timedelta(seconds=1)) if seen_before else published_at
            values = {
                "lang": document.lang or self.settings.language,
                "state": _state(document),
                "published_at": published_at,
                "updated_at": _updated_at(connection, document.updated or now, least, now, but_for=post.id),
            }
            store.change(connection, post.id, document, rendered, values)

        return self._rewrite(slug, lambda post: (document.body, self.urls.post(post.slug)), write, now)

    def rename(self, slug: str, new: str) -> Post:
        """Another address for a post; the old one redirects to it for ever."""
        new = documents.check_slug(new)

        def write(connection: Connection, post: Post, rendered: Rendered) -> None:
            if store.slug_owner(connection, new) not in (None, post.id):
                raise SlugTaken(new)
            store.rename(connection, post.id, new, rendered)

        def texts(post: Post) -> Texts:
            return documents.body_of(post.source), self.urls.post(new)

        return self._rewrite(slug, texts, write, self.clock())

    def delete(self, slug: str) -> Post:
        """Deletes a post: its address answers “gone” for ever, its text stays in the database."""

        def operation(connection: Connection) -> Post:
            revision.revise(connection)
            now = self.clock()
            post = _living(connection, slug)
            self._tell_if_due(connection, post, now)
            store.mark_deleted(connection, post.id)
            return self._settle(connection, post, post.id, now)

        return self.database.transact(operation)

    def tell_due(self, job: Job) -> None:
        """Carries out the job of a scheduled post: tells that it has appeared, unless another change has told so."""

        def operation(connection: Connection) -> None:
            revision.revise(connection)
            post = store.by_id(connection, int(job.subject))
            if post is not None:
                self._tell_if_due(connection, post, self.clock())
            if post is None or post.visible(self.clock()):  # else the clock was set back: the job comes again
                jobs.finish(connection, job)

        self.database.transact(operation)

    def _rewrite(
        self,
        slug: str,
        texts: Callable[[Post], Texts],
        write: Callable[[Connection, Post, Rendered], None],
        now: datetime,
    ) -> Post:
        """Writes a post with HTML rendered from `texts`; rendered again where those have changed before the write.

        The last rendering is made inside the transaction, where nothing can change them.
        """

        def operation(rendered_from: Texts | None, rendered: Rendered | None, connection: Connection) -> Post | None:
            revision.revise(connection)
            post = _living(connection, slug)
            if rendered is None:
                rendered = render(*texts(post))
            elif texts(post) != rendered_from:
                return None
            at = self._time(now)
            self._tell_if_due(connection, post, at)
            write(connection, post, rendered)
            return self._settle(connection, post, post.id, at)

        for _ in range(_TRIES):
            with self.database.read() as connection:
                rendered_from = texts(_living(connection, slug))
            post = self.database.transact(partial(operation, rendered_from, render(*rendered_from)))
            if post is not None:
                return post
        post = self.database.transact(partial(operation, None, None))
        assert post is not None, "it was rendered from what is there"
        return post

    def _time(self, now: datetime) -> datetime:
        """When a change is made: `now` may be from before the rendering, or from before a wait for another writer."""
        return max(now, self.clock())

    def _settle(self, connection: Connection, before: Post | None, post_id: int, now: datetime) -> Post:
        """What follows from a change: the job that tells of a scheduled post in time, and the event."""
        post = store.by_id(connection, post_id)
        assert post is not None, "it was written in this transaction"
        jobs.discard(connection, PUBLISH, str(post_id))
        if post.status(now) == "scheduled":
            jobs.ensure(connection, PUBLISH, str(post_id), post.published_at, now)
        self._tell(connection, events.change(before, post, now))
        return post

    def _tell_if_due(self, connection: Connection, post: Post, now: datetime) -> None:
        """Tells that a scheduled post has appeared, if it is due and its job is still there: nothing has told so."""
        if post.visible(now) and jobs.find(connection, PUBLISH, str(post.id)) is not None:
            jobs.discard(connection, PUBLISH, str(post.id))
            self._tell(connection, events.appearance(post, now))

    def _tell(self, connection: Connection, event: PostEvent) -> None:
        for listener in self.listeners:
            listener(connection, event)


def _state(document: DraftText) -> str:
    return "draft" if document.draft else "published"


def _first_date(post: Post, now: datetime) -> datetime:
    """The date of a post whose new document names none. Nobody has seen a draft's, so it is dated when it appears."""
    return now if post.state == "draft" else post.published_at


def _updated_at(
    connection: Connection, wanted: datetime, least: datetime, now: datetime, but_for: int | None = None
) -> datetime:
    """A moment that no other post has: not before `least`, nor in the future beyond it.

    Of a post from before there was a web, it is the present one, when the post was put there. Ties move on by
    milliseconds, drawn from a span that widens until a free one is found, so that an import of thousands of posts of
    one date costs a few look-ups each.
    """
    moment = max(least, min(wanted, now))
    moment = first = moment if moment >= WEB_BEGAN else now
    span = 1.0
    while store.updated_at_taken(connection, moment, but_for):
        moment = first + timedelta(milliseconds=random.randint(1, int(span * 1000)))  # noqa: S311 - no secret
        span *= 2
    return moment


def _living(connection: Connection, slug: str) -> Post:
    post = store.by_slug(connection, slug)
    if post is None or post.state == "deleted":
        raise PostNotFound(slug)
    return post
