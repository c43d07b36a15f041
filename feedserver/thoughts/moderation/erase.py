"""Erases thoughts, at the request of those whom they tell of: words, names and addresses go, wherever they stand.

What stays is the row with its receipt, which says so, and keyed hashes of the pair (`removed`), by which neither a look
nor a ping brings it back. `docs/interface.md`, “Erasing”, lists what happens to each table.
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection, delete, or_, select, update

from feedserver.storage import rate_limits, revision
from feedserver.storage.batches import batches
from feedserver.storage.engine import Database
from feedserver.storage.schema import jobs, moderation_actions, thoughts
from feedserver.thoughts import deletion, joining, removed, store, timeline
from feedserver.thoughts.lifecycle import ERASED, is_erased
from feedserver.thoughts.model import State
from feedserver.thoughts.moderation import undo
from feedserver.thoughts.moderation.hosts import below
from feedserver.thoughts.source.identity import key_hash, own_page_key, page_key
from feedserver.thoughts.verification import sources
from feedserver.thoughts.verification.recheck import VERIFY

_BATCH: Final = 200  # thoughts in one transaction: other writers wait a moment
_LOOKED_AT: Final[tuple[State, ...]] = ("received", "shown", "held")


def ids_of_email(connection: Connection, address: str) -> list[int]:
    """All thoughts of a commenter who gave this email address, in any letter case."""
    given = select(thoughts.c.id, thoughts.c.email).where(thoughts.c.email.is_not(None)).order_by(thoughts.c.id)
    wanted = _folded(address)
    return [row.id for row in connection.execute(given) if _folded(row.email) == wanted]


def ids_of_post(connection: Connection, post_id: int) -> list[int]:
    """All thoughts on a post, and those on other posts whose words are its own: it links to them."""
    of_post = or_(thoughts.c.post_id == post_id, thoughts.c.page_key == own_page_key(post_id))
    return list(connection.execute(select(thoughts.c.id).where(of_post).order_by(thoughts.c.id)).scalars())


def erase(database: Database, thought_ids: Sequence[int], now: datetime, host: str | None = None) -> list[int]:
    """Erases thoughts, for good; returns the ids of those that are there. `host`: all of them are from this host.

    After it comes `Database.forget_deleted`, or their words may still be read in SQLite's file.
    """
    erased = [
        one for some in batches(thought_ids, _BATCH) for one in database.transact(partial(_erase, ids=some, now=now))
    ]
    if erased:
        database.transact(partial(_close_log, host=host, now=now))
    return erased


def _erase(connection: Connection, ids: Sequence[int], now: datetime) -> list[int]:
    """Erases a few thoughts. Locks pages, jobs and thoughts in the order of `verification`."""
    rows = connection.execute(select(thoughts).where(thoughts.c.id.in_(ids))).all()
    keys = sorted({row.source_key for row in rows if row.source_key is not None})
    pages = {row.page_key for row in rows if row.page_key is not None}
    joining.lock_pages(connection, pages | {page_key(source_key) for source_key in keys})
    _delete_jobs(connection, keys, ids)
    found = store.lock(connection, [row.id for row in rows])
    left = [thought for thought in found.values() if not is_erased(thought)]
    if any(thought.state == "shown" for thought in left):
        revision.revise(connection)
    removed.remember_erased(connection, left, now)
    urls = joining.forget_urls(connection, list(found))
    sources.forget(connection, [*urls, *map(key_hash, keys)])
    deletion.forget_past(connection, list(found))
    deletion.blank(connection, [thought.id for thought in left], now)
    timeline.record_all(connection, dict.fromkeys(found, ERASED), "erased", now)
    return sorted(found)


def _delete_jobs(connection: Connection, source_keys: Sequence[str], ids: Sequence[int]) -> None:
    """Deletes the jobs of sources that no other thought needs; one that runs finds its job gone."""
    others = select(thoughts.c.source_key).where(
        thoughts.c.source_key.in_(source_keys), thoughts.c.state.in_(_LOOKED_AT), thoughts.c.id.not_in(ids)
    )
    unneeded = set(source_keys) - set(connection.execute(others).scalars())
    connection.execute(delete(jobs).where(jobs.c.kind == VERIFY, jobs.c.subject.in_(unneeded)))


def _close_log(connection: Connection, host: str | None, now: datetime) -> None:
    """Ends what can be undone, and takes names out of its log and out of the counters of the last minutes."""
    rate_limits.forget_all(connection)
    undo.remove_empty(connection)
    if host is not None:
        named = update(moderation_actions).where(below(moderation_actions.c.host, host))
        connection.execute(named.values(host=None))
    undo.add(connection, undo.ERASE, (), now)


def _folded(address: str) -> str:
    return unicodedata.normalize("NFC", address.strip().casefold())
