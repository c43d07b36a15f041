"""The SQL of what was imported: it is imported once, whatever became of it here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from feedserver.storage.batches import batches
from feedserver.storage.schema import imported

Kind = Literal["post", "thought", "media", "redirect"]


@dataclass(frozen=True, slots=True)
class Known:
    """What was imported: the id of the post or thought that it became, or the hash of the file.

    `lacking` is a hash of a post's document while files that it names are not here.
    """

    our_id: int | None
    media: str | None
    hash: str
    lacking: str | None


def known(connection: Connection, origin: str, kind: Kind, keys: Iterable[str]) -> dict[str, Known]:
    """What was imported of these keys."""
    query = select(imported).where(imported.c.origin == origin, imported.c.kind == kind)
    return {
        row.key: Known(row.our_id, row.media, row.hash, row.lacking)
        for some in batches(list(keys))
        for row in connection.execute(query.where(imported.c.key.in_(some)))
    }


def add(connection: Connection, origin: str, kind: Kind, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """Notes what was imported: `key`, `hash`, and `our_id` or `media`, of a post `lacking`."""
    same = {"origin": origin, "kind": kind, "imported_at": now, "our_id": None, "media": None, "lacking": None}
    if rows:
        connection.execute(insert(imported), [same | row for row in rows])


def note_lacking(connection: Connection, origin: str, key: str, lacking: str | None) -> None:
    """Notes the document of a post that lacks files, or that it lacks none any more."""
    is_it = (imported.c.origin == origin, imported.c.kind == "post", imported.c.key == key)
    connection.execute(update(imported).where(*is_it).values(lacking=lacking))
