"""Accounts as the operator makes, lists and removes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from feedserver.accounts import links, sessions, store, wrong_tries
from feedserver.accounts.model import ListedAccount, read_name
from feedserver.clock import Clock
from feedserver.errors import AccountNotSaid, AccountTaken
from feedserver.storage.engine import Database
from feedserver.tokens import new_secret


@dataclass(frozen=True, slots=True)
class Accounts:
    """Makes accounts, and links under which their people set a password and are signed in."""

    database: Database
    clock: Clock

    def add(self, name: str) -> str:
        """Adds an account; returns the secret part of its sign-in link. Raises NameUnusable or AccountTaken."""
        name, token = read_name(name), new_secret()

        def add(connection: Connection) -> None:
            if store.by_name(connection, name) is not None:
                raise AccountTaken(name)
            account = store.add(connection, name, self.clock())
            links.put(connection, account.id, token, self.clock(), asks_code=True)

        self.database.transact(add)
        return token

    def link(self, name: str, *, asks_code: bool = True) -> str:
        """The secret part of a new sign-in link of an account; older ones end. Raises AccountNotFound.

        Unless it `asks_code`, using it turns the second factor off.
        """
        token = new_secret()

        def put(connection: Connection) -> None:
            links.put(connection, store.named(connection, name).id, token, self.clock(), asks_code=asks_code)

        self.database.transact(put)
        return token

    def first_link(self) -> str | None:
        """The same for a person who chooses a name; None where there is an account."""
        token = new_secret()

        def put(connection: Connection) -> str | None:
            if store.first_two(connection):
                return None
            links.put(connection, None, token, self.clock(), asks_code=False)
            return token

        return self.database.transact(put)

    def listed(self) -> Sequence[ListedAccount]:
        """All accounts, by name."""
        with self.database.read() as connection:
            return store.listed(connection, self.clock())

    def only_one(self) -> str:
        """The name of the only account; raises AccountNotSaid where there are several, or none."""
        with self.database.read() as connection:
            found = store.first_two(connection)
        if len(found) != 1:
            raise AccountNotSaid(is_any=bool(found))
        return found[0].name

    def remove(self, name: str) -> None:
        """Removes an account with its sessions, links and tokens; posts stay. Raises AccountNotFound."""
        self.database.transact(lambda connection: store.remove(connection, store.named(connection, name).id))


def forget_ended(database: Database, now: datetime) -> None:
    """Deletes sessions, links and known networks whose time is over: a task of housekeeping."""
    for forget in (sessions.forget_ended, links.forget_old, wrong_tries.forget_unknown):
        database.transact(lambda connection, forget=forget: forget(connection, now))  # type: ignore[misc]
