"""Saves what the form of the editor says: a new post, or changes of one that is there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from feedserver.desk import frame
from feedserver.desk.editor_form import Sent, changed_by, require_slug_as_shown, shown
from feedserver.desk.post_form import EMPTY
from feedserver.errors import InvalidDocument, SaysNothing, StillPublic
from feedserver.posts import slugs
from feedserver.posts.amending import Value, amended, composed
from feedserver.posts.model import DraftText, Post, Writer
from feedserver.services import services

# What buttons change besides what was typed; each stores a text.
_DEEDS: Final[Mapping[str, Mapping[str, Value]]] = {
    "draft": {"draft": True},
    "publish": {"draft": False},
    "schedule": {"draft": False},
    "update": {},
    "withdraw": {"draft": True},
    "delete": {},
}
_HIDING: Final = ("withdraw", "delete")


def writer() -> Writer:
    """Who saves: the account that is signed in."""
    return Writer(frame.signed_in().account, "desk")


def add(sent: Sent) -> Post:
    """Adds the post that the form of a new one describes. Raises a PostError."""
    parts = services()
    publisher, now = parts.publisher, parts.clock()
    changes = changed_by(sent, EMPTY)
    deed = _DEEDS.get(sent.deed, _DEEDS["draft"])
    source = composed({**changes.fields, "slug": changes.slug, **deed}, changes.body or "")
    document = publisher.read_unnamed(source.encode())
    _check_schedule(sent.deed, document.date)
    if document.says_nothing:
        raise SaysNothing
    return publisher.add(
        document, now, writer=writer(), free_slug=changes.slug is None, submission=sent.submission or None
    )


def edit(sent: Sent, present: Post, expected: int | None) -> Post:
    """Saves what the form changes in the post as it is now. Raises a PostError.

    `expected` is the revision that the form was filled from: EditConflict is raised if the post has another one.
    """
    parts = services()
    publisher, now = parts.publisher, parts.clock()
    require_slug_as_shown(sent, present)
    changes = changed_by(sent, shown(present))
    if changes.slug is not None:
        with parts.database.read() as connection:
            slugs.check_free(connection, changes.slug, present, page=present.page)
    fields = {**changes.fields, **_DEEDS.get(sent.deed, {})}  # of a button that no page has, what was typed alone
    _check_schedule(sent.deed, fields.get("date", present.published_at))
    if sent.deed not in _HIDING:
        _check_readable(publisher.read_unnamed(amended(present.source, fields, changes.body).encode()), present, now)
    submission = sent.submission or None
    saved = publisher.amend(present.slug, fields, changes.body, now, writer(), expected=expected, submission=submission)
    if changes.slug is not None:
        saved = publisher.rename(saved.slug, changes.slug)
    return publisher.delete(saved.slug) if sent.deed == "delete" else saved


def _check_readable(document: DraftText, present: Post, now: datetime) -> None:
    """Raises SaysNothing for a document without anything in it, StillPublic for one that would hide a public post."""
    if document.says_nothing:
        raise SaysNothing
    if present.visible(now) and (document.draft or (document.date is not None and document.date > now)):
        raise StillPublic


def _check_schedule(deed: str, date: object) -> None:
    """Raises InvalidDocument if a post is to appear later, and its date is none to come."""
    if deed == "schedule" and not (isinstance(date, datetime) and date > services().clock()):
        raise InvalidDocument("date", "says when the post is to appear: give a time to come")
