"""Finds the posts and pages that a query means, newest first: the same ones on both databases.

The index names candidates, and for many queries that is all. What it cannot tell, such as whether words stand beside
each other, is looked up in the candidates' words, from the newest one on and no further than is asked for.
"""

from collections.abc import Iterator, Sequence, Set
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Select, or_, select

from feedserver.posts.model import EVERYTHING, PAGES
from feedserver.search.query import Query
from feedserver.storage import word_index
from feedserver.storage.batches import batches
from feedserver.storage.schema import listed, search_texts

_READ_AT_ONCE: Final = 200  # texts
_IN_MEMORY: Final = 20  # of them, which may have megabytes


def find(connection: Connection, query: Query, now: datetime, limit: int, offset: int = 0) -> list[int]:
    """The ids of what readers can see and `query` means, `limit` of them after the first `offset`."""
    if not query.wanted:
        return []
    unindexed = set(connection.execute(word_index.unindexed(connection)).scalars())
    candidates = _newest_first(connection, query, now)
    most = offset + limit
    if query.is_told_by_entries and not unindexed:
        return list(connection.execute(candidates.limit(limit).offset(offset)).scalars())
    ids = connection.execute(candidates).scalars().all()
    sure = set(ids) - unindexed if query.is_told_by_entries else set()
    return list(islice(_meant(connection, query, ids, sure), offset, most))


def texts(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """What readers see of the texts of posts, and their `words_of`, for snippets; by id."""
    rows = connection.execute(select(search_texts).where(search_texts.c.post_id.in_(ids)))
    return {row.post_id: (row.text, row.words.partition("\n")[0]) for row in rows}


def _newest_first(connection: Connection, query: Query, now: datetime) -> Select[*tuple[Any, ...]]:
    """What the index knows, of what readers can see: of the lists of all posts and of pages, by the clock."""
    wanted = [entry for term in query.wanted for entry in term.entries()]
    excluded = [term.own_entry for term in query.excluded if term.own_entry]
    # Else PostgreSQL may look at each text, from the newest on, instead of asking its index.
    having = word_index.having(connection, wanted, excluded).cte().prefix_with("MATERIALIZED", dialect="postgresql")
    is_candidate = or_(listed.c.post_id.in_(select(having)), listed.c.post_id.in_(word_index.unindexed(connection)))
    return (
        select(listed.c.post_id)
        .where(listed.c.list.in_((EVERYTHING.key, PAGES.key)), listed.c.published_at <= now, is_candidate)
        .order_by(listed.c.published_at.desc(), listed.c.post_id.desc())
    )


def _meant(connection: Connection, query: Query, ids: Sequence[int], sure: Set[int]) -> Iterator[int]:
    """Those of the candidates `ids` that the query means, in their order; all that are `sure`."""
    for some in batches(ids, _READ_AT_ONCE):
        found = _matching(connection, query, [post_id for post_id in some if post_id not in sure])
        yield from (post_id for post_id in some if post_id in sure or post_id in found)


def _matching(connection: Connection, query: Query, ids: Sequence[int]) -> Set[int]:
    texts = select(search_texts.c.post_id, search_texts.c.words).where(search_texts.c.post_id.in_(ids))
    rows = connection.execute(texts.execution_options(yield_per=_IN_MEMORY)) if ids else ()
    return {post_id for post_id, words in rows if query.matches(words)}
