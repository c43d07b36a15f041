"""What a method is given: the parts of the site, whose app calls, and the parameters."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from feedserver.accounts.model import AppToken
from feedserver.authoring.writing import allows, require_scope
from feedserver.authoring.xmlrpc_apps.posting import Posting
from feedserver.authoring.xmlrpc_apps.values import post_id
from feedserver.media.adding import Library
from feedserver.posts.model import Post
from feedserver.settings import SiteSettings
from feedserver.storage.engine import Database
from feedserver.urls import Urls
from feedserver.xmlrpc import Value

_READING: Final = ("update", "draft", "create")  # scopes with which is read what readers do not see


@dataclass(frozen=True, slots=True)
class Weblog:
    """The parts of one site that methods use."""

    database: Database
    urls: Urls
    settings: SiteSettings
    posting: Posting
    library: Library


@dataclass(frozen=True, slots=True)
class AppCall:
    """One call. `app` is the token that it has."""

    weblog: Weblog
    app: AppToken
    params: tuple[Any, ...]
    now: datetime

    def param(self, index: int) -> Any:
        """A parameter; None if it is not there."""
        return self.params[index] if index < len(self.params) else None

    @property
    def reads_all(self) -> bool:
        """Whether the app may read what readers do not see: drafts, and posts with a date to come."""
        return allows(self.app, _READING)

    def post(self, index: int) -> Post:
        """The post whose id is a parameter. Raises PostNotFound, or MissingScope if the app may not read it."""
        found = self.weblog.posting.find(post_id(self.param(index)))
        if not found.visible(self.now):
            require_scope(self.app, *_READING)
        return found


Answer = Callable[[AppCall], Value]


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the door, which needs at least so many parameters. The name of the account is the one at `user`, and
    the token follows it."""

    answer: Answer
    least: int
    user: int
