"""Decides which state and dates a post gets from its document. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from feedserver.posts.model import DraftText, Post, PostState


@dataclass(frozen=True, slots=True)
class StateAndDates:
    """What is stored of a post besides its content, by the names of the columns."""

    state: PostState
    published_at: datetime
    updated_at: datetime


def of_document(document: DraftText, now: datetime) -> PostState:
    """The state that a document gives its post: a draft too once its time is over."""
    over = document.until is not None and document.until <= now
    return "draft" if document.draft or over else "published"


def of_new(document: DraftText, now: datetime) -> StateAndDates:
    """Those of a new post; without a date, it is of now."""
    published_at = document.date or now
    updated_at = _updated_at(document.updated or published_at, published_at, now)
    return StateAndDates(of_document(document, now), published_at, updated_at)


def of_edited(document: DraftText, before: Post, now: datetime, *, was_seen: bool) -> StateAndDates:
    """Those of a post whose document is replaced. `was_seen`: readers have seen it, ever.

    Without a date it keeps its own; a draft that nobody has seen is dated when it is published. `updated_at` is now,
    unless the document says it.
    """
    is_new = before.state == "draft" and not was_seen
    published_at = document.date or (now if is_new else before.published_at)
    least = published_at
    if was_seen and (document.updated is None or document.updated > now):  # readers must notice two edits in a second
        least = max(least, before.updated_at + timedelta(seconds=1))
    updated_at = _updated_at(document.updated or now, least, now)
    return StateAndDates(of_document(document, now), published_at, updated_at)


def _updated_at(wanted: datetime, least: datetime, now: datetime) -> datetime:
    """`wanted`, but at least `least`, and at most `now` unless `least` is later."""
    return max(least, min(wanted, now))
