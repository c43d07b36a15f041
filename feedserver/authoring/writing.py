"""Rules for writing apps, whatever they speak: what a token allows, and when readers see a post."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from feedserver.accounts.model import AppToken
from feedserver.errors import FeedserverError, InvalidDocument, SaysNothing
from feedserver.posts.amending import Fields, amended
from feedserver.posts.document import check_slug, slug_from
from feedserver.posts.model import Post, Writer
from feedserver.posts.publishing import Publisher

FILES: Final = ("media", "create")  # scopes of which one stores files, and lists them
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class MissingScope(FeedserverError):
    """A token that does not allow what is asked. `scopes` are those of which one would."""

    def __init__(self, *scopes: str) -> None:
        super().__init__(f"this needs the scope {' or '.join(scopes)}")
        self.scopes = scopes


class Withheld(FeedserverError):
    """A change that would hide a public post from readers: apps do so by mistake, so it is left to the desk."""

    def __init__(self) -> None:
        super().__init__(
            "this post is public, and apps do not make it a draft or schedule it again; withdraw it at /desk"
        )


class NotPublic(FeedserverError):
    """A post that only some are to read, by a password or a state of its own: there are none here."""

    def __init__(self) -> None:
        super().__init__("there are no private posts here; a draft is read by nobody")


def allows(app: AppToken, scopes: Collection[str]) -> bool:
    """Whether a token has one of `scopes`."""
    return not app.scopes.isdisjoint(scopes)


def require_scope(app: AppToken, *scopes: str) -> None:
    """Raises MissingScope unless a token has one of `scopes`."""
    if not allows(app, scopes):
        raise MissingScope(*scopes)


def new_state(post: Post, app: AppToken, now: datetime, *, draft: bool | None, date: datetime | None) -> Fields:
    """The fields that make a post a draft, or none any more, as an app wants; None: as it is, at the date that it has.

    Raises Withheld if readers see the post now and would not then; MissingScope if they would see it sooner than they
    do: that is publishing, by whatever member of the request.
    """
    is_draft = post.state == "draft"
    wanted = is_draft if draft is None else draft
    before, after = _seen_from(post.published_at, now, is_draft), _seen_from(date or post.published_at, now, wanted)
    if before == now < after:
        raise Withheld
    if after < before:
        require_scope(app, "create")
    return {} if wanted == is_draft else {"draft": wanted}


def _seen_from(date: datetime, now: datetime, is_draft: bool) -> datetime:
    """From when on readers see a post, at the earliest from now on."""
    return _NEVER if is_draft else max(date, now)


def amend(publisher: Publisher, post: Post, fields: Fields, body: str | None, now: datetime, writer: Writer) -> Post:
    """Changes a post that nobody has changed since, as `Publisher.amend` does.

    Raises SaysNothing if readers would find nothing in it any more, EditConflict, InvalidDocument.
    """
    if publisher.read_unnamed(amended(post.source, fields, body).encode()).says_nothing:
        raise SaysNothing
    return publisher.amend(post.slug, fields, body, now, writer, expected=post.revision)


def spelled_slug(wanted: str) -> str | None:
    """A slug that an app wants, spelled as one can be; None if nothing in it can stand in one."""
    try:
        return check_slug(wanted)
    except InvalidDocument:
        return slug_from(wanted) or None
