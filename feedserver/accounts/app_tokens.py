"""The SQL of tokens of writing apps."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from feedserver.accounts.model import AppToken
from feedserver.storage.schema import accounts, app_tokens
from feedserver.tokens import hashed, new_number

_COLUMNS: Final = ("id", "name", "scopes", "created_at", "last_used_at", "client_id")
_FIND: Final = select(*(app_tokens.c[name] for name in _COLUMNS), accounts.c.name.label("account")).join_from(
    app_tokens, accounts
)


def add(
    connection: Connection,
    account_id: int,
    name: str,
    scopes: Iterable[str],
    token: str,
    now: datetime,
    client_id: str | None,
) -> AppToken:
    """Stores a token."""
    row = {
        "id": new_number(),
        "name": name,
        "account_id": account_id,
        "scopes": " ".join(sorted(scopes)),
        "hash": hashed(token),
        "created_at": now,
        "client_id": client_id,
    }
    connection.execute(insert(app_tokens).values(row))
    added = find(connection, token)
    assert added is not None
    return added


def find(connection: Connection, token: str) -> AppToken | None:
    """The token with that text."""
    row = connection.execute(_FIND.where(app_tokens.c.hash == hashed(token))).one_or_none()
    return None if row is None else _token(row)


def is_named(connection: Connection, name: str) -> bool:
    """Whether an app has the name."""
    query = select(func.count()).select_from(app_tokens).where(app_tokens.c.name == name)
    return connection.execute(query).scalar_one() > 0


def everything(connection: Connection) -> list[AppToken]:
    """All tokens, the newest first."""
    return [_token(row) for row in connection.execute(_FIND.order_by(app_tokens.c.created_at.desc(), app_tokens.c.id))]


def note_use(connection: Connection, token: AppToken, now: datetime) -> None:
    connection.execute(update(app_tokens).where(app_tokens.c.id == token.id).values(last_used_at=now))


def end(connection: Connection, token_id: int) -> int:
    """Ends a token; returns how many were ended."""
    return connection.execute(delete(app_tokens).where(app_tokens.c.id == token_id)).rowcount


def end_named(connection: Connection, name: str) -> int:
    """Ends the tokens of an app by its name; returns how many were ended."""
    return connection.execute(delete(app_tokens).where(app_tokens.c.name == name)).rowcount


def end_text(connection: Connection, token: str) -> int:
    """Ends the token with that text; returns how many were ended."""
    return connection.execute(delete(app_tokens).where(app_tokens.c.hash == hashed(token))).rowcount


def _token(row: Any) -> AppToken:
    values = row._asdict()
    return AppToken(**values | {"scopes": frozenset(values["scopes"].split())})
