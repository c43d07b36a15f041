"""What was saved of a post: its revisions, compared and restored; and addresses of previews."""

from flask import Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from feedserver.desk import frame
from feedserver.desk.editor_pages import post_of
from feedserver.errors import PostError
from feedserver.posts import previews, revisions
from feedserver.posts.comparing import compare
from feedserver.posts.model import Post, Revision, Writer
from feedserver.services import services
from feedserver.urls import page_number, segment


@frame.blueprint.get("/posts/<slug>/history")
def history(slug: str) -> Response:
    return _page(post_of(slug))


@frame.blueprint.get("/posts/<slug>/history/<number>")
def revision(slug: str, number: str) -> Response:
    """One revision, compared with the one before it, or with that of `with`."""
    post = post_of(slug)
    return _revision_page(post, _revision(post, number))


def _revision_page(post: Post, shown: Revision, status: int = 200, problem: str = "") -> Response:
    with services().database.read() as connection:
        numbers = [one.number for one in revisions.history(connection, post.id)]
    asked = page_number(request.args.get("with", ""))
    other = asked if asked in numbers else max((number for number in numbers if number < shown.number), default=None)
    before = _revision(post, str(other)) if other else None
    return frame.render_desk(
        "desk/revision.html",
        status,
        post=post,
        revision=shown,
        before=before,
        numbers=numbers,
        lines=compare(before.source if before else "", shown.source),
        is_newest=shown.number == numbers[0],
        problem=problem,
    )


@frame.blueprint.post("/posts/<slug>/history/<number>")
def restore_revision(slug: str, number: str) -> Response | BaseResponse:
    post = post_of(slug)
    earlier = _revision(post, number)
    writer = Writer(frame.signed_in().account, "desk")
    try:
        services().publisher.restore_revision(slug, earlier.number, services().clock(), writer)
    except PostError as error:
        return _revision_page(post, earlier, 409, str(error))
    return frame.led_to(f"/posts/{segment(post.slug)}/edit", done="revision-restored")


@frame.blueprint.post("/posts/<slug>/history")
def preview_address(slug: str) -> Response | BaseResponse:
    """Makes the address of a preview, which is shown this once; or ends all of them."""
    post, parts = post_of(slug), services()
    if request.form.get("do") == "revoke":
        parts.database.transact(lambda connection: previews.revoke(connection, post.id))
        return frame.led_to(f"/posts/{segment(post.slug)}/history", done="previews-ended")
    token = parts.database.transact(lambda connection: previews.make(connection, post.id, parts.clock()))
    return _page(post, parts.urls.preview(token))


def _page(post: Post, address: str = "") -> Response:
    with services().database.read() as connection:
        found = revisions.history(connection, post.id)
    is_unseen = post.status(services().clock()) in ("draft", "scheduled")
    return frame.render_desk("desk/history.html", post=post, revisions=found, address=address, is_unseen=is_unseen)


def _revision(post: Post, number: str) -> Revision:
    asked = page_number(number) or abort(404)
    with services().database.read() as connection:
        return revisions.find(connection, post.id, asked) or abort(404)
