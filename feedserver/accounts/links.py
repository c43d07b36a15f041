"""The SQL of sign-in links: addresses under which a person sets a password, good once and for an hour."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, not_, select

from feedserver.accounts import store
from feedserver.accounts.model import LINK, Link
from feedserver.clock import SKEW, is_within
from feedserver.errors import LinkEnded
from feedserver.storage.schema import sign_in_links
from feedserver.tokens import hashed


def put(connection: Connection, account_id: int | None, token: str, now: datetime, *, asks_code: bool) -> None:
    """Stores a link in place of any older one for the same account, or (None) for the first one to come."""
    of_account = sign_in_links.c.account_id.is_not_distinct_from(account_id)
    connection.execute(delete(sign_in_links).where(of_account))
    row = {"hash": hashed(token), "account_id": account_id, "created_at": now, "asks_code": asks_code}
    connection.execute(insert(sign_in_links).values(row))


def find(connection: Connection, token: str, now: datetime) -> Link:
    """A link that is good. Raises LinkEnded for one that was used, is too old, or never was."""
    row = connection.execute(select(sign_in_links).where(sign_in_links.c.hash == hashed(token))).one_or_none()
    if row is None or not is_within(row.created_at, LINK, now):
        raise LinkEnded
    if row.account_id is not None:
        return Link(store.by_id(connection, row.account_id), row.asks_code)
    if store.first_two(connection):  # somebody has come first
        raise LinkEnded
    return Link(None, asks_code=False)


def use_up(connection: Connection, token: str) -> None:
    """Ends a link that was found. Raises LinkEnded where another request has done so meanwhile."""
    if connection.execute(delete(sign_in_links).where(sign_in_links.c.hash == hashed(token))).rowcount == 0:
        raise LinkEnded


def forget_old(connection: Connection, now: datetime) -> None:
    """Deletes the links that are good no more."""
    is_good = (sign_in_links.c.created_at > now - LINK) & (sign_in_links.c.created_at <= now + SKEW)
    connection.execute(delete(sign_in_links).where(not_(is_good)))
