"""Builds the index of a site that has none, or that an older program has changed: at each start, in batches.

It can be interrupted and repeated. Meanwhile search finds what is in it already.
"""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection, except_, select

from feedserver.posts import store
from feedserver.search import index
from feedserver.storage import word_index
from feedserver.storage.batches import batches
from feedserver.storage.engine import Database
from feedserver.storage.schema import posts, search_texts

_log = logging.getLogger(__name__)
_AT_A_TIME: Final = 100  # posts in one transaction
_MANY: Final = 500  # posts: an index of so many is made faster anew than it follows them


def build(database: Database) -> bool:
    """Brings the index up to date. Returns whether anything changed."""
    with database.read() as connection:
        wrong = {*connection.execute(_MISSING).scalars(), *connection.execute(_LEFT_BEHIND).scalars()}
        can_be_made = word_index.can_be_made(connection)
        is_there = word_index.is_there(connection)
    if not can_be_made:
        _log.warning("this SQLite has no FTS5: search reads the entries of all texts, which takes longer")
    elif is_there and len(wrong) > _MANY:
        database.transact(word_index.remove)
        is_there = False
    for some in batches(sorted(wrong), _AT_A_TIME):
        database.transact(partial(_bring, some))
    is_made = can_be_made and not is_there
    if is_made:
        database.transact(word_index.make)
    return bool(wrong) or is_made


def _bring(ids: Sequence[int], connection: Connection) -> None:
    for post_id in ids:
        word_index.take_out(connection, post_id)
    index.put(connection, [post for post in store.by_ids(connection, ids).values() if index.is_kept(post)])


# Both sides come from indexes alone: rows with texts would take a second for 100,000 posts.
_PUBLISHED: Final = posts.c.state == "published"
_MISSING: Final = except_(
    select(posts.c.id, posts.c.updated_at).where(_PUBLISHED),
    select(search_texts.c.post_id, search_texts.c.updated_at).where(search_texts.c.cutting == index.CUTTING),
)
_LEFT_BEHIND: Final = except_(select(search_texts.c.post_id), select(posts.c.id).where(_PUBLISHED))
