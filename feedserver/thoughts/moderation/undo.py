"""The SQL of moderators' acts: what each thought was before, so that the last act can be taken back."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from feedserver.storage.schema import moderation_actions, moderation_undo
from feedserver.thoughts.lifecycle import Decision
from feedserver.thoughts.model import Content

PURGE: Final = "purge"
KEPT: Final = 100  # acts that can be taken back, one after the other


@dataclass(frozen=True, slots=True)
class Last:
    """The last act; `host` is whose thoughts a purge removed."""

    id: int
    act: str
    host: str | None


@dataclass(frozen=True, slots=True)
class Before:
    """What a thought was before an act, and when its source had been looked at by then."""

    thought_id: int
    decision: Decision
    checked_at: datetime | None


def add(connection: Connection, act: str, befores: Iterable[Before], now: datetime, host: str | None = None) -> None:
    """Remembers an act, and forgets the oldest ones."""
    action_id = connection.execute(
        insert(moderation_actions).values(action=act, host=host, at=now).returning(moderation_actions.c.id)
    ).scalar_one()
    rows = [{"action_id": action_id, "thought_id": one.thought_id, "before": _as_json(one)} for one in befores]
    if rows:
        connection.execute(insert(moderation_undo), rows)
    oldest = select(moderation_actions.c.id).order_by(moderation_actions.c.id.desc()).offset(KEPT)
    forget(connection, connection.execute(oldest).scalars().all())


def last(connection: Connection) -> Last | None:
    """The last act, locked until the transaction ends: it is taken back once."""
    row = connection.execute(
        select(moderation_actions).order_by(moderation_actions.c.id.desc()).limit(1).with_for_update()
    ).one_or_none()
    return Last(row.id, row.action, row.host) if row else None


def befores(connection: Connection, action_id: int) -> list[Before]:
    query = (
        select(moderation_undo).where(moderation_undo.c.action_id == action_id).order_by(moderation_undo.c.thought_id)
    )
    return [_from_json(row.thought_id, row.before) for row in connection.execute(query)]


def forget(connection: Connection, action_ids: Sequence[int]) -> None:
    connection.execute(delete(moderation_undo).where(moderation_undo.c.action_id.in_(action_ids)))
    connection.execute(delete(moderation_actions).where(moderation_actions.c.id.in_(action_ids)))


def forget_empty(connection: Connection) -> None:
    """Forgets acts of which no thought is left."""
    left = select(moderation_undo.c.action_id)
    connection.execute(
        delete(moderation_actions).where(moderation_actions.c.action != PURGE, moderation_actions.c.id.not_in(left))
    )


def _as_json(before: Before) -> str:
    values = asdict(before.decision) | {"checked_at": before.checked_at}
    moments = {key: value.isoformat() for key, value in values.items() if isinstance(value, datetime)}
    return json.dumps(values | moments, ensure_ascii=False)


def _from_json(thought_id: int, text: str) -> Before:
    values: dict[str, Any] = json.loads(text)
    checked_at = _moment(values.pop("checked_at"))
    values["first_strike_at"] = _moment(values["first_strike_at"])
    values["content"] = Content(**values["content"])
    values["pending_content"] = Content(**values["pending_content"]) if values["pending_content"] else None
    return Before(thought_id, Decision(**values), checked_at)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
