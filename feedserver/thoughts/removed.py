"""Pairs of source and post that a moderator called spam, known after their thoughts have expired by a keyed hash."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from feedserver.storage import revision
from feedserver.storage.schema import removed_pairs

ROW_SIZE: Final = 150  # bytes of the database, estimated
_BYTES: Final = 16  # of a hash


def remember(connection: Connection, pairs: Iterable[tuple[int, str]], now: datetime) -> None:
    """Stores pairs of post id and source key whose thoughts are erased."""
    secret = revision.secret(connection)
    rows = [{"pair": _hash(secret, post_id, source_key), "removed_at": now} for post_id, source_key in pairs]
    if rows:
        connection.execute(delete(removed_pairs).where(removed_pairs.c.pair.in_([row["pair"] for row in rows])))
        connection.execute(insert(removed_pairs), rows)


def knows(connection: Connection, post_id: int, source_key: str) -> bool:
    """Whether the pair was removed."""
    pair = _hash(revision.secret(connection), post_id, source_key)
    return connection.execute(select(removed_pairs.c.pair).where(removed_pairs.c.pair == pair)).first() is not None


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(removed_pairs)).scalar_one()


def forget_oldest(connection: Connection, number: int) -> None:
    """Deletes the oldest pairs."""
    oldest = select(removed_pairs.c.pair).order_by(removed_pairs.c.removed_at).limit(number)
    connection.execute(delete(removed_pairs).where(removed_pairs.c.pair.in_(oldest)))


def _hash(secret: str, post_id: int, source_key: str) -> str:
    proof = hmac.digest(secret.encode(), f"removed {post_id} {source_key}".encode("utf-8", "replace"), "sha256")
    return urlsafe_b64encode(proof[:_BYTES]).decode("ascii").rstrip("=")
