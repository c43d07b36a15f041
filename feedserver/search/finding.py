"""Finds the posts and pages that a query means, newest first: the same ones on both databases.

The index names candidates, and for many queries that is all. What it cannot tell, such as whether four words stand
beside each other, is looked up in the candidates' words: from the newest one on, no further than is asked for, and
within a bound, beyond which nothing is found. Both databases name the same candidates, so that the bound cuts the same.
The bound is wide, 10,000 posts of 2,000 characters for one phrase: strangers are not to make a site read all its texts
for each question, and no author's old posts are to be lost.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import datetime
from itertools import count, islice
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, or_, select

from feedserver.posts.model import EVERYTHING, PAGES
from feedserver.search.query import Query
from feedserver.storage import word_index
from feedserver.storage.batches import grouped
from feedserver.storage.schema import listed, search_texts

MOST_CHARACTERS: Final = 20_000_000  # of the texts that are looked through, each counted once for each term looked for
_ASKED_AT_ONCE: Final = 2_000  # candidates
_READ_AT_ONCE: Final = 25  # texts, which may have megabytes


def find(connection: Connection, query: Query, now: datetime, limit: int, offset: int = 0) -> list[int]:
    """The ids of what readers can see and `query` means, `limit` of them after the first `offset`."""
    if not query.wanted:
        return []
    unindexed = set(connection.execute(word_index.unindexed()).scalars())
    most = offset + limit
    at_once = _ASKED_AT_ONCE if query.untold.has_terms else most + len(unindexed)
    with word_index.asked(connection):
        candidates = _candidates(connection, _newest_first(connection, query, now), at_once)
        return list(islice(_meant(connection, query, candidates, unindexed), offset, most))


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
    is_candidate = or_(listed.c.post_id.in_(select(having)), listed.c.post_id.in_(word_index.unindexed()))
    return (
        select(listed.c.post_id)
        .where(listed.c.list.in_((EVERYTHING.key, PAGES.key)), listed.c.published_at <= now, is_candidate)
        .order_by(listed.c.published_at.desc(), listed.c.post_id.desc())
    )


def _candidates(connection: Connection, newest_first: Select[*tuple[Any, ...]], at_once: int) -> Iterator[int]:
    """The ids that the query names. It is asked again only if so many are looked at."""
    for offset in count(0, at_once):
        ids = connection.execute(newest_first.limit(at_once).offset(offset)).scalars().all()
        yield from ids
        if len(ids) < at_once:
            return


def _meant(connection: Connection, query: Query, candidates: Iterator[int], unindexed: Set[int]) -> Iterator[int]:
    """Those of the candidates that the query means, in their order, within the bound."""
    untold, left = query.untold, MOST_CHARACTERS
    for some in grouped(candidates, _READ_AT_ONCE):
        doubtful = some if untold.has_terms else [post_id for post_id in some if post_id in unindexed]
        wrong: set[int] = set()
        for post_id, words in _words(connection, doubtful):
            asked = query if post_id in unindexed else untold
            left -= len(words) * len(asked.wanted + asked.excluded)
            if not asked.matches(words):
                wrong.add(post_id)
        yield from (post_id for post_id in some if post_id not in wrong)
        if left <= 0:
            return


def _words(connection: Connection, ids: Sequence[int]) -> Iterable[Row[int, str]]:
    words = select(search_texts.c.post_id, search_texts.c.words).where(search_texts.c.post_id.in_(ids))
    return connection.execute(words) if ids else ()
