"""The SQL of moderators' lists: thoughts by filters, and the moderation queue."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select, union

from feedserver.storage import schema
from feedserver.storage.batches import batches
from feedserver.storage.schema import thoughts
from feedserver.thoughts.model import STATES, Kind, State, Thought
from feedserver.thoughts.moderation.hosts import below
from feedserver.thoughts.store import QUERY, thought_of

# States whose pending content does not count. With the other states instead, SQLite reads all shown thoughts.
_NOT_LISTED = [state for state in STATES if state not in ("held", "shown")]
_PENDING = "changed at the source; waits for approval"


def listing(
    connection: Connection,
    post_id: int | None = None,
    state: State | None = None,
    *,
    kind: Kind | None = None,
    host: str | None = None,
    source: str | None = None,
    limit: int | None = None,
) -> list[Thought]:
    """At most `limit` thoughts, newest first, that match all filters. `host` includes subdomains; `source` is a part of
    the source's URL.

    Pending content is listed before the approved content, as the same thought in the state `held`.
    """
    query = QUERY.add_columns(thoughts.c.pending_since)
    if post_id is not None:
        query = query.where(thoughts.c.post_id == post_id)
    if state == "held":
        query = query.where(_held_or_pending())
    elif state is not None:
        query = query.where(thoughts.c.state == state)
    if kind is not None:
        query = query.where(thoughts.c.kind == kind)
    if host is not None:
        query = query.where(below(thoughts.c.host, host))
    if source is not None:
        query = query.where(func.lower(thoughts.c.source).contains(source.lower(), autoescape=True))
    query = query.order_by(thoughts.c.received_at.desc(), thoughts.c.id.desc())
    rows = connection.execute(query.limit(limit))
    found = [(thought_of(row, "pending_since"), row.pending_since) for row in rows]
    listed = [one for thought, since in found for one in _with_pending(thought, since) if state in (None, one.state)]
    return listed[:limit]


def emails(connection: Connection, thought_ids: Iterable[int]) -> dict[int, str]:
    """The email addresses of commenters who gave one, by thought: for moderators alone."""
    given = select(thoughts.c.id, thoughts.c.email).where(thoughts.c.email.is_not(None))
    queries = (given.where(thoughts.c.id.in_(some)) for some in batches(sorted(set(thought_ids))))
    return {row.id: row.email for query in queries for row in connection.execute(query)}


def ids_of_host(connection: Connection, host: str) -> list[int]:
    """All thoughts from a host, subdomains included."""
    query = select(thoughts.c.id).where(below(thoughts.c.host, host)).order_by(thoughts.c.id)
    return list(connection.execute(query).scalars())


def awaiting_moderation(connection: Connection, limit: int) -> list[tuple[Thought, datetime]]:
    """The moderation queue without deleted posts, newest first, with the time since when: held thoughts, and pending
    content as a thought in the state `held`."""
    since = func.coalesce(thoughts.c.pending_since, thoughts.c.decided_at, thoughts.c.received_at)
    query = (
        QUERY.where(_held_or_pending(), thoughts.c.state.not_in(_NOT_LISTED), schema.posts.c.state != "deleted")
        .add_columns(since.label("since"))
        .order_by(since.desc(), thoughts.c.id.desc())
        .limit(limit)
    )
    return [(_with_pending(thought_of(row, "since"), row.since)[0], row.since) for row in connection.execute(query)]


def _held_or_pending() -> ColumnElement[bool]:
    """Held thoughts and those with pending content. Two queries: with one “or” SQLite reads all shown thoughts."""
    held = select(thoughts.c.id).where(thoughts.c.state == "held")
    return thoughts.c.id.in_(union(held, select(thoughts.c.id).where(thoughts.c.pending_since.is_not(None))))


def _with_pending(thought: Thought, since: datetime) -> list[Thought]:
    """The thought, and before it its pending content as a held thought that waits `since` then."""
    if thought.pending_content is None or thought.state != "shown":
        return [thought]
    held = replace(thought, state="held", reason=_PENDING, pending_content=None, **asdict(thought.pending_content))
    return [replace(held, updated_at=since.replace(microsecond=0)), thought]
