"""Adds posts: one that an author has written, or many of an import in one transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from feedserver.media import store as media
from feedserver.posts import (
    conditions,
    events,
    ids,
    recording,
    revisions,
    site_language,
    slugs,
    spelling,
    states,
    store,
)
from feedserver.posts import document as documents
from feedserver.posts.amending import amended
from feedserver.posts.model import CLI, DraftText, Post, PostState, Writer
from feedserver.posts.preparing import NO_FILES, Files, RenderedDocument
from feedserver.posts.site_posts import SitePosts
from feedserver.tokens import hashed


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
class Adder(SitePosts):
    """Adds posts to one site. A method that raises a PostError changes nothing."""

    def add(
        self,
        document: DraftText,
        now: datetime,
        files: Files = NO_FILES,
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
            conditions.check_unsent(connection, form)
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

    def write(self, connection: Connection, new: Sequence[NewPost], now: datetime, writer: Writer = CLI) -> list[Post]:
        """Stores new posts in the caller's transaction, which has counted the revision (`revise`).

        Raises a PostError before anything is written.
        """
        now = now.replace(microsecond=0)
        new = [one if one.guid is None else replace(one, guid=ids.checked(one.guid)) for one in new]
        conditions.check_guids(connection, [one.guid for one in new if one.guid is not None])
        drafts = [documents.require_slug(one.made.document) for one in new]
        slugs.check_all_free(connection, [(draft.slug, draft.page) for draft in drafts])
        settled = spelling.settled(connection, drafts, self.settings.author)
        if any(draft.lang is None for draft in drafts):
            site_language.take_note_back(connection, self.settings.language)
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
        decided = states.of_new(new.made.document, now)
        return {
            **asdict(replace(decided, state=new.state or decided.state)),
            "guid": new.guid or uuid4().urn,
            "atom_id": new.atom_id or (ids.atom_id(new.guid, self.urls.host, now) if new.guid else None),
            "lang": new.made.lang,
            "created_at": now,
            "deleted_at": now if new.state == "deleted" else None,
        }
