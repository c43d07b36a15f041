"""The editor: new posts, and edits of those that are there. Whatever is refused comes back with all that was typed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from flask import Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from feedserver.desk import carrying, frame, post_form, uploads
from feedserver.desk.post_form import EMPTY, Changes
from feedserver.errors import (
    AlreadyAdded,
    DocumentTooLong,
    EditConflict,
    InvalidDocument,
    MediaError,
    MediaStoreError,
    PostError,
    PostGone,
    SlugReserved,
    SlugTaken,
)
from feedserver.pages import previews
from feedserver.posts import revisions, slugs, store, unsaved
from feedserver.posts.amending import Value, amended, composed
from feedserver.posts.model import DraftText, Post, Writer
from feedserver.services import services
from feedserver.tokens import new_secret
from feedserver.urls import segment

Texts = Mapping[str, str]

_STATUS: Final[tuple[tuple[type[Exception], int], ...]] = (
    (EditConflict, 409),
    (SlugTaken, 409),
    (SlugReserved, 409),
    (PostGone, 410),
    (DocumentTooLong, 413),
)
_OTHERWISE: Final = 422
_LONGEST_SECRET: Final = 64  # characters
# What buttons change besides what was typed; each stores a text.
_DEEDS: Final[Mapping[str, Mapping[str, Value]]] = {
    "draft": {"draft": True},
    "publish": {"draft": False},
    "schedule": {"draft": False},
    "update": {},
    "withdraw": {"draft": True},
    "delete": {},
}
_DONE: Final = {"draft": "saved", "update": "updated", "withdraw": "withdrawn"}


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was sent: its texts, the button, the revision that was shown, and the secret of a new-post form."""

    texts: Texts
    deed: str
    revision: int | None
    submission: str


@frame.blueprint.get("/posts/new")
def new_post() -> Response | BaseResponse:
    """The form of a new post. Its secret is in the address to which browsers are led: whoever goes back after saving
    gets the same form, not one that adds the post again."""
    secret = request.args.get("form", "")[:_LONGEST_SECRET]
    if not secret and request.headers.get("Sec-Fetch-Dest") == "document":
        return frame.led_to(f"/posts/new?form={new_secret()}")
    return _new_page({}, submission=secret)


@frame.blueprint.post("/posts/new")
@frame.takes_files
def add_post() -> Response | BaseResponse:
    sent = _sent()
    try:
        sent = _with_files(sent)
        if sent.deed == "picture":
            return _new_page(sent.texts, submission=sent.submission)
        if sent.deed == "preview":
            return _preview(sent, None)
        return _after(_added(sent), sent.deed)
    except AlreadyAdded as added:
        return _sent_again(sent, added.slug)
    except (PostError, MediaError) as error:
        if isinstance(error, MediaStoreError):
            raise
        return _new_page(sent.texts, _status(error), submission=sent.submission, problem=str(error))


@carrying.refills("desk.add_post")
def add_post_filled(fields: carrying.Fields) -> Response:
    return _new_page(post_form.typed(fields), submission=fields.get("submission", ""))


@frame.blueprint.get("/posts/<slug>/edit")
def post(slug: str) -> Response | BaseResponse:
    found = _post(slug)
    if found.state == "deleted":
        return frame.led_to("/bin")
    return _edit_page(found, {})


@frame.blueprint.post("/posts/<slug>/edit")
@frame.takes_files
def edit_post(slug: str) -> Response | BaseResponse:
    sent, found = _sent(), _post(slug)
    try:
        sent = _with_files(sent)
        return _taken(sent, found)
    except (PostError, MediaError) as error:
        if isinstance(error, MediaStoreError):
            raise
        return _refused(sent, slug, error)


def _taken(sent: Sent, found: Post) -> Response | BaseResponse:
    """Does what the button says with a form of a post that is there."""
    if sent.deed == "picture":
        return _edit_page(found, sent.texts, revision=sent.revision)
    if sent.deed == "preview":
        return _preview(sent, found)
    if sent.deed == "rename":
        return _renamed(sent, found)
    return _after(_edited(sent, found, sent.revision), sent.deed)


@carrying.refills("desk.edit_post")
def edit_post_filled(fields: carrying.Fields, slug: str) -> Response:
    return _edit_page(_post(slug), post_form.typed(fields), revision=_number(fields.get("revision", "")))


# --- what was sent ---


def _sent() -> Sent:
    form = request.form
    deed = form.get("do", "")
    return Sent(post_form.typed(form), deed, _number(form.get("revision", "")), form.get("submission", ""))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _with_files(sent: Sent) -> Sent:
    """The form with lines in its text for the files that were chosen beside it. Raises MediaError."""
    if not (files := uploads.added(request.form.get("alt", ""))):
        return sent
    return replace(sent, texts={**sent.texts, "body": uploads.with_lines(sent.texts.get("body", ""), files)})


def _post(slug: str) -> Post:
    with services().database.read() as connection:
        return store.by_slug(connection, slug) or abort(404)


# --- deeds ---


def _writer() -> Writer:
    return Writer(frame.signed_in().account, "desk")


def _document(post: Post) -> DraftText:
    return services().publisher.read_unnamed(post.source.encode())


def _shown(post: Post) -> dict[str, str]:
    return post_form.shown(_document(post), post.slug, services().settings.site.zone)


def _changes(sent: Sent, before: Texts) -> Changes:
    return post_form.changes(sent.texts, before, services().settings.site.zone)


