"""The SQL of accounts."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from feedserver.accounts import sessions
from feedserver.accounts.model import Account, ListedAccount, folded
from feedserver.errors import AccountNotFound
from feedserver.storage import schema
from feedserver.storage.schema import accounts
from feedserver.tokens import new_number

_ACCOUNT: Final = [accounts.c[name] for name in ("id", "name", "password", "totp_key", "created_at", "signed_in_at")]
_OF_AN_ACCOUNT: Final = (
    schema.app_tokens,
    schema.recovery_codes,
    schema.known_networks,
    schema.sign_in_links,
    schema.sessions,
)


def by_name(connection: Connection, name: str) -> Account | None:
    """The account of that name, in any letter case."""
    return _account(connection.execute(select(*_ACCOUNT).where(accounts.c.folded == folded(name))).one_or_none())


def named(connection: Connection, name: str) -> Account:
    """The same; raises AccountNotFound."""
    if (found := by_name(connection, name)) is None:
        raise AccountNotFound(name)
    return found


def by_id(connection: Connection, account_id: int) -> Account | None:
    """The account with that id."""
    return _account(connection.execute(select(*_ACCOUNT).where(accounts.c.id == account_id)).one_or_none())


def locked(connection: Connection, account_id: int) -> Account | None:
    """The same; nobody else changes it until the transaction ends."""
    query = select(*_ACCOUNT).where(accounts.c.id == account_id).with_for_update()
    return _account(connection.execute(query).one_or_none())


def first_two(connection: Connection) -> list[Account]:
    """Accounts, two at most: to tell none, one, and several."""
    return [Account(**row._mapping) for row in connection.execute(select(*_ACCOUNT).limit(2))]  # noqa: SLF001 - documented


def listed(connection: Connection, now: datetime) -> list[ListedAccount]:
    """All accounts by name, with the number of sessions that go on."""
    number = select(func.count()).where(schema.sessions.c.account_id == accounts.c.id, sessions.go_on(now))
    query = select(*_ACCOUNT, number.scalar_subquery().label("sessions")).order_by(accounts.c.folded)
    return [
        ListedAccount(row.name, row.created_at, row.signed_in_at, row.sessions, totp=row.totp_key is not None)
        for row in connection.execute(query)
    ]


def add(connection: Connection, name: str, now: datetime) -> Account:
    """Adds an account without a password. A name that is taken violates a constraint."""
    values = {"id": new_number(), "name": name, "folded": folded(name), "created_at": now}
    row = connection.execute(insert(accounts).values(values).returning(*_ACCOUNT)).one()
    return Account(**row._mapping)  # noqa: SLF001 - documented


def remove(connection: Connection, account_id: int) -> None:
    """Removes an account with its sessions, links and tokens."""
    for table in _OF_AN_ACCOUNT:
        connection.execute(delete(table).where(table.c.account_id == account_id))
    connection.execute(delete(accounts).where(accounts.c.id == account_id))


def change(connection: Connection, account_id: int, **values: Any) -> None:
    """Sets columns of an account."""
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(values))


def _account(row: Row[Any] | None) -> Account | None:
    return None if row is None else Account(**row._mapping)  # noqa: SLF001 - documented
