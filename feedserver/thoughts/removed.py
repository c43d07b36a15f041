"""Pairs of source and post that a moderator removed, known after their thoughts were erased by a keyed hash.

A source is named by its key, its page's key and its words (`source.identity`), so that it is known under other URLs.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select

from feedserver.storage import revision
from feedserver.storage.schema import removed_pairs
from feedserver.thoughts.source.identity import names_of

ROW_SIZE: Final = 150  # bytes of the database, estimated
READ: Final = ("state", "post_id", "source_key", "page_key", "title", "excerpt")  # columns of thoughts
_BYTES: Final = 16  # of a hash


def remember(connection: Connection, rows: Iterable[Any], now: datetime) -> None:
    """Stores the pairs of pings that are about to be erased: rows with the columns `READ`, in any state."""
    secret = revision.secret(connection)
    hashes = {
        _hash(secret, row.post_id, name)
        for row in rows
        if row.state in ("spam", "deleted") and row.source_key is not None
        for name in (row.source_key, *names_of(row.page_key, row.title, row.excerpt))
    }
    if hashes:
        connection.execute(delete(removed_pairs).where(removed_pairs.c.pair.in_(hashes)))
        connection.execute(insert(removed_pairs), [{"pair": pair, "removed_at": now} for pair in sorted(hashes)])


def knows(connection: Connection, post_id: int, names: Iterable[str]) -> bool:
    """Whether the pair of this post and a source with one of these names was removed."""
    secret = revision.secret(connection)
    pairs = [_hash(secret, post_id, name) for name in names]
    query = select(removed_pairs.c.pair).where(removed_pairs.c.pair.in_(pairs)).limit(1)
    return connection.execute(query).first() is not None


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(removed_pairs)).scalar_one()


def forget_oldest(connection: Connection, number: int) -> None:
    """Deletes the oldest pairs."""
    oldest = select(removed_pairs.c.pair).order_by(removed_pairs.c.removed_at).limit(number)
    connection.execute(delete(removed_pairs).where(removed_pairs.c.pair.in_(oldest)))


def _hash(secret: str, post_id: int, name: str) -> str:
    proof = hmac.digest(secret.encode(), f"removed {post_id} {name}".encode("utf-8", "replace"), "sha256")
    return urlsafe_b64encode(proof[:_BYTES]).decode("ascii").rstrip("=")
