"""The SQL of moderators' acts: what each thought was before, so that the last act can be taken back."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from feedserver.storage.schema import acts, acts_before
from feedserver.thoughts.lifecycle import Decision
from feedserver.thoughts.model import Words

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
    act_id = connection.execute(insert(acts).values(act=act, host=host, at=now).returning(acts.c.id)).scalar_one()
    rows = [{"act_id": act_id, "thought_id": one.thought_id, "before": _as_json(one)} for one in befores]
    if rows:
        connection.execute(insert(acts_before), rows)
    oldest = select(acts.c.id).order_by(acts.c.id.desc()).offset(KEPT)
    forget(connection, connection.execute(oldest).scalars().all())


def last(connection: Connection) -> Last | None:
    """The last act, locked until the transaction ends: it is taken back once."""
    row = connection.execute(select(acts).order_by(acts.c.id.desc()).limit(1).with_for_update()).one_or_none()
    return Last(row.id, row.act, row.host) if row else None


def befores(connection: Connection, act_id: int) -> list[Before]:
    query = select(acts_before).where(acts_before.c.act_id == act_id).order_by(acts_before.c.thought_id)
    return [_from_json(row.thought_id, row.before) for row in connection.execute(query)]


def forget(connection: Connection, act_ids: Sequence[int]) -> None:
    connection.execute(delete(acts_before).where(acts_before.c.act_id.in_(act_ids)))
    connection.execute(delete(acts).where(acts.c.id.in_(act_ids)))


def forget_empty(connection: Connection) -> None:
    """Forgets acts of which no thought is left."""
    left = select(acts_before.c.act_id)
    connection.execute(delete(acts).where(acts.c.act != PURGE, acts.c.id.not_in(left)))


def _as_json(before: Before) -> str:
    values = asdict(before.decision) | {"checked_at": before.checked_at}
    moments = {key: value.isoformat() for key, value in values.items() if isinstance(value, datetime)}
    return json.dumps(values | moments, ensure_ascii=False)


def _from_json(thought_id: int, text: str) -> Before:
    values: dict[str, Any] = json.loads(text)
    checked_at = _moment(values.pop("checked_at"))
    values["first_strike_at"] = _moment(values["first_strike_at"])
    values["words"] = Words(**values["words"])
    values["new_words"] = Words(**values["new_words"]) if values["new_words"] else None
    return Before(thought_id, Decision(**values), checked_at)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
