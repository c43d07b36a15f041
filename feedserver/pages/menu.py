"""The pages in the navigation of all public pages.

A page that is cached takes its menu from the connection by which it is rendered, as both are of one revision. All
others iterate over `CurrentMenu`, which templates know as `menu`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.clock import Clock
from feedserver.posts import menu
from feedserver.posts import store as posts
from feedserver.storage import revision
from feedserver.storage.changes import Changes, SiteState
from feedserver.storage.engine import Database
from feedserver.urls import Urls


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page in the navigation: its name there, and its absolute URL."""

    name: str
    url: str


Menu = tuple[MenuEntry, ...]


def read(connection: Connection, now: datetime, urls: Urls) -> Menu:
    """The entries that readers see now, in their order."""
    return tuple(MenuEntry(name, urls.page(slug)) for slug, name in menu.in_menu(connection, now))


class CurrentMenu:
    """The menu of one process, read once for each state of the site. Thread-safe."""

    def __init__(self, database: Database, changes: Changes, urls: Urls, clock: Clock) -> None:
        self._database = database
        self._changes = changes
        self._urls = urls
        self._clock = clock
        self._known: tuple[SiteState, Menu] | None = None

    @property
    def last_known(self) -> Menu:
        """The menu as it was last read, without a look at the database."""
        return self._known[1] if self._known else ()

    def __iter__(self) -> Iterator[MenuEntry]:
        """The present entries; those last known while the database cannot be read."""
        try:
            return iter(self._present())
        except (DBAPIError, NoConnection):
            return iter(self.last_known)

    def _present(self) -> Menu:
        known = self._known
        if known is not None and known[0].is_current(self._changes.recent_revision(), self._clock()):
            return known[1]
        self._known = found = self._database.read_public(self._read)
        return found[1]

    def _read(self, connection: Connection) -> tuple[SiteState, Menu]:
        now = self._clock()
        number = revision.load(connection).revision
        entries = read(connection, now, self._urls)
        return SiteState(number, posts.next_publication(connection, now), now), entries
