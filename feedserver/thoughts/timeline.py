"""The SQL of receipts' timelines: the events of each thought, and the last sender."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from feedserver.storage.schema import thought_events, thoughts
from feedserver.thoughts.model import TimelineEntry

_LINES = 200  # of a receipt at most: its sender can cause any number
_INSERT = insert(thought_events)


def events(connection: Connection, thought_id: int) -> list[TimelineEntry]:
    """A thought's timeline, oldest first; only the last lines of a very long one."""
    query = select(thought_events).where(thought_events.c.thought_id == thought_id)
    newest = connection.execute(query.order_by(thought_events.c.id.desc()).limit(_LINES)).all()
    return [TimelineEntry(row.at, row.event, row.detail) for row in reversed(newest)]


def last_pinged_at(connection: Connection, thought_id: int) -> datetime | None:
    """When the last ping for this thought came; a rejected pair can be pinged again."""
    query = select(func.max(thought_events.c.at)).where(
        thought_events.c.thought_id == thought_id, thought_events.c.event == "received"
    )
    moment: datetime | None = connection.execute(query).scalar_one()
    return moment


def last_sender(connection: Connection, source_key: str) -> str | None:
    """The address that sent the newest ping of a source."""
    same_thought = thought_events.c.thought_id == thoughts.c.id
    query = select(thoughts.c.sender).join(thought_events, same_thought)
    query = query.where(thoughts.c.source_key == source_key, thought_events.c.event == "received")
    return connection.execute(query.order_by(thought_events.c.id.desc()).limit(1)).scalar_one_or_none()


def record(connection: Connection, thought_id: int, event: str, detail: str, now: datetime) -> None:
    """Adds a line to a receipt's timeline."""
    record_lines(connection, thought_id, [(event, detail)], now)


def record_lines(connection: Connection, thought_id: int, lines: Sequence[tuple[str, str]], now: datetime) -> None:
    """Adds lines to a receipt's timeline: event and detail."""
    _insert(connection, [_row(thought_id, event, detail, now) for event, detail in lines])


def record_all(connection: Connection, details: Mapping[int, str], event: str, now: datetime) -> None:
    """Adds a line to the timelines of several receipts, by the thought's id."""
    _insert(connection, [_row(thought_id, event, detail, now) for thought_id, detail in details.items()])


def _row(thought_id: int, event: str, detail: str, now: datetime) -> dict[str, Any]:
    return {"thought_id": thought_id, "at": now, "event": event, "detail": detail}


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(_INSERT, rows)
