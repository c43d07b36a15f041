"""The site's list of thoughts: those that are shown, on posts that are published.

Whoever changes a thought or a post tells this list, in the same transaction and under the revision's lock
(`storage/site.revise`): so that neither a page nor a count of it looks at every thought there is.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, not_, select, update

from feedserver.storage.schema import posts, thoughts
from feedserver.storage.shelves import Shelves

SHELVES = Shelves("thoughts", thoughts.c.id, thoughts.c.listed_at)
_AT_A_TIME = 500  # ids in one query: databases bound them
_STANDS = and_(
    thoughts.c.state == "shown",
    select(posts.c.id).where(posts.c.id == thoughts.c.post_id, posts.c.state == "published").exists(),
)


def count(connection: Connection, now: datetime) -> int:
    """How many thoughts readers see."""
    return SHELVES.count(connection) - sum(_to_come(connection, now).values())


def newest(connection: Connection, now: datetime, limit: int, offset: int = 0) -> list[int]:
    """The ids of `limit` thoughts that readers see, after `offset` newer ones, the newest first."""
    unseen = _to_come(connection, now)
    if not unseen:
        return SHELVES.newest(connection, limit, offset)
    # Posts that were seen and then put off: so few that the list is walked along meanwhile.
    query = select(thoughts.c.id).where(thoughts.c.listed_at.is_not(None), thoughts.c.post_id.not_in(unseen))
    query = query.order_by(thoughts.c.listed_at.desc(), thoughts.c.id.desc()).limit(limit).offset(offset)
    return list(connection.execute(query).scalars())


def follow_post(connection: Connection, post_id: int) -> None:
    """Brings the list up to date with a post that was written or deleted."""
    _follow(connection, thoughts.c.post_id == post_id)


def follow(connection: Connection, thought_ids: Sequence[int]) -> None:
    """Brings the list up to date with thoughts that were written."""
    for some in _some(thought_ids):
        _follow(connection, some)


def leave(connection: Connection, thought_ids: Sequence[int]) -> None:
    """Takes thoughts out of the list that are about to be deleted."""
    for some in _some(thought_ids):
        _leave(connection, some)


def _to_come(connection: Connection, now: datetime) -> dict[int, int]:
    """How many listed thoughts are on each post that was seen before, and then put off until a date to come."""
    query = (
        select(thoughts.c.post_id, func.count().label("number"))
        .join(posts, posts.c.id == thoughts.c.post_id)
        .where(posts.c.state == "published", posts.c.published_at > now, thoughts.c.state == "shown")
        .group_by(thoughts.c.post_id)
    )
    return {row.post_id: row.number for row in connection.execute(query)}


def _some(thought_ids: Sequence[int]) -> Iterator[ColumnElement[bool]]:
    """Conditions for all of them, each for as many as databases take in one query."""
    for start in range(0, len(thought_ids), _AT_A_TIME):
        yield thoughts.c.id.in_(thought_ids[start : start + _AT_A_TIME])


def _follow(connection: Connection, which: ColumnElement[bool]) -> None:
    _leave(connection, and_(which, not_(_STANDS)))
    entering = update(thoughts).where(which, _STANDS, thoughts.c.listed_at.is_(None))
    entering = entering.values(listed_at=thoughts.c.received_at)
    SHELVES.put(connection, connection.execute(entering.returning(thoughts.c.received_at)).scalars().all())


def _leave(connection: Connection, which: ColumnElement[bool]) -> None:
    leaving = update(thoughts).where(which, thoughts.c.listed_at.is_not(None)).values(listed_at=None)
    SHELVES.take(connection, connection.execute(leaving.returning(thoughts.c.received_at)).scalars().all())
