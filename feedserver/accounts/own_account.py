"""What somebody who is signed in may change of the own account: password, second factor, sessions."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from feedserver.accounts import second_factor, sessions, store, totp
from feedserver.accounts.checking import PasswordCheck, RightPassword
from feedserver.accounts.model import Account, Session
from feedserver.accounts.passwords import Hasher, read_new
from feedserver.clock import Clock
from feedserver.errors import AccountNotFound, WrongCode, WrongSignIn
from feedserver.storage.engine import Database


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """Changes the account of a session. `address` is that from which somebody asks, who has to know the password."""

    database: Database
    clock: Clock
    hasher: Hasher

    def account(self, session: Session) -> Account:
        """The account; raises AccountNotFound where it was removed meanwhile."""
        with self.database.read() as connection:
            found = store.by_id(connection, session.account_id)
        if found is None:
            raise AccountNotFound(session.account)
        return found

    def sessions(self, session: Session) -> Sequence[Session]:
        """All sessions of the account that go on, the last used one first."""
        with self.database.read() as connection:
            return sessions.of_account(connection, session.account_id, self.clock())

    def end(self, session: Session, session_id: int) -> None:
        """Ends a session of the account."""
        self.database.transact(lambda connection: sessions.end(connection, session.account_id, session_id))

    def end_others(self, session: Session) -> None:
        """Ends all sessions of the account but this one."""
        self.database.transact(lambda connection: sessions.end_others(connection, session))

    def change_password(self, session: Session, password: str, new: str, address: str) -> None:
        """Sets a new password; other sessions end. Raises as `PasswordCheck.check` does, or PasswordRefused."""
        new = read_new(new)
        right = self._check(session, password, address)
        with self.hasher.slot():
            hash_ = self.hasher.make(new)

        def change(connection: Connection) -> None:
            right.confirm(connection, self.clock())
            store.change(connection, right.account.id, password=hash_)
            sessions.end_others(connection, session)

        self.database.transact(change)

    def recovery_codes_left(self, session: Session) -> int:
        """How many recovery codes were not used yet."""
        with self.database.read() as connection:
            return second_factor.recovery_codes_left(connection, session.account_id)

    def turn_second_factor_on(self, session: Session, key: str, code: str) -> Sequence[str]:
        """Turns the second factor on and returns the recovery codes, which are told this once.

        Raises WrongCode unless `code` is one of the key, and where there is a second factor already.
        """
        now, codes = self.clock(), totp.new_recovery_codes()
        step = totp.matching_step(key, code, now) if totp.is_key(key) else None

        def turn_on(connection: Connection) -> None:
            account = store.locked(connection, session.account_id)
            if account is None or account.totp_key is not None or step is None:
                raise WrongCode
            second_factor.turn_on(connection, account.id, key, step, codes)

        self.database.transact(turn_on)
        return codes

    def turn_second_factor_off(self, session: Session, password: str, address: str) -> None:
        """Turns the second factor off. Raises as `PasswordCheck.check` does."""
        right = self._check(session, password, address)

        def turn_off(connection: Connection) -> None:
            second_factor.turn_off(connection, right.confirm(connection, self.clock()).id)

        self.database.transact(turn_off)

    def _check(self, session: Session, password: str, address: str) -> RightPassword:
        right = PasswordCheck(self.database, self.clock, self.hasher).check(session.account, password, address)
        if right.account.id != session.account_id:  # another one of the same name, since this one was removed
            raise WrongSignIn
        return right
