"""The SQL of the undo log: for each moderation action, its thoughts and rules as they were before.

An action is of an account, or of the command line, which has none; each undoes its own.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, or_, select

from feedserver.storage.schema import moderation_actions, moderation_undo
from feedserver.thoughts.contents import content_of, entry_of, words_of
from feedserver.thoughts.lifecycle import Decision, as_it_is
from feedserver.thoughts.model import Thought
from feedserver.thoughts.moderation.trust import Rule

PURGE: Final = "purge"
ERASE: Final = "erase"
NOT_UNDOABLE: Final = (PURGE, ERASE)
MAX_ACTIONS: Final = 100  # that can be undone, one after the other
MAX_SNAPSHOTS: Final = 20_000  # of all these actions but the newest


@dataclass(frozen=True, slots=True)
class ActionKey:
    """What names an action for as long as anybody may think of it: SQLite gives the id of the last one, once it is
    undone, to the next."""

    id: int
    at: datetime

    def __str__(self) -> str:
        return f"{self.id}.{self.at.isoformat()}"


@dataclass(frozen=True, slots=True)
class LoggedAction:
    """An action; `host` is set if it was a purge, `rules` if it was about places: the rule that each had before."""

    key: ActionKey
    name: str
    host: str | None
    rules: Mapping[str, Rule | None]

    @property
    def id(self) -> int:
        return self.key.id


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A thought before an action; `checked_at` shows whether its source was inspected later."""

    thought_id: int
    decision: Decision
    checked_at: datetime | None


def add(
    connection: Connection,
    action: str,
    thoughts: Iterable[Thought],
    now: datetime,
    *,
    account: str | None = None,
    host: str | None = None,
    rules: Mapping[str, Rule | None] | None = None,
    begun: ActionKey | None = None,
) -> ActionKey:
    """Adds an action on thoughts or places, given as they were before, and deletes the oldest beyond the bounds.

    Returns what names the action: given as `begun`, further thoughts are added to it.
    """
    if begun is not None and lock(connection, begun):
        key = begun
    else:
        values = {"action": action, "host": host, "at": now, "account": account}
        key = ActionKey(_insert(connection, values | {"rules": json.dumps(rules) if rules else None}), now)
    rows = [
        {"action_id": key.id, "thought_id": one.id, "before": _as_json(one), "entries": _entries(one)}
        for one in thoughts
    ]
    if rows:
        connection.execute(insert(moderation_undo), rows)
    remove(connection, _beyond_bounds(connection))
    return key


def _insert(connection: Connection, values: Mapping[str, object]) -> int:
    statement = insert(moderation_actions).values(values).returning(moderation_actions.c.id)
    action_id: int = connection.execute(statement).scalar_one()
    return action_id


def _beyond_bounds(connection: Connection) -> list[int]:
    """The ids of the actions beyond MAX_ACTIONS, and of those whose snapshots are beyond MAX_SNAPSHOTS."""
    snapshots = select(moderation_undo.c.action_id, func.count().label("number")).group_by(moderation_undo.c.action_id)
    counted = snapshots.subquery()
    actions = select(moderation_actions.c.id, func.coalesce(counted.c.number, 0).label("number"))
    actions = actions.outerjoin(counted, counted.c.action_id == moderation_actions.c.id)
    newest_first = connection.execute(actions.order_by(moderation_actions.c.id.desc())).all()
    sums = accumulate(row.number for row in newest_first)
    return [
        row.id
        for position, (row, total) in enumerate(zip(newest_first, sums, strict=True))
        if position >= MAX_ACTIONS or (position > 0 and total > MAX_SNAPSHOTS)
    ]


def last(connection: Connection, account: str | None) -> LoggedAction | None:
    """The newest action of an account; one that cannot be undone, whoever's it is, stands before all older ones."""
    return _one(connection, _last_of(account))


def lock_last(connection: Connection, account: str | None) -> LoggedAction | None:
    """The same, locked until the transaction ends, so that it is undone once."""
    return _one(connection, _last_of(account).with_for_update())


def lock(connection: Connection, key: ActionKey) -> LoggedAction | None:
    """Returns an action, locked until the transaction ends; None if it was undone, or is beyond the bounds."""
    query = select(moderation_actions).where(moderation_actions.c.id == key.id, moderation_actions.c.at == key.at)
    return _one(connection, query.with_for_update())


