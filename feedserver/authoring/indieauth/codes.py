"""The SQL of authorization codes: what the author has granted to an app that has not got its token yet.

The database has hashes of the codes. All of it runs in the transaction of the caller's connection.
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, or_, select, update

from feedserver.authoring.indieauth.asking import Asked
from feedserver.clock import SKEW
from feedserver.storage.schema import indieauth_codes
from feedserver.tokens import hashed, new_secret

TERM: Final = timedelta(minutes=10)  # in which a code is good (IndieAuth section 5.2.1)
_KEPT: Final = timedelta(days=1)  # so that a second use is noticed


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for. `account` is the author's name; `app_id` is the token that it became, None without."""

    account: str
    client_id: str
    redirect_uri: str
    challenge: str | None
    scopes: tuple[str, ...]
    made_at: datetime
    used_at: datetime | None
    used_again: bool
    app_id: int | None


def make(connection: Connection, asked: Asked, account: str, now: datetime) -> str:
    """Stores what an account grants; returns the code. Deletes codes that are long over."""
    made_at = indieauth_codes.c.made_at
    connection.execute(delete(indieauth_codes).where(or_(made_at <= now - _KEPT, made_at > now + SKEW)))
    code = new_secret()
    values = {
        "hash": hashed(code),
        "account": account,
        "client_id": asked.client_id,
        "redirect_uri": asked.redirect_uri,
        "challenge": asked.challenge,
        "scopes": " ".join(asked.scopes),
        "made_at": now,
        "used_again": False,
    }
    connection.execute(insert(indieauth_codes).values(values))
    return code


def find(connection: Connection, code: str) -> Grant | None:
    query = select(*(indieauth_codes.c[one.name] for one in fields(Grant))).where(
        indieauth_codes.c.hash == hashed(code)
    )
    row = connection.execute(query).first()
    return None if row is None else Grant(**{**row._mapping, "scopes": tuple(row.scopes.split())})  # noqa: SLF001 - documented


def use(connection: Connection, code: str, now: datetime) -> bool:
    """Marks a code as used; returns whether this is its first use. A second one is noted."""
    this = update(indieauth_codes).where(indieauth_codes.c.hash == hashed(code))
    is_first = connection.execute(this.where(indieauth_codes.c.used_at.is_(None)).values(used_at=now)).rowcount == 1
    if not is_first:
        connection.execute(this.values(used_again=True))
    return is_first


def note_token(connection: Connection, code: str, app_id: int) -> None:
    """Writes which token a code has become."""
    connection.execute(update(indieauth_codes).where(indieauth_codes.c.hash == hashed(code)).values(app_id=app_id))