def _added(sent: Sent) -> Post:
    parts = services()
    publisher, now = parts.publisher, parts.clock()
    changes = _changes(sent, EMPTY)
    deed = _DEEDS.get(sent.deed, _DEEDS["draft"])
    source = composed({**changes.fields, "slug": changes.slug, **deed}, changes.body or "")
    document = publisher.read_unnamed(source.encode())
    _check_schedule(sent.deed, document.date)
    return publisher.add(
        document, now, writer=_writer(), free_slug=changes.slug is None, submission=sent.submission or None
    )


def _sent_again(sent: Sent, slug: str) -> Response | BaseResponse:
    """A form of a new post was sent once more: it edits the post that it has added, unless others have done so."""
    there = _post(slug)
    with services().database.read() as connection:
        writers = {Writer(one.by, one.via) for one in revisions.history(connection, there.id)}
    texts = {**sent.texts, "slug": sent.texts.get("slug") or there.slug}
    again = replace(sent, texts=texts, revision=None if writers == {_writer()} else 0)
    try:
        return _after(_edited(again, there, again.revision), sent.deed)
    except PostError as error:
        return _refused(again, slug, error)


def _edited(sent: Sent, present: Post, expected: int | None) -> Post:
    """Saves what the form changes in the post as it is now; EditConflict where it was shown another revision."""
    parts = services()
    publisher, now = parts.publisher, parts.clock()
    if present.state == "deleted":
        raise PostGone(present.slug)
    changes = _changes(sent, _shown(present))
    if changes.slug is not None:
        with parts.database.read() as connection:
            slugs.check_free(connection, changes.slug, present, page=present.page)
    fields = {**changes.fields, **_DEEDS.get(sent.deed, {})}  # of a button that no page has, what was typed alone
    _check_schedule(sent.deed, fields.get("date", present.published_at))
    saved = publisher.amend(present.slug, fields, changes.body, now, _writer(), expected=expected)
    if changes.slug is not None:
        saved = publisher.rename(saved.slug, changes.slug)
    return publisher.delete(saved.slug) if sent.deed == "delete" else saved


def _check_schedule(deed: str, date: object) -> None:
    if deed == "schedule" and not (date is not None and date > services().clock()):  # type: ignore[operator]
        raise InvalidDocument("date", "says when the post is to appear: give a time to come")


def _renamed(sent: Sent, present: Post) -> Response | BaseResponse:
    """Gives the post its new slug; what was typed besides is not saved, and stands in the form."""
    renamed = services().publisher.rename(present.slug, sent.texts.get("slug", ""))
    texts = {**sent.texts, "slug": renamed.slug}
    if _changes(replace(sent, texts=texts), _shown(renamed)).are_none:
        return frame.led_to(_path(renamed), done="renamed")
    return _edit_page(renamed, texts, revision=sent.revision, said="Renamed. What you have typed is not saved yet.")


def _preview(sent: Sent, present: Post | None) -> Response:
    """The post as readers would see it, unsaved, in a page that cannot act for the author; or what is wrong with it."""
    try:
        return _unsaved(sent, present)
    except PostError as error:
        page = frame.render_desk("desk/no_preview.html", problem=str(error))
        return previews.sandboxed(page.get_data(as_text=True), _status(error))


def _unsaved(sent: Sent, present: Post | None) -> Response:
    parts = services()
    publisher, now = parts.publisher, parts.clock()
    changes = _changes(sent, _shown(present) if present else EMPTY)
    if present:
        source = amended(present.source, changes.fields, changes.body)
    else:
        source = composed({**changes.fields, "slug": changes.slug}, changes.body or "")
    files = publisher.files_of(present.slug) if present else {}
    made = publisher.render(publisher.read_unnamed(source.encode()), files)
    post = unsaved.as_post(made.document, made.rendered, made.lang, now, present)
    with parts.database.read() as connection:
        return previews.shown(connection, post)


def _after(post: Post, deed: str) -> BaseResponse:
    """Leads on from a deed, which reloads nothing when it is repeated."""
    if deed == "delete":
        return frame.led_to("/posts", done="deleted")
    status = post.status(services().clock())
    done = _DONE.get(deed) or {"draft": "saved", "scheduled": "scheduled"}.get(status, "published")
    return frame.led_to(_path(post), done=done)


def _path(post: Post) -> str:
    return f"/posts/{segment(post.slug)}/edit"


# --- pages ---


def _status(error: Exception) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), _OTHERWISE)


def _refused(sent: Sent, slug: str, error: PostError | MediaError) -> Response:
    """The form as it was typed, with what is wrong; with both texts, where somebody else has saved another one."""
    present = _post(slug)
    values: dict[str, Any] = {"problem": str(error), "revision": sent.revision}
    if isinstance(error, EditConflict):
        with services().database.read() as connection:
            theirs = revisions.find(connection, present.id, present.revision)
        values = {"theirs": theirs, "shown": _shown(present), "revision": present.revision}
    return _edit_page(present, sent.texts, _status(error), **values)


def _new_page(texts: Texts, status: int = 200, *, submission: str = "", **values: Any) -> Response:
    return frame.render_desk(
        "desk/editor.html",
        status,
        texts={**EMPTY, **texts},
        is_filled=bool(texts),
        post=None,
        submission=submission or new_secret(),
        zone=services().settings.site.timezone,
        **values,
    )


def _edit_page(post: Post, texts: Texts, status: int = 200, *, revision: int | None = None, **values: Any) -> Response:
    parts = services()
    return frame.render_desk(
        "desk/editor.html",
        status,
        texts={**_shown(post), **texts},
        is_filled=bool(texts),
        post=post,
        state=post.status(parts.clock()),
        revision=post.revision if revision is None else revision,
        address=parts.urls.permalink(post.slug, is_page=post.page),
        zone=parts.settings.site.timezone,
        **values,
    )
