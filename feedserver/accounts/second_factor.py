"""The SQL of second factors: codes that are taken once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from feedserver.accounts import store, totp
from feedserver.accounts.model import Account
from feedserver.storage.schema import accounts, recovery_codes
from feedserver.tokens import hashed


def accepts(connection: Connection, account: Account, code: str, now: datetime) -> bool:
    """Whether a code lets an account in, by time or for recovery; it is used then. Without second factor any does."""
    if account.totp_key is None:
        return True
    step = totp.matching_step(account.totp_key, code, now)
    if step is None:
        return _use_recovery_code(connection, account.id, code)
    return _use_step(connection, account.id, step, now)


def turn_on(connection: Connection, account_id: int, key: str, step: int, codes: Sequence[str]) -> None:
    """Stores a key, the step of the code that has shown that it is known, and recovery codes."""
    turn_off(connection, account_id)
    store.change(connection, account_id, totp_key=key, totp_step=step)
    connection.execute(insert(recovery_codes), [{"account_id": account_id, "hash": hashed(code)} for code in codes])


def turn_off(connection: Connection, account_id: int) -> None:
    """Forgets the key and the recovery codes."""
    store.change(connection, account_id, totp_key=None, totp_step=None)
    connection.execute(delete(recovery_codes).where(recovery_codes.c.account_id == account_id))


def recovery_codes_left(connection: Connection, account_id: int) -> int:
    """How many recovery codes were not used yet."""
    query = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.account_id == account_id)
    return connection.execute(query).scalar_one()


def _use_step(connection: Connection, account_id: int, step: int, now: datetime) -> bool:
    """Notes that the code of a step was taken; False if it, or a later one, was before.

    A noted step that cannot have come yet is of a clock that was wrong.
    """
    noted = accounts.c.totp_step
    is_new = or_(noted.is_(None), noted < step, noted > totp.step_at(now) + 1)
    taken = connection.execute(update(accounts).where(accounts.c.id == account_id, is_new).values(totp_step=step))
    return taken.rowcount == 1


def _use_recovery_code(connection: Connection, account_id: int, typed: str) -> bool:
    code = totp.read_recovery_code(typed)
    of_code = (recovery_codes.c.account_id == account_id) & (recovery_codes.c.hash == hashed(code))
    return connection.execute(delete(recovery_codes).where(of_code)).rowcount == 1
