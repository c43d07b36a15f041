"""Builds the index of a site that has none, or that an older program has changed: at each start, in batches.

It can be interrupted and repeated. Meanwhile search finds what is in it already.
"""

import logging
from functools import partial
from typing import Final

from sqlalchemy import Connection, or_, select

from feedserver.posts import store
from feedserver.search import index
from feedserver.storage import word_index
from feedserver.storage.engine import Database
from feedserver.storage.schema import posts, search_texts

_log = logging.getLogger(__name__)
_AT_A_TIME: Final = 100  # posts in one transaction
_MANY: Final = 500  # posts: an index of so many is made faster anew than it follows them


def build(database: Database) -> bool:
    """Brings the index up to date. Returns whether anything changed."""
    with database.read() as connection:
        lacking = list(connection.execute(_WRONG).scalars())
        can_be_made = word_index.can_be_made(connection)
        is_there = word_index.is_there(connection)
    if not can_be_made:
        _log.warning("this SQLite has no FTS5: search looks through all texts, which takes longer")
    elif is_there and len(lacking) > _MANY:
        database.transact(word_index.remove)
        is_there = False
    for start in range(0, len(lacking), _AT_A_TIME):
        database.transact(partial(_bring, lacking[start : start + _AT_A_TIME]))
    is_made = can_be_made and not is_there
    if is_made:
        database.transact(word_index.make)
    return bool(lacking) or is_made


def _bring(ids: list[int], connection: Connection) -> None:
    for post in store.by_ids(connection, ids).values():
        if index.is_kept(post):
            index.put(connection, post)
        else:
            word_index.take_out(connection, post.id)


_IS_PUBLISHED: Final = posts.c.state == "published"
_IS_MISSING: Final = search_texts.c.post_id.is_(None)
_IS_OLD: Final = or_(search_texts.c.cutting != index.CUTTING, search_texts.c.updated_at != posts.c.updated_at)
_WRONG: Final = (
    select(posts.c.id)
    .outerjoin(search_texts, search_texts.c.post_id == posts.c.id)
    .where(or_(_IS_PUBLISHED & or_(_IS_MISSING, _IS_OLD), ~_IS_PUBLISHED & ~_IS_MISSING))
    .order_by(posts.c.id)
)
