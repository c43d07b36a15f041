"""The editor: new posts, and edits of those that are there. Whatever is refused comes back with all that was typed."""

from dataclasses import replace
from typing import Any, Final

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from feedserver.desk import carrying, frame, post_form, saving
from feedserver.desk.editor_form import (
    Sent,
    changed_by,
    on_present_slug,
    read,
    require_slug_as_shown,
    sent_now,
    shown,
    with_files,
)
from feedserver.desk.editor_pages import NEW_FORMAT, edit_page, filled_page, new_page, post_of, refused, status_of
from feedserver.desk.editor_preview import shown_unsaved
from feedserver.errors import AlreadyAdded, MediaError, MediaStoreError, PostError, PostGone
from feedserver.posts import store
from feedserver.posts.document import format_of
from feedserver.posts.model import Post
from feedserver.services import services
from feedserver.tokens import hashed, new_secret
from feedserver.urls import segment

_LONGEST_SECRET: Final = 64  # characters
_DONE: Final = {"draft": "saved", "update": "updated", "withdraw": "withdrawn"}
_SAVED: Final = ("published", "renamed", "scheduled", *_DONE.values())  # what pages tell that come after a form


@frame.blueprint.get("/posts/new")
def new_post() -> Response | BaseResponse:
    """The form of a new post. Its secret is in the address to which browsers are led: whoever goes back after saving
    comes to the post that it has added, as does whoever opens that address anew: an empty form would overwrite it."""
    secret = request.args.get("form", "")[:_LONGEST_SECRET]
    added = _added_by(secret)
    if added is not None and added.state != "deleted":
        return frame.led_to(_path(added))
    if added is not None or (not secret and request.headers.get("Sec-Fetch-Dest") == "document"):
        return frame.led_to(f"/posts/new?form={new_secret()}")
    return new_page({}, submission=secret)


def _added_by(secret: str) -> Post | None:
    """The post that the form with this secret has added."""
    with services().database.read() as connection:
        return store.by_submission(connection, hashed(secret)) if secret else None


@frame.blueprint.post("/posts/new")
@frame.takes_files
def add_post() -> Response | BaseResponse:
    sent = sent_now()
    try:
        sent = with_files(sent, NEW_FORMAT)
        if sent.deed == "picture":
            return new_page(sent.texts, submission=sent.submission)
        if sent.deed == "preview":
            return shown_unsaved(sent, None)
        return _after(saving.add(sent), sent.deed)
    except AlreadyAdded as added:
        return _sent_again(sent, added.slug)
    except (PostError, MediaError) as error:
        if isinstance(error, MediaStoreError):
            raise
        return new_page(sent.texts, status_of(error), submission=sent.submission, problem=str(error))


def _sent_again(sent: Sent, slug: str) -> Response | BaseResponse:
    """A form of a new post was sent once more: it edits the post that it has added, if what it has saved last is still
    the text of that post."""
    there = post_of(slug)
    with services().database.read() as connection:
        saved = store.revision_of_submission(connection, hashed(sent.submission))
        slugs = store.slugs_of(connection, there.id)
    typed = sent.texts.get("slug", "")
    was_renamed = len(slugs) > 1
    added_with = typed if typed in ("", *slugs) else "" if was_renamed else there.slug
    texts = {**sent.texts, "slug": typed}
    again = replace(sent, texts=texts, shown_slug=added_with, revision=saved)
    try:
        _require_there(there)
        return _after(saving.edit(on_present_slug(again, there), there, again.revision), sent.deed)
    except PostError as error:
        return refused(again, slug, error)


@carrying.refills("desk.add_post")
def add_post_filled(fields: carrying.Fields, **values: Any) -> Response:
    return new_page(post_form.typed(fields), submission=fields.get("submission", ""), **values)


@frame.blueprint.get("/posts/<slug>/edit")
def post(slug: str) -> Response | BaseResponse:
    found = post_of(slug)
    if found.state == "deleted":
        return frame.led_to("/bin")
    return edit_page(found, {}, is_saved=request.args.get("done") in _SAVED)


@frame.blueprint.post("/posts/<slug>/edit")
@frame.takes_files
def edit_post(slug: str) -> Response | BaseResponse:
    found = post_of(slug)
    sent = on_present_slug(sent_now(), found)
    try:
        sent = with_files(sent, format_of(found.source))
        return _taken(sent, found)
    except (PostError, MediaError) as error:
        if isinstance(error, MediaStoreError):
            raise
        return refused(sent, slug, error)


def _taken(sent: Sent, found: Post) -> Response | BaseResponse:
    """Does what the button says with a form of a post that is there. Raises a PostError."""
    _require_there(found)
    if sent.deed == "picture":
        return filled_page(found, sent)
    if sent.deed == "preview":
        return shown_unsaved(sent, found)
    if sent.deed == "rename":
        return _renamed(sent, found)
    return _after(saving.edit(sent, found, sent.revision), sent.deed)


def _renamed(sent: Sent, present: Post) -> Response | BaseResponse:
    """Gives the post its new slug; what was typed besides is not saved, and stands in the form."""
    require_slug_as_shown(sent, present)
    renamed = services().publisher.rename(present.slug, sent.texts.get("slug", ""))
    typed = replace(sent, texts={**sent.texts, "slug": renamed.slug}, shown_slug=renamed.slug)
    if changed_by(typed, shown(renamed)).are_none:
        return frame.led_to(_path(renamed), done="renamed")
    return filled_page(renamed, typed, said="Renamed. What you have typed is not saved yet.")


@carrying.refills("desk.edit_post")
def edit_post_filled(fields: carrying.Fields, slug: str, **values: Any) -> Response:
    found = post_of(slug)
    sent = on_present_slug(read(fields), found)
    try:
        _require_there(found)
    except PostGone as error:
        return refused(sent, slug, error)
    return filled_page(found, sent, **values)


def _require_there(post: Post) -> None:
    """Raises PostGone if a post was deleted since its form was shown."""
    if post.state == "deleted":
        raise PostGone(post.slug)


def _after(post: Post, deed: str) -> BaseResponse:
    """Leads on from a deed, which reloads nothing when it is repeated."""
    if deed == "delete":
        return frame.led_to("/posts", done="deleted")
    status = post.status(services().clock())
    done = _DONE.get(deed) or {"draft": "saved", "scheduled": "scheduled"}.get(status, "published")
    return frame.led_to(_path(post), done=done)


def _path(post: Post) -> str:
    return f"/posts/{segment(post.slug)}/edit"
