"""Publishes, edits, renames, deletes, restores and erases posts, each in one transaction.

Texts are rendered before the transaction, as it makes other writers wait. Listeners are notified inside it (`events`).
The transaction counts a site revision, which is how feeds and pages learn of the change.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import GuidTaken, InvalidDocument, NotDeleted, PostErased, PostGone, PostNotFound
from feedserver.jobs import store as jobs
from feedserver.jobs.model import Job
from feedserver.media import store as media
from feedserver.media.model import Media
from feedserver.posts import document as documents
from feedserver.posts import embedding, erasing, events, ids, recording, scheduling, slugs, spelling, store
from feedserver.posts.events import Listener, PostEvent
from feedserver.posts.model import DraftText, Post, PostState, Rendered
from feedserver.posts.rendering import Showing, render, with_references
from feedserver.settings import SiteSettings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.urls import Urls

Files = Mapping[str, Media]  # those beside a document, by `media.references.name_beside`
_NONE: Final[Files] = {}


@dataclass(frozen=True, slots=True)
class RenderedDocument:
    """A document with its body as rendered, in `lang`: what a transaction can write at once.

    `files` are those beside it, as `media.adding.Library.keep` gave them; `named` are all pictures and files of the
    site that it names, by their references.
    """

    document: DraftText
    rendered: Rendered
    lang: str
    files: tuple[Media, ...] = ()
    named: Mapping[str, Media] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post to be stored. An imported one keeps its `guid`, any text, and the id that it has in Atom if it has one.

    `state` is what the document says, unless given: a deleted one was published.
    """

    made: RenderedDocument
    guid: str | None = None
    atom_id: str | None = None
    state: PostState | None = None


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes on one site. A method that raises a PostError changes nothing.

    `revise` counts a revision of the site.
    """

    database: Database
    urls: Urls
    settings: SiteSettings
    clock: Clock
    listeners: tuple[Listener, ...]
    revise: Callable[[Connection], None] = revision.revise

    def read(self, content: bytes) -> DraftText:
        """Reads the document in `content`, with the site's time zone for dates without one."""
        return documents.read(content, self.settings.zone)

    def add(self, document: DraftText, now: datetime, files: Files = _NONE) -> Post:
        """Stores a new post: published, scheduled if its date is later than now, or a draft.

        `files` are those beside the document that it names, by name, kept but perhaps not entered yet.
        """
        made = self.render(document, files)

        def operation(connection: Connection) -> Post:
            self.revise(connection)
            return self.write(connection, [NewPost(made)], now)[0]

        return self.database.transact(operation)

    def render(self, document: DraftText, files: Files = _NONE) -> RenderedDocument:
        """Renders a document, for `write`. Takes long: call it outside any transaction. Raises InvalidDocument."""
        lang = document.lang or self.settings.language
        found = embedding.meanings(self.database, self.urls, files)
        showing = Showing(found, embedding.root(page=document.page))
        rendered = render(document.body, lang, document.format, showing)
        document = embedding.with_true_enclosures(document, found)
        rendered = with_references(rendered, document.references)
        return RenderedDocument(document, rendered, lang, tuple(files.values()), found.named)

    def write(self, connection: Connection, new: Sequence[NewPost], now: datetime) -> list[Post]:
        """Stores new posts in the caller's transaction, which has counted the revision (`revise`).

        Raises a PostError before anything is written.
        """
        now = now.replace(microsecond=0)
        new = [one if one.guid is None else replace(one, guid=ids.checked(one.guid)) for one in new]
        _check_guids(connection, [one.guid for one in new if one.guid is not None])
        drafts = [one.made.document for one in new]
        slugs.check_all_free(connection, [(draft.slug, draft.page) for draft in drafts])
        settled = spelling.settled(connection, drafts, self.settings.author)
        post_ids = recording.add(
            connection,
            [
                recording.PostContent(document, one.made.rendered, self._values(one, now))
                for one, document in zip(new, settled, strict=True)
            ],
        )
        for one in new:
            for file in one.made.files:
                media.enter(connection, file)
        media.add_of_posts(connection, {post_id: one.made.named for post_id, one in zip(post_ids, new, strict=True)})
        written = store.in_order(connection, post_ids)
        at = self._time(now)
        self._notify(connection, [events.change(None, post, at) for post in written])
        return written

    def _values(self, new: NewPost, now: datetime) -> dict[str, Any]:
        document = new.made.document
        published_at = document.date or now
        return {
            "guid": new.guid or uuid4().urn,
            "atom_id": new.atom_id or (ids.atom_id(new.guid, self.urls.host, now) if new.guid else None),
            "lang": new.made.lang,
            "state": new.state or _state(document, now),
            "published_at": published_at,
            "updated_at": _updated_at(document.updated or published_at, published_at, now),
            "created_at": now,
        }

    def edit(self, slug: str, document: DraftText, now: datetime, files: Files = _NONE) -> Post:
        """Replaces the content of a post. Without a date it keeps the old one, and `updated` is now.

        The slug stays: `rename` changes it. `files` as for `add`; others that the post had beside it mean what they
        meant.
        """
        now = now.replace(microsecond=0)
        made = self.render(document, {**self.files_of(slug), **files})
        document = made.document  # with its enclosures as they are stored

        def write(connection: Connection, post: Post) -> None:
            _check_kind(post, document)
            published_at = document.date or _first_date(post, now)
            # Readers must notice two edits in a second.
            seen_before = post.visible(self._time(now)) and document.updated is None
            least = max(published_at, post.updated_at + timedelta(seconds=1)) if seen_before else published_at
            values = {
                "lang": made.lang,
                "state": _state(document, now),
                "published_at": published_at,
                "updated_at": _updated_at(document.updated or now, least, now),
            }
            (settled,) = spelling.settled(connection, [document], self.settings.author, post.id)
            recording.change(connection, post.id, recording.PostContent(settled, made.rendered, values))
            for file in made.files:
                media.enter(connection, file)
            media.write_of_post(connection, post.id, made.named)

        return self._change(slug, write, now)

    def files_of(self, slug: str) -> dict[str, Media]:
        """The pictures and files that a post names, by their references; none if there is no such post."""
        with self.database.read() as connection:
            post = store.by_slug(connection, slug)
            return {} if post is None else media.of_post(connection, post.id)

    def rename(self, slug: str, new: str) -> Post:
        """Changes the slug of a post; the old address redirects for ever."""
        new = documents.check_slug(new)

        def write(connection: Connection, post: Post) -> None:
            slugs.check_free(connection, new, post, page=post.page)
            recording.rename(connection, post.id, new)

        return self._change(slug, write, self.clock())

    def delete(self, slug: str) -> Post:
        """Deletes a post: its address answers 410, its text stays in the database."""

        def operation(connection: Connection) -> Post:
            self.revise(connection)
            now = self.clock()
            post = _undeleted(connection, slug)
            self._notify_if_due(connection, post, now)
            recording.mark_deleted(connection, post)
            return self._follow_up(connection, post, now)

        return self.database.transact(operation)

    def restore(self, slug: str) -> Post:
        """Brings a deleted post back as it was: its state, id, addresses, positions in archives, and thoughts."""

        def operation(connection: Connection) -> Post:
            self.revise(connection)
            post = _deleted(connection, slug, "restored")
            if post.is_erased:
                raise PostErased(slug)
            state = store.state_to_restore(connection, post.id) or self._state_of_document(post)
            recording.mark_restored(connection, post.id, state)
            return self._follow_up(connection, post, self.clock())

        return self.database.transact(operation)

    def erase(self, slug: str) -> Post:
        """Erases the texts and names of a deleted post, for good; its addresses answer 410 for ever.

        Its thoughts are a matter of `thoughts.moderation.erase`.
        """

        def operation(connection: Connection) -> Post:
            self.revise(connection)
            post = _deleted(connection, slug, "erased")
            erasing.erase(connection, post.id)
            return post

        return self.database.transact(operation)

    def _state_of_document(self, post: Post) -> PostState:
        """The state of a post that an older program has deleted: its document says it."""
        try:
            return _state(self.read(post.source.encode()), post.updated_at)
        except InvalidDocument:  # by today's rules
            return "draft"

    def notify_due(self, job: Job) -> None:
        """Runs the job of a scheduled post: notifies listeners, unless another change has done so."""

        def operation(connection: Connection) -> None:
            self.revise(connection)
            post = store.by_id(connection, int(job.subject))
            if post is not None:
                self._notify_if_due(connection, post, self.clock())
            if post is None or post.visible(self.clock()):  # else the clock was set back: the job comes again
                jobs.finish(connection, job)

        self.database.transact(operation)

    def _change(self, slug: str, write: Callable[[Connection, Post], None], now: datetime) -> Post:
        def operation(connection: Connection) -> Post:
            self.revise(connection)
            post = _undeleted(connection, slug)
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


