"""The pages of the editor: the form, empty or filled, and what was wrong with what was sent."""

from typing import Any, Final

from flask import Response, abort

from feedserver.desk import frame
from feedserver.desk.editor_form import Sent, on_present_slug, shown
from feedserver.desk.post_form import EMPTY, Texts
from feedserver.errors import (
    AlreadyRenamed,
    DocumentTooLong,
    EditConflict,
    MediaError,
    PostError,
    PostGone,
    SaysNothing,
    SlugReserved,
    SlugTaken,
    StillPublic,
)
from feedserver.posts import revisions, store
from feedserver.posts.document import format_of
from feedserver.posts.model import Format, Post
from feedserver.services import services
from feedserver.tokens import new_secret

_STATUS: Final[tuple[tuple[type[Exception], int], ...]] = (
    (SaysNothing, 400),
    (EditConflict, 409),
    (StillPublic, 409),
    (AlreadyRenamed, 409),
    (SlugTaken, 409),
    (SlugReserved, 409),
    (PostGone, 410),
    (DocumentTooLong, 413),
)
_OTHERWISE: Final = 422
NEW_FORMAT: Final[Format] = "markdown"  # of the text of a new post


def post_of(slug: str) -> Post:
    """The post with a present or former slug, else the answer 404."""
    with services().database.read() as connection:
        return store.by_slug(connection, slug) or abort(404)


def new_page(texts: Texts, status: int = 200, *, submission: str = "", **values: Any) -> Response:
    """The form of a new post, with these texts in its fields; `submission` is its secret, a new one if empty."""
    return frame.render_desk(
        "desk/editor.html",
        status,
        texts={**EMPTY, **texts},
        is_unsaved=bool(texts),
        format=NEW_FORMAT,
        post=None,
        shown_slug="",
        submission=submission or new_secret(),
        zone=services().settings.site.timezone,
        **values,
    )


def filled_page(post: Post, sent: Sent, status: int = 200, **values: Any) -> Response:
    """The form of a post that is there, as it was sent."""
    revision = post.revision if sent.revision is None else sent.revision
    shown_slug = post.slug if sent.shown_slug is None else sent.shown_slug
    return edit_page(post, sent.texts, status, **{"revision": revision, "shown_slug": shown_slug} | values)


def edit_page(post: Post, texts: Texts, status: int = 200, **values: Any) -> Response:
    """The form of a post that is there; `texts`, which are not saved, stand in place of its own."""
    parts = services()
    return frame.render_desk(
        "desk/editor.html",
        status,
        texts={**shown(post), **texts},
        is_unsaved=bool(texts),
        format=format_of(post.source),
        post=post,
        state=post.status(parts.clock()),
        address=parts.urls.permalink(post.slug, is_page=post.page),
        zone=parts.settings.site.timezone,
        **{"revision": post.revision, "shown_slug": post.slug} | values,
    )


def refused(sent: Sent, slug: str, error: PostError | MediaError) -> Response:
    """The form as it was typed, with what is wrong; with both texts, where somebody else has saved another one."""
    present = post_of(slug)
    values: dict[str, Any] = {"problem": str(error)}
    if isinstance(error, AlreadyRenamed):
        values |= {"shown_slug": present.slug}
    if isinstance(error, EditConflict):
        with services().database.read() as connection:
            theirs = revisions.find(connection, present.id, present.revision)
        values = {"theirs": theirs, "shown": shown(present), "revision": present.revision}
    return filled_page(present, on_present_slug(sent, present), status_of(error), **values)


def status_of(error: PostError | MediaError) -> int:
    """The HTTP status of what the author has to put right."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), _OTHERWISE)
