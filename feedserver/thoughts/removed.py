"""Pairs of source and post that a moderator removed, known by a keyed hash after their thoughts or words were erased.

A source is named by its key, its page's key and its words (`source.identity`), so that it is known under other URLs; a
comment by its author's name and its words.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select

from feedserver.storage import revision
from feedserver.storage.batches import batches, rows_among
from feedserver.storage.schema import removed_pairs
from feedserver.thoughts.model import Thought
from feedserver.thoughts.source.identity import names_of, page_key

ROW_SIZE: Final = 150  # bytes of the database, estimated
# Columns of thoughts.
READ: Final = ("state", "post_id", "source_key", "page_key", "author_name", "title", "excerpt")
_BYTES: Final = 16  # of a hash
_OF_STRANGERS: Final = removed_pairs.c.thought_id.is_(None)


@dataclass(frozen=True, slots=True)
class Removed:
    """A pair that was removed; `thought_id` is that of its erased thought, None if the thought itself is deleted."""

    thought_id: int | None


def remember(connection: Connection, rows: Iterable[Any], now: datetime) -> None:
    """Stores the pairs of thoughts that are about to be deleted: rows with the columns `READ`, in any state."""
    key = revision.kept_key(connection)
    gone = [row for row in rows if row.state in ("spam", "deleted")]
    _store(connection, {_hash(key, row.post_id, name): None for row in gone for name in _names(row)}, now)


def remember_erased(connection: Connection, thoughts: Iterable[Thought], now: datetime) -> None:
    """Stores the pairs of thoughts that are about to be erased, in any state, and the words that wait beside theirs."""
    key = revision.kept_key(connection)
    hashes: dict[str, int | None] = {}
    for thought in thoughts:
        waiting = thought.pending_content
        names = _names(thought) + (names_of(thought.page_key, waiting.title, waiting.excerpt) if waiting else [])
        hashes |= {_hash(key, thought.post_id, name): thought.id for name in names}
    _store(connection, hashes, now)


def find(connection: Connection, post_id: int, names: Iterable[str]) -> Removed | None:
    """What is known of the pair of this post and a source with one of these names; None if it was not removed."""
    key = revision.kept_key(connection)
    pairs = [_hash(key, post_id, name) for name in names]
    query = select(removed_pairs.c.thought_id).where(removed_pairs.c.pair.in_(pairs))
    row = connection.execute(query.order_by(removed_pairs.c.thought_id.desc().nulls_last()).limit(1)).first()
    return Removed(row.thought_id) if row else None


def posts_among(connection: Connection, names: Mapping[int, Sequence[str]]) -> set[int]:
    """Those posts of which a source was removed that has one of the names given for the post."""
    pairs = [(post_id, name) for post_id, known in names.items() for name in known]
    return {post_id for post_id, _ in among(connection, pairs)}


def among(connection: Connection, pairs: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those pairs of a post's id and a name that were removed."""
    if not pairs:
        return set()
    key = revision.kept_key(connection)
    hashes = {_hash(key, post_id, name): (post_id, name) for post_id, name in pairs}
    pair = removed_pairs.c.pair
    return {hashes[row.pair] for row in rows_among(connection, select(pair), pair, hashes)}


def names_of_source(source_key: str) -> list[str]:
    """The names of a source that is known by its address alone."""
    return [source_key, page_key(source_key)]


def name_of_comment(author_name: str, text: str) -> str:
    return f"comment {author_name}\n{text}"


def count(connection: Connection) -> int:
    """How many pairs are stored that a bound holds for: not those that were erased, of which none is forgotten."""
    return connection.execute(select(func.count()).select_from(removed_pairs).where(_OF_STRANGERS)).scalar_one()


def forget_oldest(connection: Connection, number: int) -> None:
    """Deletes the oldest of the pairs that `count` counts."""
    oldest = select(removed_pairs.c.pair).where(_OF_STRANGERS).order_by(removed_pairs.c.removed_at).limit(number)
    connection.execute(delete(removed_pairs).where(removed_pairs.c.pair.in_(oldest)))


def _names(row: Any) -> list[str]:
    if row.source_key is None:
        return [name_of_comment(row.author_name, row.excerpt)]
    return names_of_source(row.source_key) + names_of(row.page_key, row.title, row.excerpt)


def _store(connection: Connection, hashes: Mapping[str, int | None], now: datetime) -> None:
    for some in batches(sorted(hashes)):
        is_one = removed_pairs.c.pair.in_(some)
        connection.execute(delete(removed_pairs).where(is_one, _OF_STRANGERS))
        erased = set(connection.execute(select(removed_pairs.c.pair).where(is_one)).scalars())
        rows = [{"pair": pair, "removed_at": now, "thought_id": hashes[pair]} for pair in some if pair not in erased]
        if rows:
            connection.execute(insert(removed_pairs), rows)


def _hash(key: str, post_id: int, name: str) -> str:
    proof = hmac.digest(key.encode(), f"removed {post_id} {name}".encode("utf-8", "replace"), "sha256")
    return urlsafe_b64encode(proof[:_BYTES]).decode("ascii").rstrip("=")
