"""What became of a post, and telling others of it once more."""

from flask import Response, abort
from werkzeug.wrappers import Response as BaseResponse

from feedserver.desk import frame, outcome
from feedserver.errors import PostGone, PostNotFound, SendingError
from feedserver.posts import store as posts
from feedserver.services import services
from feedserver.urls import segment


@frame.blueprint.get("/posts/<slug>/outcome")
def post_outcome(slug: str) -> Response:
    """What others were told of a post, who gets its feeds, what was said about it."""
    return _render(slug)


@frame.blueprint.post("/posts/<slug>/outcome/tell")
def tell_again(slug: str) -> BaseResponse:
    """Has all pages that a post links to told once more, as `ping send`."""
    try:
        services().outbox.tell_again(slug)
    except (SendingError, PostGone) as error:
        return _render(slug, str(error))
    return frame.led_to(f"/posts/{segment(slug)}/outcome", done="told-again")


@frame.blueprint.post("/posts/<slug>/outcome/retry/<int(max=999_999_999_999):ping_id>")
def retry(slug: str, ping_id: int) -> BaseResponse:
    """Has one page told at once that has refused, or was given up, as `ping retry`."""
    parts = services()
    with parts.database.read() as connection:
        post = posts.by_slug(connection, slug) or abort(404)
    try:
        parts.outbox.retry(ping_id, post_id=post.id)
    except SendingError as error:
        return _render(slug, str(error))
    return frame.led_to(f"/posts/{segment(slug)}/outcome", done="tried-again")


def _render(slug: str, problem: str | None = None) -> Response:
    parts = services()
    with parts.database.read() as connection:
        try:
            found = outcome.load(connection, slug, parts.other_hubs, parts.urls, parts.clock())
        except PostNotFound:
            abort(404)
    return frame.render_desk(
        "desk/outcome.html",
        409 if problem else 200,
        title="What became of it",
        outcome=found,
        in_words=outcome.IN_WORDS,
        state=found.post.status(parts.clock()),
        problem=problem,
    )
