"""The comment form: its values and token, and storing a comment sent with it."""

from datetime import datetime
from typing import Final

from flask import request
from sqlalchemy import Connection

from feedserver import domains
from feedserver.posts.model import Post
from feedserver.services import Services, services
from feedserver.storage import rate_limits
from feedserver.thoughts import comments, store
from feedserver.thoughts.comments import Comment, Form
from feedserver.thoughts.model import Thought
from feedserver.thoughts.moderation import reputation

_COMMENTS_A_MINUTE: Final = 10  # from one address


def new_token(post_id: int) -> str:
    parts = services()
    return parts.tokens.issue(post_id, parts.clock())


def empty_form(post: Post, token: str | None = None) -> Form | None:
    """Returns the form with a token, by default a new one; None if the post takes no comments."""
    if not post.comments_open:
        return None
    return Form(services().urls.comments(post.slug), hidden=((comments.TOKEN, token or new_token(post.id)),))


def filled_form(post: Post, errors: dict[str, str]) -> Form:
    """Returns the form with a new token, the values of the current request, and its errors by field."""
    form = empty_form(post)
    assert form is not None, "the caller has refused closed posts"
    return Form(form.action, form.hidden, {name: request.form.get(name, "") for name in comments.FIELDS}, errors)


def forgery(post: Post) -> str | None:
    """Returns a message if the request was not sent from the form on our page, else None."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "same-site", "none"):
        return "The form came from another site. Please send it from here."
    parts = services()
    return parts.tokens.problem(request.form.get(comments.TOKEN, ""), post.id, parts.clock())


def store_comment(
    connection: Connection, parts: Services, post: Post, comment: Comment, now: datetime
) -> Thought | None:
    """Stores a comment. Returns the stored one if the form was sent before, None if the rate limit is exceeded."""
    if stored := store.by_submission(connection, comment.submission):
        return stored
    bucket = f"comment:{domains.network(request.remote_addr or '')}"
    if not rate_limits.allow(connection, bucket, _COMMENTS_A_MINUTE, now):
        return None
    verdict = reputation.verdict_on_comment(connection, comment.email, parts.settings)
    return comments.add(connection, post.id, comment, verdict, now)