def _last_of(account: str | None) -> Select[Any]:
    own = moderation_actions.c.account.is_not_distinct_from(account)
    for_all = moderation_actions.c.action.in_(NOT_UNDOABLE)
    return select(moderation_actions).where(or_(own, for_all)).order_by(moderation_actions.c.id.desc()).limit(1)


def _one(connection: Connection, query: Select[Any]) -> LoggedAction | None:
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return LoggedAction(ActionKey(row.id, row.at), row.action, row.host, json.loads(row.rules or "{}"))


def count(connection: Connection, action_id: int) -> int:
    """How many thoughts an action has."""
    query = select(func.count()).select_from(moderation_undo).where(moderation_undo.c.action_id == action_id)
    return connection.execute(query).scalar_one()


def later(connection: Connection, action_id: int, ids: Collection[int]) -> dict[int, str | None]:
    """Those of some thoughts that actions after this one are about, with the account of the last of these."""
    query = (
        select(moderation_undo.c.thought_id, moderation_actions.c.account)
        .join(moderation_actions, moderation_actions.c.id == moderation_undo.c.action_id)
        .where(moderation_undo.c.action_id > action_id, moderation_undo.c.thought_id.in_(ids))
        .order_by(moderation_undo.c.action_id)
    )
    return {row.thought_id: row.account for row in connection.execute(query)}


def decided_by(connection: Connection, thought_id: int) -> str | None:
    """The account that decided on a thought last, as far as the log goes back; None for the command line too."""
    return later(connection, 0, [thought_id]).get(thought_id)


def thought_ids(connection: Connection, action_id: int, limit: int) -> list[int]:
    """Returns the ids of at most `limit` thoughts of an action, in ascending order."""
    query = select(moderation_undo.c.thought_id).where(moderation_undo.c.action_id == action_id)
    return list(connection.execute(query.order_by(moderation_undo.c.thought_id).limit(limit)).scalars())


def take_snapshots(connection: Connection, action_id: int, thoughts: Mapping[int, Thought]) -> list[Snapshot]:
    """Returns the snapshots of an action's thoughts, given as they are now, and deletes them."""
    query = select(moderation_undo).where(*_of(action_id, thoughts)).order_by(moderation_undo.c.thought_id)
    found = [_from_json(thoughts[row.thought_id], row.before, row.entries) for row in connection.execute(query)]
    connection.execute(delete(moderation_undo).where(*_of(action_id, thoughts)))
    return found


def _of(action_id: int, thoughts: Mapping[int, Thought]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return moderation_undo.c.action_id == action_id, moderation_undo.c.thought_id.in_(thoughts)


def remove(connection: Connection, action_ids: Sequence[int]) -> None:
    connection.execute(delete(moderation_undo).where(moderation_undo.c.action_id.in_(action_ids)))
    connection.execute(delete(moderation_actions).where(moderation_actions.c.id.in_(action_ids)))


def remove_empty(connection: Connection) -> None:
    """Deletes actions whose thoughts are all gone, but those that cannot be undone."""
    used = select(moderation_undo.c.action_id)
    could_be = moderation_actions.c.action.not_in(NOT_UNDOABLE)
    connection.execute(delete(moderation_actions).where(could_be, moderation_actions.c.id.not_in(used)))


def _as_json(thought: Thought) -> str:
    values = asdict(as_it_is(thought)) | {"checked_at": thought.checked_at}
    values["content"] = None if thought.kind == "comment" else words_of(thought.content)  # it never changes
    values["pending_content"] = words_of(thought.pending_content) if thought.pending_content else None
    times = {key: value.isoformat() for key, value in values.items() if isinstance(value, datetime)}
    return json.dumps(values | times, ensure_ascii=False)


def _entries(thought: Thought) -> str | None:
    """What `_as_json` leaves to a column beside, for the reason in `thoughts.contents`; None if there is nothing."""
    entries = [entry_of(thought.content), entry_of(thought.pending_content)]
    return json.dumps(entries) if any(entries) else None


def _from_json(thought: Thought, text: str, entries: str | None) -> Snapshot:
    values: dict[str, Any] = json.loads(text)
    entry, pending_entry = json.loads(entries) if entries else (None, None)
    checked_at = _time(values.pop("checked_at"))
    values["first_strike_at"] = _time(values["first_strike_at"])
    values["content"] = content_of(values["content"], entry) if values["content"] else thought.content
    if values["pending_content"]:
        values["pending_content"] = content_of(values["pending_content"], pending_entry)
    return Snapshot(thought.id, Decision(**values), checked_at)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
