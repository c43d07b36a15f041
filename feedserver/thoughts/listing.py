"""The SQL of moderators' lists: thoughts by filters, and the moderation queue."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select, union

from feedserver.storage import schema
from feedserver.storage.batches import rows_among
from feedserver.storage.schema import thoughts
from feedserver.thoughts.lifecycle import HIDDEN
from feedserver.thoughts.model import STATES, Kind, State, Thought
from feedserver.thoughts.moderation.hosts import below
from feedserver.thoughts.shown import at_present
from feedserver.thoughts.store import QUERY, thought_of
from feedserver.urls import Urls

# States whose pending content does not count. With the other states instead, SQLite reads all shown thoughts.
_NOT_LISTED = [state for state in STATES if state not in ("held", "shown")]
_WAITS_SINCE = func.coalesce(thoughts.c.pending_since, thoughts.c.decided_at, thoughts.c.received_at)
_PENDING = "changed at the source; waits for approval"


@dataclass(frozen=True, slots=True)
class Filters:
    """What thoughts must match to be listed. `host` includes subdomains, `source` is a part of the source's URL.

    Pending content counts as held, as it is listed so, unless the thoughts are asked for `exactly`. `waits`: what a
    moderator has still to look at, held or with pending content, and not hidden by one, nor on a deleted post.
    """

    post_id: int | None = None
    state: State | None = None
    kind: Kind | None = None
    host: str | None = None
    source: str | None = None
    before: datetime | None = None  # when it was received
    exactly: bool = False
    waits: bool = False


def ids(connection: Connection, filters: Filters, limit: int | None = None, offset: int = 0) -> list[int]:
    """The ids of at most `limit` thoughts, newest first; what waits by when it began to."""
    since = _WAITS_SINCE if filters.waits else thoughts.c.received_at
    query = select(thoughts.c.id).where(*_conditions(filters)).order_by(since.desc(), thoughts.c.id.desc())
    return list(connection.execute(query.limit(limit).offset(offset)).scalars())


def count(connection: Connection, filters: Filters) -> int:
    """How many thoughts `listed` would tell in all."""
    query = select(func.count()).select_from(thoughts).where(*_conditions(filters))
    beside = query.where(thoughts.c.pending_since.is_not(None), thoughts.c.state == "shown")
    queries = [query] if filters.state or filters.waits or filters.exactly else [query, beside]
    return sum(int(connection.execute(one).scalar_one()) for one in queries)


def newest_id(connection: Connection) -> int:
    """The highest id of a thought, 0 if there is none."""
    found: int = connection.execute(select(func.coalesce(func.max(thoughts.c.id), 0))).scalar_one()
    return found


def by_state(connection: Connection, post_id: int) -> dict[State, int]:
    """How many thoughts a post has in each state that some are in."""
    query = select(thoughts.c.state, func.count()).where(thoughts.c.post_id == post_id).group_by(thoughts.c.state)
    found = {row[0]: row[1] for row in connection.execute(query)}
    return {state: found[state] for state in STATES if state in found}


def listed(connection: Connection, thought_ids: Sequence[int], state: State | None = None) -> list[Thought]:
    """The thoughts with these ids, in this order, as far as they are in `state`.

    Pending content is listed before the approved content, as the same thought in the state `held`.
    """
    query = QUERY.add_columns(thoughts.c.pending_since)
    rows = rows_among(connection, query, thoughts.c.id, thought_ids)
    found = {row.id: _with_pending(thought_of(row, "pending_since"), row.pending_since) for row in rows}
    listed = [one for thought_id in thought_ids for one in found.get(thought_id, ())]
    return [one for one in listed if state in (None, one.state)]


def as_json(thought: Thought, urls: Urls, email: str | None) -> dict[str, Any]:
    """The keys of a thought in docs/interface.md, “Shapes of JSON”. `email` is the commenter's."""
    thought = at_present(thought, urls)
    return {
        "id": thought.id,
        "state": thought.state,
        "reason": thought.reason,
        "kind": thought.kind,
        "response": thought.response,
        "parent": thought.parent_id,
        "post": thought.post_slug,
        "source": thought.source,
        "author_name": thought.author_name or None,
        "author_url": thought.author_url or None,
        "email": email,
        "title": thought.title or None,
        "excerpt": thought.excerpt or None,
        "received_at": thought.received_at,
        "updated_at": thought.updated_at,
        "receipt": urls.receipt(thought.receipt_token) if thought.receipt_token else None,
    }


def emails(connection: Connection, thought_ids: Iterable[int]) -> dict[int, str]:
    """The email addresses of commenters who gave one, by thought: for moderators alone."""
    given = select(thoughts.c.id, thoughts.c.email).where(thoughts.c.email.is_not(None))
    return {row.id: row.email for row in rows_among(connection, given, thoughts.c.id, set(thought_ids))}


def awaiting_moderation(connection: Connection, limit: int) -> list[tuple[Thought, datetime]]:
    """The moderation queue without deleted posts, newest first, with the time since when: held thoughts, and pending
    content as a thought in the state `held`."""
    query = (
        QUERY.where(_held_or_pending(), thoughts.c.state.not_in(_NOT_LISTED), schema.posts.c.state != "deleted")
        .add_columns(_WAITS_SINCE.label("since"))
        .order_by(_WAITS_SINCE.desc(), thoughts.c.id.desc())
        .limit(limit)
    )
    return [(_with_pending(thought_of(row, "since"), row.since)[0], row.since) for row in connection.execute(query)]


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.post_id is not None:
        conditions.append(thoughts.c.post_id == filters.post_id)
    if filters.state is not None:
        or_pending = filters.state == "held" and not filters.exactly
        conditions.append(_held_or_pending() if or_pending else thoughts.c.state == filters.state)
    if filters.kind is not None:
        conditions.append(thoughts.c.kind == filters.kind)
    if filters.host is not None:
        conditions.append(below(thoughts.c.host, filters.host))
    if filters.source is not None:
        conditions.append(func.lower(thoughts.c.source).contains(filters.source.lower(), autoescape=True))
    if filters.before is not None:
        conditions.append(thoughts.c.received_at < filters.before)
    if filters.waits:
        conditions += [_held_or_pending(), thoughts.c.state.not_in(_NOT_LISTED), _is_not_hidden(), _is_on_a_live_post()]
    return conditions


def _held_or_pending() -> ColumnElement[bool]:
    """Held thoughts and those with pending content. Two queries: with one “or” SQLite reads all shown thoughts."""
    held = select(thoughts.c.id).where(thoughts.c.state == "held")
    return thoughts.c.id.in_(union(held, select(thoughts.c.id).where(thoughts.c.pending_since.is_not(None))))


def _is_not_hidden() -> ColumnElement[bool]:
    return or_(thoughts.c.state != "held", thoughts.c.reason.is_distinct_from(HIDDEN))


def _is_on_a_live_post() -> ColumnElement[bool]:
    deleted = select(schema.posts.c.id).where(schema.posts.c.state == "deleted")
    return thoughts.c.post_id.not_in(deleted)


def _with_pending(thought: Thought, since: datetime) -> list[Thought]:
    """The thought, and before it its pending content as a held thought that waits `since` then."""
    if thought.pending_content is None or thought.state != "shown":
        return [thought]
    held = replace(thought, state="held", reason=_PENDING, pending_content=None, **asdict(thought.pending_content))
    return [replace(held, updated_at=since.replace(microsecond=0)), thought]
