"""The SQL of what was imported: it is imported once, whatever became of it here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select

from feedserver.storage.batches import batches
from feedserver.storage.schema import imported

Kind = Literal["post", "thought", "media"]


@dataclass(frozen=True, slots=True)
class Known:
    """What was imported: the id of the post or thought that it became, or the hash of the file."""

    our_id: int | None
    media: str | None
    hash: str


def known(connection: Connection, origin: str, kind: Kind, keys: Iterable[str]) -> dict[str, Known]:
    """What was imported of these keys."""
    query = select(imported).where(imported.c.origin == origin, imported.c.kind == kind)
    return {
        row.key: Known(row.our_id, row.media, row.hash)
        for some in batches(list(keys))
        for row in connection.execute(query.where(imported.c.key.in_(some)))
    }


def add(connection: Connection, origin: str, kind: Kind, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """Notes what was imported: `key`, `hash`, and `our_id` or `media`."""
    same = {"origin": origin, "kind": kind, "imported_at": now, "our_id": None, "media": None}
    if rows:
        connection.execute(insert(imported), [same | row for row in rows])