def _state(document: DraftText, now: datetime) -> PostState:
    over = document.until is not None and document.until <= now
    return "draft" if document.draft or over else "published"


def _check_guids(connection: Connection, guids: Sequence[str]) -> None:
    """Raises GuidTaken for an id that another post has, or two of these."""
    taken = set(store.guid_owners(connection, guids))
    for guid in guids:
        if guid in taken:
            raise GuidTaken(guid)
        taken.add(guid)


def _first_date(post: Post, now: datetime) -> datetime:
    """The date of a post whose new document has none: a draft is dated when it is published."""
    return now if post.state == "draft" else post.published_at


def _updated_at(wanted: datetime, least: datetime, now: datetime) -> datetime:
    """`wanted`, but at least `least`, and at most `now` unless `least` is later."""
    return max(least, min(wanted, now))


def _undeleted(connection: Connection, slug: str) -> Post:
    post = store.by_slug(connection, slug)
    if post is None:
        raise PostNotFound(slug)
    if post.state == "deleted":
        raise PostErased(slug) if post.is_erased else PostGone(slug)
    return post


def _deleted(connection: Connection, slug: str, deed: str) -> Post:
    post = store.by_slug(connection, slug)
    if post is None:
        raise PostNotFound(slug)
    if post.state != "deleted":
        raise NotDeleted(slug, deed)
    return post


def check_edit(connection: Connection, slug: str, document: DraftText) -> None:
    """Raises a PostError if there is no post to edit, or the document is not for one of its kind."""
    _check_kind(_undeleted(connection, slug), document)


def _check_kind(post: Post, document: DraftText) -> None:
    """Raises InvalidDocument if a document would make a page of a post, or a post of a page."""
    if post.page and not document.page:
        raise InvalidDocument(
            "page", "this is a page, and no edit makes a post of it; leave “page: true” in, or add a post"
        )
    if document.page and not post.page:
        raise InvalidDocument("page", "this is a post, and no edit makes a page of it; leave “page” out, or add a page")
