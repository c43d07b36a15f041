"""Publishes, edits, renames, deletes, restores and erases posts, each in one transaction. Each text is kept.

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
from feedserver.errors import (
    AlreadyAdded,
    EditConflict,
    GuidTaken,
    InvalidDocument,
    NotDeleted,
    PostErased,
    PostGone,
    PostNotFound,
    RevisionNotFound,
)
from feedserver.jobs import store as jobs
from feedserver.jobs.model import Job
from feedserver.media import store as media
from feedserver.media.model import Media
from feedserver.posts import bin as post_bin
from feedserver.posts import document as documents
from feedserver.posts import embedding, erasing, events, ids, recording, revisions, scheduling, slugs, spelling, store
from feedserver.posts.amending import Fields, amended
from feedserver.posts.events import Listener, PostEvent
from feedserver.posts.model import CLI, DraftText, Post, PostState, Rendered, Writer
from feedserver.posts.rendering import Showing, render, with_references
from feedserver.settings import SiteSettings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.tokens import hashed
from feedserver.urls import Urls

Files = Mapping[str, Media]  # those beside a document, by `media.references.name_beside`
_NONE: Final[Files] = {}
_TRIES: Final = 5  # of a change beside those of others


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

    `state` is what the document says, unless given: a deleted one was published. `submission` is the hash of the form
    that it was sent with.
    """

    made: RenderedDocument
    guid: str | None = None
    atom_id: str | None = None
    state: PostState | None = None
    submission: str | None = None


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

    def read_unnamed(self, content: bytes) -> DraftText:
        """The same for a document that may lack title and slug: an edit, or a new post with `free_slug`."""
        return documents.read_unnamed(content, self.settings.zone)

    def add(
        self,
        document: DraftText,
        now: datetime,
        files: Files = _NONE,
        writer: Writer = CLI,
        *,
        free_slug: bool = False,
        submission: str | None = None,
    ) -> Post:
        """Stores a new post: published, scheduled if its date is later than now, or a draft.

        `files` are those beside the document that it names, by name, kept but perhaps not entered yet. `free_slug`: a
        slug that is taken becomes the next free one, in the document too, and one that is missing is made.
        `submission` is the secret of a form: AlreadyAdded is raised if it has added a post before.
        """
        made = self.render(document, files)
        form = None if submission is None else hashed(submission)

        def operation(connection: Connection) -> Post:
            self.revise(connection)
            _check_unsent(connection, form)
            named = self._with_free_slug(connection, made, now) if free_slug else made
            return self.write(connection, [NewPost(named, submission=form)], now, writer)[0]

        return self.database.transact(operation)

    def _with_free_slug(self, connection: Connection, made: RenderedDocument, now: datetime) -> RenderedDocument:
        document = made.document
        words = made.rendered.excerpt if document.body.strip() else ""
        at = (document.date or now).astimezone(self.settings.zone)
        slug = slugs.next_free(connection, document.slug or slugs.of_untitled(words, at), page=document.page)
        if slug == document.slug:
            return made
        source = documents.within_size(amended(document.source, {"slug": slug}))
        return replace(made, document=replace(document, slug=slug, slug_is_given=True, source=source))

    def render(self, document: DraftText, files: Files = _NONE) -> RenderedDocument:
        """Renders a document, for `write`. Takes long: call it outside any transaction. Raises InvalidDocument."""
        lang = document.lang or self.settings.language
        found = embedding.meanings(self.database, self.urls, files)
        showing = Showing(found, embedding.root(page=document.page))
        rendered = render(document.body, lang, document.format, showing, document.photos)
        document = embedding.with_true_enclosures(document, found)
        rendered = with_references(rendered, document.references)
        return RenderedDocument(document, rendered, lang, tuple(files.values()), found.named)

    def write(self, connection: Connection, new: Sequence[NewPost], now: datetime, writer: Writer = CLI) -> list[Post]:
        """Stores new posts in the caller's transaction, which has counted the revision (`revise`).

        Raises a PostError before anything is written.
        """
        now = now.replace(microsecond=0)
        new = [one if one.guid is None else replace(one, guid=ids.checked(one.guid)) for one in new]
        _check_guids(connection, [one.guid for one in new if one.guid is not None])
        drafts = [documents.require_slug(one.made.document) for one in new]
        slugs.check_all_free(connection, [(draft.slug, draft.page) for draft in drafts])
        settled = spelling.settled(connection, drafts, self.settings.author)
        post_ids = recording.add(
            connection,
            [
                recording.PostContent(document, one.made.rendered, self._values(one, now))
                for one, document in zip(new, settled, strict=True)
            ],
        )
        revisions.add_first(connection, post_ids, drafts, writer, now)
        for post_id, one in zip(post_ids, new, strict=True):
            if one.submission is not None:
                recording.add_submission(connection, one.submission, post_id)
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
            "deleted_at": now if new.state == "deleted" else None,
        }

    def edit(
        self,
        slug: str,
        document: DraftText,
        now: datetime,
        files: Files = _NONE,
        writer: Writer = CLI,
        *,
        expected: int | None = None,
    ) -> Post:
        """Replaces the content of a post. Without a date it keeps the old one, and `updated` is now.

        The slug stays: `rename` changes it. `files` as for `add`; others that the post had beside it mean what they
        meant. A document that changes nothing is not stored. `expected` is the number of the revision that the writer
        knows: EditConflict is raised if the post has another one.
        """
        now = now.replace(microsecond=0)
        with self.database.read() as connection:
            present = _undeleted(connection, slug)
            files_there = media.of_post(connection, present.id)
            if self._says_already(connection, present, document, now) and _are_there(files, files_there):
                return present
        _check_expected(present, expected)
        made = self.render(document, {**files_there, **files})
        document = made.document  # with its enclosures as they are stored

        def write(connection: Connection, post: Post) -> None:
            if post.source != document.source:
                _check_expected(post, expected)
                revisions.add(connection, post, document, writer, now)
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

    def _says_already(self, connection: Connection, post: Post, document: DraftText, now: datetime) -> bool:
        """Whether a document would change nothing but, perhaps, the files that it names."""
        if (post.source, post.state) != (document.source, _state(document, now)):
            return False
        (settled,) = spelling.settled(connection, [document], self.settings.author, post.id)
        said = (settled.tags, settled.authors, document.lang or self.settings.language)
        return (post.tags, post.authors, post.lang) == said

    def amend(
        self,
        slug: str,
        fields: Fields,
        body: str | None,
        now: datetime,
        writer: Writer,
        *,
        files: Files = _NONE,
        expected: int | None = None,
    ) -> Post:
        """Changes fields of a post, and its text unless `body` is None; all else in its document stays as it is.

        Fields are those of `amending.amended`. `expected` as for `edit`; without it, a change that somebody else makes
        meanwhile stays beside this one.
        """
        for _ in range(_TRIES):
            try:
                return self._amend(slug, fields, body, now, writer, files, expected)
            except EditConflict as conflict:
                if expected is not None:
                    raise
                last = conflict
        raise last

    def _amend(
        self,
        slug: str,
        fields: Fields,
        body: str | None,
        now: datetime,
        writer: Writer,
        files: Files,
        expected: int | None,
    ) -> Post:
        with self.database.read() as connection:
            post = _undeleted(connection, slug)
        source = amended(post.source, _without_same_date(fields, post), body)
        document = self.read_unnamed(source.encode())
        known = post.revision if expected is None else expected
        return self.edit(slug, document, now, files, writer, expected=known)

    def restore_revision(self, slug: str, number: int, now: datetime, writer: Writer) -> Post:
        """Saves an earlier text of a post with its fields, as a new revision; the post's slug and state stay.

        So does its date, where the earlier one would publish the post, or schedule it again.
        """
        with self.database.read() as connection:
            post = _undeleted(connection, slug)
            revision = revisions.find(connection, post.id, number)
        if revision is None:
            raise RevisionNotFound(slug, number)
        source = amended(revision.source, {"draft": post.state == "draft"})
        date = self.read_unnamed(source.encode()).date or post.published_at
        if (date > now) != (post.published_at > now):
            source = amended(source, {"date": post.published_at})
        return self.edit(slug, self.read_unnamed(source.encode()), now, writer=writer, expected=post.revision)

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
            recording.mark_deleted(connection, post, now.replace(microsecond=0))
            return self._follow_up(connection, post, now)

        return self.database.transact(operation)

    def restore(self, slug: str) -> Post:
        """Brings a deleted post back as it was: its state, id, addresses, positions in archives, and thoughts.

        Raises PostErased when its time in the bin is over, though no job has erased it yet.
        """

        def operation(connection: Connection) -> Post:
            self.revise(connection)
            post = _deleted(connection, slug, "restored")
            if post.is_erased or post_bin.is_over(post, self.clock()):
                raise PostErased(slug)
            state = store.state_to_restore(connection, post.id) or self._state_of_document(post)
            recording.mark_restored(connection, post.id, state)
            return self._follow_up(connection, post, self.clock())

        return self.database.transact(operation)

    def deleted(self, slug: str) -> Post:
        """A post that can be erased. Raises PostNotFound, or NotDeleted."""
        with self.database.read() as connection:
            return _deleted(connection, slug, "erased")

    def erase(self, slug: str) -> Post:
        """Erases the texts and names of a deleted post, for good; its addresses answer 410 for ever.

        `post_bin` erases its thoughts too.
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
            return _state(self.read_unnamed(post.source.encode()), post.updated_at)
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


def _check_unsent(connection: Connection, submission: str | None) -> None:
    """Raises AlreadyAdded if the form with this hash has added a post."""
    if submission is not None and (post := store.by_submission(connection, submission)):
        raise AlreadyAdded(post.slug)


def _check_expected(post: Post, expected: int | None) -> None:
    if expected is not None and expected != post.revision:
        raise EditConflict(post.slug, post.revision)


def _are_there(files: Files, there: Files) -> bool:
    """Whether a post names these files by the same references already."""
    return all(name in there and there[name].hash == file.hash for name, file in files.items())


def _without_same_date(fields: Fields, post: Post) -> Fields:
    """`fields` without the date that a post has already, which programs send back with the rest."""
    if fields.get("date") != post.published_at:
        return fields
    return {name: value for name, value in fields.items() if name != "date"}


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
