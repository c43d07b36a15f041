"""Pairs of source and post that a moderator called spam, known after their thoughts have expired by a keyed hash.

A source is named by its key, its page's key and its words (`source.identity`), so that it is known under other URLs.
"""

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
    """Stores pairs of post id and name of a source whose thoughts are erased."""
    secret = revision.secret(connection)
    hashes = {_hash(secret, post_id, name) for post_id, name in pairs}
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
