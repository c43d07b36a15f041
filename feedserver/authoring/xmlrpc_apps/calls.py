"""What a method is given: the parts of the site, whose app calls, and the parameters."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feedserver.accounts.model import AppToken
from feedserver.authoring.xmlrpc_apps.posting import Posting
from feedserver.authoring.xmlrpc_apps.values import post_id
from feedserver.media.adding import Library
from feedserver.posts.model import Post
from feedserver.settings import SiteSettings
from feedserver.storage.engine import Database
from feedserver.urls import Urls
from feedserver.xmlrpc import Value


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

    def post(self, index: int) -> Post:
        """The post whose id is a parameter. Raises PostNotFound."""
        return self.weblog.posting.find(post_id(self.param(index)))


Answer = Callable[[AppCall], Value]


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the door, which needs at least so many parameters. The name of the account is the one at `user`, and
    the token follows it."""

    answer: Answer
    least: int
    user: int
