"""Tokens for writing apps: made, listed, ended, and checked when an app writes."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from feedserver import domains
from feedserver.accounts import app_tokens, store
from feedserver.accounts.model import AppToken, read_name
from feedserver.clock import Clock
from feedserver.errors import AppNotFound, AppTaken, TooManyWrong, WrongToken
from feedserver.storage import rate_limits
from feedserver.storage.engine import Database
from feedserver.storage.explaining import DATABASE_ERRORS
from feedserver.storage.rate_limits import Limit
from feedserver.tokens import new_secret

_WINDOW: Final = timedelta(minutes=15)
_MOST_WRONG: Final = 30  # tokens from one wide network, at all doors together
_NOTED_AFTER: Final = timedelta(minutes=1)  # a use is noted when the last one that was is older
_HASTE: Final = 1.0  # seconds that noting it waits for others who write


@dataclass(frozen=True, slots=True)
class Apps:
    """All tokens of writing apps. `address` is the one that a request comes from."""

    database: Database
    clock: Clock

    def check(self, address: str) -> None:
        """Raises TooManyWrong where so many tokens from there were wrong that no further one is looked at."""
        with self.database.read() as connection:
            refusal = rate_limits.look(connection, [_limit(address)], self.clock())
        if refusal is not None:
            raise TooManyWrong(refusal.seconds)

    def take(self, token: str, address: str) -> AppToken:
        """The token with that text. Raises WrongToken, which is counted, or TooManyWrong."""
        self.check(address)
        now = self.clock()
        with self.database.read() as connection:
            found = app_tokens.find(connection, token)
        if found is None:
            self.database.transact(lambda connection: rate_limits.take(connection, [_limit(address)], now))
            raise WrongToken
        if found.last_used_at is None or abs(now - found.last_used_at) >= _NOTED_AFTER:
            with suppress(*DATABASE_ERRORS):  # whoever reads need not write
                self.database.transact(lambda connection: app_tokens.note_use(connection, found, now), _HASTE)
        return found

    def add(self, name: str, account: str, scopes: Iterable[str]) -> tuple[AppToken, str]:
        """`create` for an app of a name that no other has. Raises AppTaken too."""
        with self.database.read() as connection:
            if app_tokens.is_named(connection, name := read_name(name, "an app")):
                raise AppTaken(name)
        return self.create(account, name, scopes)

    def create(
        self, account: str, name: str, scopes: Iterable[str], *, client_id: str | None = None
    ) -> tuple[AppToken, str]:
        """A new token of an app for an account, and its text, which is stored nowhere.

        Raises NameUnusable or AccountNotFound.
        """
        name, text, scopes = read_name(name, "an app"), new_secret(), frozenset(scopes)

        def add(connection: Connection) -> AppToken:
            owner = store.named(connection, account)
            return app_tokens.add(connection, owner.id, name, scopes, text, self.clock(), client_id)

        return self.database.transact(add), text

    def listed(self) -> Sequence[AppToken]:
        """All tokens, the newest first."""
        with self.database.read() as connection:
            return app_tokens.everything(connection)

    def end(self, which: int | str) -> None:
        """Ends a token by its id, or all of an app by its name. Raises AppNotFound."""
        if isinstance(which, int):
            ended = self.database.transact(lambda connection: app_tokens.end(connection, which))
        else:
            ended = self.database.transact(lambda connection: app_tokens.end_named(connection, which))
        if not ended:
            raise AppNotFound(str(which))

    def end_token(self, text: str) -> None:
        """Ends the token with that text; nothing if there is none."""
        self.database.transact(lambda connection: app_tokens.end_text(connection, text))


def _limit(address: str) -> Limit:
    return Limit.within(_WINDOW, f"app tokens from:{domains.wide_network(address)}", _MOST_WRONG)
