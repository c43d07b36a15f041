"""Rules for writing apps, whatever they speak: what a token allows, and what becomes of a public post."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from feedserver.accounts.model import AppToken
from feedserver.errors import FeedserverError, InvalidDocument
from feedserver.posts.document import check_slug, slug_from
from feedserver.posts.model import Post

FILES: Final = ("media", "create")  # scopes of which one stores files, and lists them


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


def check_shown(post: Post, now: datetime, *, draft: bool | None = None, date: datetime | None = None) -> None:
    """Raises Withheld if readers see the post now, and would not with this new state or date; None: as it is."""
    if post.visible(now) and (draft or (date is not None and date > now)):
        raise Withheld


def spelled_slug(wanted: str) -> str | None:
    """A slug that an app wants, spelled as one can be; None if nothing in it can stand in one."""
    try:
        return check_slug(wanted)
    except InvalidDocument:
        return slug_from(wanted) or None
