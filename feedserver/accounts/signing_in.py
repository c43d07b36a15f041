"""Signing in, with a password or a sign-in link, and out; and who is signed in."""

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from feedserver.accounts import links, second_factor, sessions, store, wrong_tries
from feedserver.accounts.checking import PasswordCheck
from feedserver.accounts.model import Account, Link, Session, Visitor, read_name
from feedserver.accounts.passwords import Hasher, read_new
from feedserver.clock import Clock
from feedserver.errors import LinkEnded, WrongCode, WrongSignIn
from feedserver.storage.engine import Database
from feedserver.storage.explaining import DATABASE_ERRORS
from feedserver.tokens import new_secret

_HASTE = 1.0  # seconds that noting a use waits for others who write


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that has just begun. `secret` is for the cookie, and stored nowhere."""

    secret: str
    session: Session


@dataclass(frozen=True, slots=True)
class SigningIn:
    """Begins and ends sessions. `former` is the cookie that a browser had before: that session ends."""

    database: Database
    clock: Clock
    hasher: Hasher

    def with_password(self, name: str, password: str, code: str, visitor: Visitor, former: str | None) -> Begun:
        """Raises WrongSignIn, TooManyWrong or TooManyAtOnce. `code`: of the second factor, where there is one."""
        right = PasswordCheck(self.database, self.clock, self.hasher).check(name, password, visitor.address)

        def let_in(connection: Connection) -> Begun:
            now = self.clock()
            account = right.confirm(connection, now)
            if not second_factor.accepts(connection, account, code, now):
                raise WrongSignIn
            return self._begin(connection, account, visitor, former)

        return self.database.transact(let_in)

    def link(self, token: str) -> Link:
        """A sign-in link that is good; nothing is used up. Raises LinkEnded."""
        with self.database.read() as connection:
            return links.find(connection, token, self.clock())

    def with_link(self, token: str, name: str, password: str, code: str, visitor: Visitor, former: str | None) -> Begun:
        """Sets a password, which ends the account's other sessions, and uses the link up.

        `name` is that of the first account, where the link makes it; `code` of the second factor, where it is asked.
        Raises LinkEnded; NameUnusable, PasswordRefused or WrongCode, after which the link is as good as before;
        TooManyWrong or TooManyAtOnce.
        """
        now, link = self.clock(), self.link(token)
        name, password = link.account.name if link.account else read_name(name), read_new(password)
        limits = []
        if link.asks_code and link.account and link.account.totp_key:
            with self.database.read() as connection:
                limits = wrong_tries.limits(connection, link.account, name, visitor.address, now)
                wrong_tries.require_room(connection, limits, now)
        with self.hasher.slot():
            if limits:
                self.database.transact(lambda connection: wrong_tries.count(connection, limits, now))
            hash_ = self.hasher.make(password)

        def let_in(connection: Connection) -> Begun:
            account = self._of_link(connection, token, name, code)
            wrong_tries.take_back(connection, limits, now, self.clock())
            store.change(connection, account.id, password=hash_)
            sessions.end_all(connection, account.id)
            return self._begin(connection, account, visitor, former)

        return self.database.transact(let_in)

    def session_of(self, secret: str) -> Session | None:
        """The session of a cookie; None if it has ended or never was. Its 30 days begin anew, at most once a minute."""
        now = self.clock()
        with self.database.read() as connection:
            found = sessions.find(connection, secret, now)
        if found is not None and abs(now - found.used_at) >= sessions.NOTED_AFTER:
            with suppress(*DATABASE_ERRORS):  # whoever reads need not write
                self.database.transact(lambda connection: sessions.note_use(connection, found, now), _HASTE)
        return found

    def sign_out(self, secret: str) -> None:
        """Ends the session of a cookie."""
        self.database.transact(lambda connection: sessions.end_secret(connection, secret))

    def _of_link(self, connection: Connection, token: str, name: str, code: str) -> Account:
        """The account that a link is for, or makes; the link is used up."""
        now = self.clock()
        link = links.find(connection, token, now)
        links.use_up(connection, token)
        if link.account is None:
            return store.add(connection, name, now)
        account = store.locked(connection, link.account.id)
        if account is None:  # removed meanwhile
            raise LinkEnded
        if not link.asks_code:
            second_factor.turn_off(connection, account.id)
        elif not second_factor.accepts(connection, account, code, now):
            raise WrongCode
        return account

    def _begin(self, connection: Connection, account: Account, visitor: Visitor, former: str | None) -> Begun:
        now, secret = self.clock(), new_secret()
        if former is not None:
            sessions.end_secret(connection, former)
        store.change(connection, account.id, signed_in_at=now)
        wrong_tries.know(connection, account.id, visitor.address, now)
        return Begun(secret, sessions.begin(connection, account.id, secret, visitor, now))
