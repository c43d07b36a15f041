"""Carries out what Micropub clients ask: posts are made, changed, deleted and brought back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from feedserver.accounts.model import AppToken
from feedserver.authoring.micropub.addresses import Addresses
from feedserver.authoring.micropub.finding import Finder, require_there
from feedserver.authoring.micropub.properties import content_of, properties_of
from feedserver.authoring.micropub.requests import Creation, InvalidRequest, Properties, Removal, Update
from feedserver.authoring.micropub.updating import updated
from feedserver.authoring.writing import NotPublic, amend, new_state, require_scope, spelled_slug
from feedserver.clock import Clock
from feedserver.errors import EditConflict, SaysNothing
from feedserver.posts import previews
from feedserver.posts.amending import Fields, composed
from feedserver.posts.model import DraftText, Post, Writer
from feedserver.posts.publishing import Publisher

_TRIES: Final = 5  # of an update beside the changes of others
_STATES: Final = ("post-status", "visibility")  # properties of a post that are no content


@dataclass(frozen=True, slots=True)
class Made:
    """A new post's address for its author: a draft's is a preview. `is_to_come`: readers see it later, by its date."""

    location: str
    is_to_come: bool = False


@dataclass(frozen=True, slots=True)
class Posting:
    """Writes posts for apps. What cannot be done raises an error, and changes nothing."""

    publisher: Publisher
    finder: Finder
    clock: Clock

    # --- new posts ---

    def draft_of(self, creation: Creation, app: AppToken) -> DraftText:
        """The document of a new post. Raises MissingScope, InvalidRequest, InvalidDocument."""
        require_scope(app, "create", "draft")
        _check_visibility(creation.properties)
        publisher, properties = self.publisher, _content(creation.properties)
        content = content_of(properties, publisher.settings.zone, Addresses(publisher.urls))
        is_draft = _status(creation.properties) == "draft" or "create" not in app.scopes
        slug = spelled_slug(next(iter(creation.commands.get("mp-slug", ())), ""))
        source = composed({**content.fields, "slug": slug, "draft": is_draft}, content.body)
        return publisher.read_unnamed(source.encode())

    def add(self, document: DraftText, app: AppToken) -> Made:
        """Stores a new post. A draft is at a preview, until it is public. Raises SaysNothing."""
        if document.says_nothing:
            raise SaysNothing
        post = self.publisher.add(document, self.clock(), writer=_writer(app), free_slug=True)
        if post.state != "draft":
            return Made(self.publisher.urls.post(post.slug), is_to_come=post.published_at > self.clock())
        database, now = self.publisher.database, self.clock()
        token = database.transact(lambda connection: previews.make(connection, post.id, now))
        return Made(self.publisher.urls.preview(token))

    # --- changes ---

    def update(self, update: Update, app: AppToken) -> str | None:
        """Changes a post; of others' changes meanwhile none is lost. Returns the address at which it is now public, if
        `update` named another one."""
        require_scope(app, "update")
        for _ in range(_TRIES):
            post = self.finder.find(update.url)
            require_there(post)
            try:
                changed = self._update(post, update, app)
            except EditConflict as conflict:
                last = conflict
                continue
            is_elsewhere = changed.visible(self.clock()) and self.publisher.urls.post_slug(update.url) is None
            return self.publisher.urls.post(changed.slug) if is_elsewhere else None
        raise last

    def _update(self, post: Post, update: Update, app: AppToken) -> Post:
        now = self.clock()
        document, addresses = self.finder.document(post)
        present = properties_of(document, addresses)
        wanted = updated(present, update)
        _check_visibility(wanted)
        before, after = (
            content_of(_content(properties), self.publisher.settings.zone, addresses, document.enclosures)
            for properties in (present, wanted)
        )
        fields: Fields = {name: value for name, value in after.fields.items() if value != before.fields[name]}
        is_draft = None if (status := _status(wanted)) is None else status == "draft"
        date = cast("datetime | None", fields.get("date"))
        fields = {**fields, **new_state(post, app, now, draft=is_draft, date=date)}
        body = after.body if after.body != before.body else None
        return amend(self.publisher, post, fields, body, now, _writer(app))

    def carry_out(self, removal: Removal, app: AppToken) -> None:
        """Puts a post into the bin, or takes it out; where it is already, nothing is done."""
        require_scope(app, removal.action)
        post = self.finder.find(removal.url)
        if removal.action == "delete" and post.state != "deleted":
            self.publisher.delete(post.slug)
        elif removal.action == "undelete" and post.state == "deleted":
            self.publisher.restore(post.slug)


def _content(properties: Properties) -> Properties:
    return {name: values for name, values in properties.items() if name not in _STATES}


def _check_visibility(properties: Properties) -> None:
    """Raises NotPublic for a post that is not to be seen by everybody."""
    if any(value != "public" for value in properties.get("visibility", ())):
        raise NotPublic


def _status(properties: Properties) -> str | None:
    """What is asked: published or draft; None if nothing is."""
    values = properties.get("post-status", ())
    if not values:
        return None
    if len(values) > 1 or values[0] not in ("published", "draft"):
        raise InvalidRequest("post-status must be published or draft")
    return str(values[0])


def _writer(app: AppToken) -> Writer:
    return Writer(app.account, "micropub")
