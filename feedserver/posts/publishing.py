"""What an author does: publish, edit, rename, delete. Each deed is one transaction; nothing half-written stays.

Documents are read and rendered before the transaction opens, so that writers wait only for what must be together.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from feedserver.errors import PostNotFound, SlugTaken
from feedserver.jobs import store as jobs
from feedserver.posts import document as documents
from feedserver.posts import lists, related, store
from feedserver.posts.model import WEB_BEGAN, DraftText, Post, Rendered
from feedserver.posts.rendering import render
from feedserver.settings import SiteSettings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.urls import Urls

PUBLISH = "publish"  # the job that makes a scheduled post known when its time comes; its subject is the post's id


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes on one site. Every method raises the PostError family and then has changed nothing."""

    database: Database
    urls: Urls
    settings: SiteSettings

    def read(self, content: bytes) -> DraftText:
        """The document in `content`, with the site's zone for dates that name none."""
        return documents.read(content, ZoneInfo(self.settings.timezone))

    def add(self, document: DraftText, now: datetime) -> Post:
        """A new post: published, scheduled when its date is to come, or a draft."""
        now = now.replace(microsecond=0)
        rendered = render(document.body, self.urls.post(document.slug))
        published_at = document.date or now

        def deed(connection: Connection) -> Post:
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
            return self._settle(connection, post_id, document, rendered, now)

        return self._publicly(deed)

    def edit(self, slug: str, document: DraftText, now: datetime) -> Post:
        """New content for a post. Without a date it keeps its first one, and `updated` moves to now.

        The slug stays: changing an address is a deed of its own (`rename`).
        """
        now = now.replace(microsecond=0)
        with self.database.read() as connection:
            current = _living(connection, slug)
        rendered = render(document.body, self.urls.post(current.slug))

        def deed(connection: Connection) -> Post:
            post = _living(connection, current.slug)
            published_at = document.date or _first_date(post, now)
            seen_before = post.visible(now) and document.updated is None  # a reader must notice two edits a second
            least = max(published_at, post.updated_at + timedelta(seconds=1)) if seen_before else published_at
            moment = _updated_at(connection, document.updated or now, least, now, but_for=post.id)
            values = {
                "lang": document.lang or self.settings.language,
                "state": _state(document),
                "published_at": published_at,
                "updated_at": moment,
            }
            store.change(connection, post.id, document, rendered, values)
            return self._settle(connection, post.id, document, rendered, now)

        return self._publicly(deed)

    def rename(self, slug: str, new: str) -> Post:
        """Another address for a post; the old one leads to it for ever."""
        new = documents.check_slug(new)
        with self.database.read() as connection:
            body = documents.body_of(_living(connection, slug).source)
        rendered = render(body, self.urls.post(new))

        def deed(connection: Connection) -> Post:
            post = _living(connection, slug)
            if store.slug_owner(connection, new) not in (None, post.id):
                raise SlugTaken(new)
            store.rename(connection, post.id, new, rendered)
            return _reread(connection, post.id)

        return self._publicly(deed)

    def delete(self, slug: str) -> Post:
        """Takes a post away; its address answers “gone” for ever, its text stays in the database."""

        def deed(connection: Connection) -> Post:
            post = _living(connection, slug)
            store.mark_deleted(connection, post.id)
            related.update_terms(connection, post.id, frozenset())
            related.relate(connection, post.id)
            jobs.discard(connection, PUBLISH, str(post.id))
            lists.leave(connection, post.id)
            return _reread(connection, post.id)

        return self._publicly(deed)

    def make_known(self, connection: Connection, post_id: int, now: datetime) -> None:
        """A scheduled post's time has come: it takes its places in lists, and readers' copies are no longer current."""
        revision.revise(connection)
        post = store.by_id(connection, post_id)
        if post is not None:
            lists.enter(connection, post, now, self.settings.author)

    def _publicly(self, deed: Callable[[Connection], Post]) -> Post:
        """Carries out what readers can see, as one transaction that counts as a revision."""

        def revised(connection: Connection) -> Post:
            revision.revise(connection)
            return deed(connection)

        return self.database.transact(revised)

    def _settle(
        self, connection: Connection, post_id: int, document: DraftText, rendered: Rendered, now: datetime
    ) -> Post:
        """What follows from new content: related posts, lists, the duty to make a scheduled post known in time."""
        related.update_terms(connection, post_id, related.describe(document, rendered.html))
        related.relate(connection, post_id)
        post = _reread(connection, post_id)
        jobs.discard(connection, PUBLISH, str(post_id))
        if post.status(now) == "scheduled":
            jobs.ensure(connection, PUBLISH, str(post_id), post.published_at, now)
        lists.enter(connection, post, now, self.settings.author)
        return post


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


def _reread(connection: Connection, post_id: int) -> Post:
    post = store.by_id(connection, post_id)
    assert post is not None, "it was written in this transaction"
    return post
