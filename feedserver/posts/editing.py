"""Edits posts: other documents, other fields, earlier texts, other slugs. Each text is kept (`revisions`)."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from feedserver.errors import EditConflict, RevisionNotFound
from feedserver.media import store as media
from feedserver.posts import conditions, recording, revisions, site_language, slugs, spelling, states, store
from feedserver.posts import document as documents
from feedserver.posts.amending import Fields, amended
from feedserver.posts.model import CLI, DraftText, Post, Writer
from feedserver.posts.preparing import NO_FILES, Files, RenderedDocument
from feedserver.posts.site_posts import SitePosts
from feedserver.tokens import hashed

_TRIES: Final = 5  # of a change beside those of others


@dataclass(frozen=True, slots=True)
class Editor(SitePosts):
    """Edits the posts of one site. A method that raises a PostError changes nothing."""

    def edit(
        self,
        slug: str,
        document: DraftText,
        now: datetime,
        files: Files = NO_FILES,
        writer: Writer = CLI,
        *,
        expected: int | None = None,
        submission: str | None = None,
    ) -> Post:
        """Replaces the content of a post. Without a date it keeps the old one, and `updated` is now.

        The slug stays: `rename` changes it. `files` as for `add`; others that the post had beside it mean what they
        meant. A document that changes nothing is not stored. `expected` is the number of the revision that the writer
        knows: EditConflict is raised if the post has another one. `submission` is the secret of the form that has added
        the post, where that form saves this text too (`store.revision_of_submission`).
        """
        now = now.replace(microsecond=0)
        with self.database.read() as connection:
            present = conditions.undeleted_post(connection, slug)
            files_there = media.of_post(connection, present.id)
            if self._says_already(connection, present, document, now) and _are_there(files, files_there):
                return present
        conditions.check_expected(present, expected)
        made = self.render(document, {**files_there, **files})

        def write(connection: Connection, post: Post) -> None:
            if post.source != made.document.source:
                conditions.check_expected(post, expected)
                number = revisions.add(connection, post, made.document, writer, now)
                if submission is not None:
                    recording.note_submission(connection, hashed(submission), post.id, number)
            conditions.check_kind(post, made.document)
            self._replace(connection, post, made, now)

        return self._change(slug, write, now)

    def _says_already(self, connection: Connection, post: Post, document: DraftText, now: datetime) -> bool:
        """Whether a document would change nothing but, perhaps, the files that it names."""
        if (post.source, post.state) != (document.source, states.of_document(document, now)):
            return False
        (settled,) = spelling.settled(connection, [document], self.settings.author, post.id)
        said = (settled.tags, settled.authors, document.lang or self.settings.language)
        return (post.tags, post.authors, post.lang) == said

    def _replace(self, connection: Connection, post: Post, made: RenderedDocument, now: datetime) -> None:
        """Writes another content over that of a post."""
        was_seen = post.visible(self._time(now)) or store.was_seen(connection, post.id)
        decided = states.of_edited(made.document, post, now, was_seen=was_seen)
        (settled,) = spelling.settled(connection, [made.document], self.settings.author, post.id)
        content = recording.PostContent(settled, made.rendered, {**asdict(decided), "lang": made.lang})
        recording.change(connection, post.id, content)
        if made.document.lang is None:
            site_language.take_note_back(connection, self.settings.language)
        for file in made.files:
            media.enter(connection, file)
        media.write_of_post(connection, post.id, made.named)

    def amend(
        self,
        slug: str,
        fields: Fields,
        body: str | None,
        now: datetime,
        writer: Writer,
        *,
        files: Files = NO_FILES,
        expected: int | None = None,
        submission: str | None = None,
    ) -> Post:
        """Changes fields of a post, and its text unless `body` is None; all else in its document stays as it is.

        Fields are those of `amending.amended`. A change moves `updated`: one in the document that is past goes, unless
        it is among the fields. `expected` and `submission` as for `edit`; without `expected`, a change that somebody
        else makes meanwhile stays beside this one.
        """
        for _ in range(_TRIES):
            try:
                return self._amend(slug, fields, body, now, writer, files, expected, submission)
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
        submission: str | None,
    ) -> Post:
        with self.database.read() as connection:
            post = conditions.undeleted_post(connection, slug)
        document = self._read_amended(post, amended(post.source, _without_same_date(fields, post), body), fields, now)
        known = post.revision if expected is None else expected
        return self.edit(slug, document, now, files, writer, expected=known, submission=submission)

    def _read_amended(self, post: Post, source: str, fields: Fields, now: datetime) -> DraftText:
        """Reads a document that was made of an earlier one, without the `updated` of that one if it is past."""
        document = self.read_unnamed(source.encode())
        is_past = document.updated is not None and document.updated <= now
        if source == post.source or "updated" in fields or not is_past:
            return document
        return self.read_unnamed(amended(source, {"updated": None}).encode())

    def restore_revision(self, slug: str, number: int, now: datetime, writer: Writer) -> Post:
        """Saves an earlier text of a post with its fields, as a new revision; the post's slug and state stay.

        So does its date, where the earlier one would publish the post, or schedule it again.
        """
        with self.database.read() as connection:
            post = conditions.undeleted_post(connection, slug)
            revision = revisions.find(connection, post.id, number)
        if revision is None:
            raise RevisionNotFound(slug, number)
        source = amended(revision.source, {"draft": post.state == "draft"})
        date = self.read_unnamed(source.encode()).date or post.published_at
        if (date > now) != (post.published_at > now):
            source = amended(source, {"date": post.published_at})
        document = self._read_amended(post, source, {}, now)
        return self.edit(slug, document, now, writer=writer, expected=post.revision)

    def rename(self, slug: str, new: str) -> Post:
        """Changes the slug of a post; the old address redirects for ever."""
        new = documents.check_slug(new)

        def write(connection: Connection, post: Post) -> None:
            slugs.check_free(connection, new, post, page=post.page)
            recording.rename(connection, post.id, new)

        return self._change(slug, write, self.clock())


def _are_there(files: Files, there: Files) -> bool:
    """Whether a post names these files by the same references already."""
    return all(name in there and there[name].hash == file.hash for name, file in files.items())


def _without_same_date(fields: Fields, post: Post) -> Fields:
    """`fields` without the date that a post has already, which programs send back with the rest."""
    if fields.get("date") != post.published_at:
        return fields
    return {name: value for name, value in fields.items() if name != "date"}
