"""The list of posts, and the bin."""

from typing import Final, cast, get_args

from flask import Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from feedserver.desk import frame
from feedserver.errors import PostError
from feedserver.posts import bin as post_bin
from feedserver.posts import overview
from feedserver.posts.model import Status
from feedserver.services import services
from feedserver.urls import page_number, segment

ON_A_PAGE: Final = 40
_MOST_WORDS: Final = 200  # characters


@frame.blueprint.get("/posts")
def posts() -> Response:
    """The list, by `state`, words of the title (`q`) and `page`."""
    state, words = request.args.get("state", ""), request.args.get("q", "")[:_MOST_WORDS].strip()
    page = page_number(request.args.get("page", "1")) or abort(404)
    if state not in ("", *get_args(Status)):
        abort(404)
    now = services().clock()
    chosen = overview.Chosen(now, cast("Status", state) if state else None, words)
    with services().database.read() as connection:
        found, total = overview.found(connection, chosen, ON_A_PAGE, (page - 1) * ON_A_PAGE)
    if not found and page > 1:
        abort(404)
    return frame.render_desk(
        "desk/posts.html",
        posts=[(post, post.status(now)) for post in found],
        total=total,
        state=state,
        words=words,
        states=get_args(Status),
        page=page,
        pages=max(1, -(-total // ON_A_PAGE)),
    )


@frame.blueprint.get("/posts/<slug>")
def to_editor(slug: str) -> BaseResponse:
    return frame.led_to(f"/posts/{segment(slug)}/edit")


@frame.blueprint.get("/bin")
def deleted_posts() -> Response:
    return _bin()


def _bin(status: int = 200, problem: str = "") -> Response:
    now = services().clock()
    with services().database.read() as connection:
        found = post_bin.contents(connection, now)
    return frame.render_desk("desk/bin.html", status, posts=found, term=post_bin.TERM, problem=problem)


@frame.blueprint.post("/bin")
def restore_post() -> Response | BaseResponse:
    """Brings a post back, as what it was."""
    try:
        post = services().publisher.restore(request.form.get("slug", ""))
    except PostError as error:
        return _bin(409, str(error))
    return frame.led_to(f"/posts/{segment(post.slug)}/edit", done="restored")
