"""The comment form: its values and token, and storing a comment sent with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import request
from sqlalchemy import Connection

from feedserver import domains
from feedserver.languages.messages import Message
from feedserver.posts.model import Post
from feedserver.services import WebServices, services
from feedserver.storage import rate_limits, revision
from feedserver.thoughts import comments, removed, store
from feedserver.thoughts.comments import Comment, Form
from feedserver.thoughts.model import Thought
from feedserver.thoughts.moderation import queue_limits, reputation

_COMMENTS_A_MINUTE: Final = 10  # from one network
_TOO_MANY: Final = Message("Too many comments came from your address. Please wait a minute and send it once more.")
_QUEUE_IS_FULL: Final = Message("Too many comments wait for approval already. Please come back later.")
_TRY_LATER: Final = 3_600  # seconds
_USED: Final = Message("Another comment was sent with this form. If this is a further one, please send it once more.")
_FROM_ELSEWHERE: Final = Message("The form came from another site. Please send it from here.")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a comment was not stored: errors by field (`form`: of the whole form).

    `retry_after`: seconds until it may be sent again, None if the commenter has to change something.
    """

    errors: Mapping[str, Message]
    retry_after: int | None = None


def new_token(post_id: int) -> str:
    parts = services()
    return parts.tokens.issue(post_id, parts.clock())


def empty_form(post: Post, token: str | None = None) -> Form | None:
    """Returns the form with a token, by default a new one; None if the post takes no comments."""
    if not post.comments_open:
        return None
    return Form(services().urls.comments(post.slug), hidden=((comments.TOKEN, token or new_token(post.id)),))


def filled_form(post: Post, errors: Mapping[str, Message]) -> Form:
    """Returns the form with a new token, the values of the current request, and its errors by field."""
    form = empty_form(post)
    assert form is not None, "the caller has refused closed posts"
    return Form(form.action, form.hidden, {name: request.form.get(name, "") for name in comments.FIELDS}, errors)


def submit(post: Post) -> Thought | Refusal | None:
    """Stores the comment of the current request; or the one stored before, if the same form is sent again.

    None for one whose words a moderator removed: nothing is stored, and nothing told of it.
    Cheap checks come first: the texts are read last.
    """
    errors = comments.too_long(request.form)
    if problem := _forgery(post):
        errors = {"form": problem} | errors
    if errors:
        return Refusal(errors)
    parts = services()
    return parts.database.transact(lambda connection: _store(connection, parts, post))


def _forgery(post: Post) -> Message | None:
    """A message if the request was not sent from the form on our page, else None."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "same-site", "none"):
        return _FROM_ELSEWHERE
    parts = services()
    return parts.tokens.problem(request.form.get(comments.TOKEN, ""), post.id, parts.clock())


def _store(connection: Connection, parts: WebServices, post: Post) -> Thought | Refusal | None:
    now, sender = parts.clock(), request.remote_addr or ""
    limit = rate_limits.Limit(f"comment:{domains.network(sender)}", _COMMENTS_A_MINUTE)
    if refusal := rate_limits.take(connection, [limit], now):
        return Refusal({"form": _TOO_MANY}, refusal.seconds)
    comment, errors = comments.read(request.form)
    if comment is None:
        return Refusal(errors)
    if removed.find(connection, post.id, [removed.name_of_comment(comment.name, comment.text)]):
        return None
    if stored := store.by_submission(connection, comment.submission):
        return stored if comment.is_same_as(stored) else Refusal({"form": _USED})
    if parts.tokens.came_quickly(request.form[comments.TOKEN], now):
        verdict = comments.QUICK
    else:
        verdict = reputation.verdict_on_comment(connection, comment.name, comment.email, parts.settings)
    if verdict.state == "held" and not _has_room(connection, parts, sender, comment):
        return Refusal({"form": _QUEUE_IS_FULL}, _TRY_LATER)
    return comments.add(connection, post.id, comment, verdict, now, sender)


def _has_room(connection: Connection, parts: WebServices, sender: str, comment: Comment) -> bool:
    revision.lock(connection)  # so that of two comments at once the second is counted after the first
    return queue_limits.has_room(connection, parts.settings.limits, sender, size=comment.size)
