"""The SQL of previews: addresses by which a post can be read before readers see it, good for 7 days.

A preview is bound to the post, whatever its slug. The database has hashes of the tokens.
All of it runs in the transaction of the caller's connection.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, or_, select

from feedserver.clock import SKEW, is_within
from feedserver.storage.engine import Database
from feedserver.storage.schema import previews
from feedserver.tokens import hashed, new_secret

TERM: Final = timedelta(days=7)


def make(connection: Connection, post_id: int, now: datetime) -> str:
    """Makes a preview of a post; returns its token, which is part of its address (`Urls.preview`)."""
    token = new_secret()
    connection.execute(insert(previews).values(hash=hashed(token), post_id=post_id, made_at=now))
    return token


def find(connection: Connection, token: str, now: datetime) -> int | None:
    """The id of the post that a token shows; None if it was revoked, its time is over, or nobody made it."""
    query = select(previews.c.post_id, previews.c.made_at).where(previews.c.hash == hashed(token))
    row = connection.execute(query).first()
    return row.post_id if row is not None and is_within(row.made_at, TERM, now) else None


def revoke(connection: Connection, post_id: int) -> int:
    """Ends all previews of a post; returns their number."""
    return connection.execute(delete(previews).where(previews.c.post_id == post_id)).rowcount


def forget_old(database: Database, now: datetime) -> None:
    """Deletes those whose time is over, or that a wrong clock has made. A task of housekeeping."""
    over = or_(previews.c.made_at <= now - TERM, previews.c.made_at > now + SKEW)
    database.transact(lambda connection: connection.execute(delete(previews).where(over)))
