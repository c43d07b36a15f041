"""The SQL of what was imported: it is imported once, whatever became of it here.

An item is known by its key at its origin, or by what it says: a copy of an export has another name, and says the same.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, insert, select, update

from feedserver.storage.batches import rows_among
from feedserver.storage.schema import imported, media, thoughts
from feedserver.text import clean
from feedserver.transfer.imports.spool import SpooledPost, SpooledThought
from feedserver.transfer.items import ImportedMedia

_LONGEST: Final = 500  # characters of a key

Kind = Literal["post", "thought", "media", "redirect"]


@dataclass(frozen=True, slots=True)
class Known:
    """What was imported: the id of the post or thought that it became, or the hash of the file.

    `lacking` is a hash of a post's document while files that it names are not here.
    """

    our_id: int | None
    media: str | None
    hash: str | None  # of what was there; None where that is not known
    lacking: str | None


def stored_key(key: str) -> str:
    """A key, or the name of an origin, as it is stored: clean, and short enough for an index."""
    kept = clean(key)
    if len(kept) <= _LONGEST:
        return kept
    return kept[:_LONGEST] + hashlib.sha256(kept.encode("utf-8", "replace")).hexdigest()


def known(connection: Connection, origin: str, kind: Kind, keys: Iterable[str]) -> dict[str, Known]:
    """What was imported of these keys."""
    query = select(imported).where(imported.c.origin == stored_key(origin), imported.c.kind == kind)
    by_stored = {stored_key(key): key for key in keys}
    return {by_stored[row.key]: _known(row) for row in rows_among(connection, query, imported.c.key, by_stored)}


def known_posts(connection: Connection, origin: str, some: Iterable[SpooledPost]) -> dict[str, Known]:
    """Those of `some` that were imported, by their keys."""
    return _known_items(connection, origin, "post", {one.item.key: one.hashes for one in some})


def known_thoughts(connection: Connection, origin: str, some: Sequence[SpooledThought]) -> dict[str, Known]:
    """Those of `some` that were imported, or have the id of one that is here, by their keys."""
    keys = {one.item.guid: one.item.key for one in some if one.item.guid}
    rows = rows_among(connection, select(thoughts.c.guid, thoughts.c.id), thoughts.c.guid, keys)
    here = {keys[row.guid]: Known(row.id, None, None, None) for row in rows}
    return here | _known_items(connection, origin, "thought", {one.item.key: (one.hash,) for one in some})


def _known_items(
    connection: Connection, origin: str, kind: Kind, hashes: Mapping[str, Iterable[str]]
) -> dict[str, Known]:
    """What was imported with these keys, or of any origin with these hashes."""
    found = known(connection, origin, kind, hashes)
    keys = {one: key for key, some in hashes.items() if key not in found for one in some}
    query = select(imported).where(imported.c.kind == kind)
    return found | {keys[row.hash]: _known(row) for row in rows_among(connection, query, imported.c.hash, keys)}


def _known(row: Row[Any]) -> Known:
    return Known(row.our_id, row.media, row.hash, row.lacking)


def known_media(connection: Connection, origin: str, some: Iterable[ImportedMedia]) -> dict[str, Known]:
    """Those of `some` that were imported, or whose bytes are here, by their keys."""
    items = list(some)
    keys = {one.hash: one.key for one in items if one.hash}
    rows = rows_among(connection, select(media.c.hash), media.c.hash, keys)
    here = {keys[row.hash]: Known(None, row.hash, None, None) for row in rows}
    return here | known(connection, origin, "media", [one.key for one in items])


def add(connection: Connection, origin: str, kind: Kind, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """Notes what was imported: `key`, `hash`, and `our_id` or `media`, of a post `lacking`."""
    same = {
        "origin": stored_key(origin),
        "kind": kind,
        "imported_at": now,
        "our_id": None,
        "media": None,
        "lacking": None,
    }
    if rows:
        connection.execute(insert(imported), [same | row | {"key": stored_key(row["key"])} for row in rows])


def note_lacking(connection: Connection, origin: str, key: str, lacking: str | None) -> None:
    """Notes the document of a post that lacks files, or that it lacks none any more."""
    is_it = (imported.c.origin == stored_key(origin), imported.c.kind == "post", imported.c.key == stored_key(key))
    connection.execute(update(imported).where(*is_it).values(lacking=lacking))
