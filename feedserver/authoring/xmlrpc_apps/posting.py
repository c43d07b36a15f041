"""Carries out what apps ask of posts: they are added, changed and deleted, as the account whose token an app has."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from feedserver.accounts.model import AppToken
from feedserver.authoring import categories
from feedserver.authoring.writing import amend, new_state, require_scope, spelled_slug
from feedserver.authoring.xmlrpc_apps.changes import PostChanges
from feedserver.authoring.xmlrpc_apps.values import WrongArguments
from feedserver.errors import EditConflict, FeedserverError, PostNotFound, SaysNothing
from feedserver.posts import passing, slugs, store
from feedserver.posts.amending import Value, composed
from feedserver.posts.document import body_of
from feedserver.posts.model import Post, Writer, is_passing
from feedserver.posts.publishing import Publisher
from feedserver.text import caseless, one_line

_TRIES: Final = 5  # of a change beside those of others


class ChangedSince(FeedserverError):
    """A post was changed after the date that an app has named."""

    def __init__(self) -> None:
        super().__init__("There is a revision of this post that is more recent.")


@dataclass(frozen=True, slots=True)
class Posting:
    """Writes posts for apps. What cannot be done raises an error, and changes nothing."""

    publisher: Publisher

    def find(self, post_id: int | None) -> Post:
        """The post with this id. Raises PostNotFound for none, one that is deleted, and a page that is no post."""
        with self.publisher.database.read() as connection:
            post = None if post_id is None else store.by_id(connection, post_id)
        if post is None or post.page or post.state == "deleted":
            raise PostNotFound(str(post_id))
        return post

    def add(self, said: PostChanges, app: AppToken, now: datetime) -> Post:
        """A new post, a draft unless it is said to be public.

        Raises MissingScope, WrongArguments, SaysNothing, InvalidDocument.
        """
        is_draft = said.wish != "public"
        require_scope(app, *(("draft", "create") if is_draft else ("create",)))
        title = one_line(said.title or "")
        fields: dict[str, Value | None] = {
            "title": title,
            "slug": spelled_slug(said.slug or ""),
            "date": said.date,
            "tags": self._tags(said, ()),
            "summary": one_line(said.summary or ""),
            "draft": is_draft,
            "comments": said.comments_open is not False,
            "pings": said.pings_open is not False,
            "enclosures": [said.enclosure] if said.enclosure else None,
            "format": "html" if said.is_html else None,
        }
        if is_passing(title):
            fields |= passing.CLOSED
        document = self.publisher.read_unnamed(composed(fields, said.text_after("")).encode())
        if document.says_nothing:
            raise SaysNothing
        return self.publisher.add(document, now, writer=_writer(app), free_slug=True)

    def edit(
        self, post_id: int | None, said: PostChanges, app: AppToken, now: datetime, since: datetime | None = None
    ) -> Post:
        """Changes what is said, and nothing else; changes that others make meanwhile stay beside it.

        `since` is the last change that the app knows: ChangedSince is raised for a later one. Raises MissingScope,
        PostNotFound, Withheld, SaysNothing, InvalidDocument.
        """
        require_scope(app, "update")
        for _ in range(_TRIES):
            post = self.find(post_id)
            if since is not None and post.updated_at > since:
                raise ChangedSince
            try:
                return self._edit(post, said, app, now)
            except EditConflict as conflict:
                last = conflict
        raise last

    def delete(self, post_id: int | None, app: AppToken) -> None:
        """Puts a post into the bin. Raises MissingScope, PostNotFound."""
        require_scope(app, "delete")
        self.publisher.delete(self.find(post_id).slug)

    def _edit(self, post: Post, said: PostChanges, app: AppToken, now: datetime) -> Post:
        is_draft = None if said.wish is None else said.wish == "draft"
        fields = {**self._changed(post, said), **new_state(post, app, now, draft=is_draft, date=said.date)}
        present = body_of(post.source)
        text = None if (wanted := said.text_after(present)) == present else wanted
        changed = amend(self.publisher, post, fields, text, now, _writer(app))
        return self._renamed(changed, said.slug)

    def _changed(self, post: Post, said: PostChanges) -> dict[str, Value | None]:
        """The fields that are said to be other than they are: what an app sends back as it was is no change."""
        wanted: dict[str, tuple[Value | None, object]] = {}
        if said.title is not None:
            wanted["title"] = one_line(said.title), post.title
        if said.summary is not None:
            wanted["summary"] = one_line(said.summary), post.summary or ""
        if said.date is not None:
            wanted["date"] = said.date, post.published_at
        if said.comments_open is not None:
            wanted["comments"] = said.comments_open, post.comments_open
        if said.pings_open is not None:
            wanted["pings"] = said.pings_open, post.pings_open
        if said.enclosure is not None and said.enclosure not in post.enclosures:
            others = self.publisher.read_unnamed(post.source.encode()).enclosures[1:]  # which apps do not see
            wanted["enclosures"] = [said.enclosure, *others], None
        wanted["tags"] = self._tags(said, post.tags), list(post.tags)
        return {name: value for name, (value, present) in wanted.items() if value != present}

    def _tags(self, said: PostChanges, present: tuple[str, ...]) -> list[str]:
        """The tags after a change: categories in their place if any are said, else the present ones; then keywords.

        Raises WrongArguments for a number that no tag has.
        """
        with self.publisher.database.read() as connection:
            by_id = categories.names_of(connection, said.category_ids)
        if unknown := [one for one in said.category_ids if one not in by_id]:
            raise WrongArguments(f"There is no category with the ID {unknown[0]}.")
        chosen = present if said.categories is None else said.categories
        found: dict[str, str] = {}
        for name in (*chosen, *(by_id[one] for one in said.category_ids), *said.keywords):
            found.setdefault(caseless(name), name)
        return list(found.values())

    def _renamed(self, post: Post, wanted: str | None) -> Post:
        slug = spelled_slug(wanted or "")
        if slug is None or slug == post.slug:
            return post
        with self.publisher.database.read() as connection:
            free = slugs.nearest_free(connection, slug, post)
        return post if free == post.slug else self.publisher.rename(post.slug, free)


def _writer(app: AppToken) -> Writer:
    return Writer(app.account, "xmlrpc")
