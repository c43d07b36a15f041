"""Checks a password: counted first, hashed outside any transaction, and confirmed in the one that acts on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from feedserver.accounts import store, wrong_tries
from feedserver.accounts.model import Account
from feedserver.accounts.passwords import Hasher
from feedserver.clock import Clock
from feedserver.errors import WrongSignIn
from feedserver.storage.engine import Database
from feedserver.storage.rate_limits import Limit


@dataclass(frozen=True, slots=True)
class RightPassword:
    """A try whose password was right, and how it was counted."""

    account: Account
    limits: Sequence[Limit]
    counted_at: datetime

    def confirm(self, connection: Connection, now: datetime) -> Account:
        """The account, locked; the try counts no more. Raises WrongSignIn where the password was changed meanwhile."""
        present = store.locked(connection, self.account.id)
        if present is None or present.password != self.account.password:
            raise WrongSignIn
        wrong_tries.take_back(connection, self.limits, self.counted_at, now)
        return present


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """Looks at passwords, ten wrong ones in 15 minutes at most."""

    database: Database
    clock: Clock
    hasher: Hasher

    def check(self, name: str, password: str, address: str) -> RightPassword:
        """Checks the password of the account of that name, as somebody at `address` typed it.

        Takes as long where there is no such account. Raises WrongSignIn, TooManyWrong or TooManyAtOnce.
        """
        now = self.clock()
        with self.database.read() as connection:
            account = store.by_name(connection, name)
            limits = wrong_tries.limits(connection, account, name, address, now)
            wrong_tries.require_room(connection, limits, now)
        with self.hasher.slot():
            self.database.transact(lambda connection: wrong_tries.count(connection, limits, now))
            is_right = self.hasher.is_right(account.password if account else None, password)
        if account is None or not is_right:
            raise WrongSignIn
        return RightPassword(account, limits, now)
