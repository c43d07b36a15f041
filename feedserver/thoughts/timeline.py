"""The SQL of receipts' timelines: the events of each thought, and the last sender.

Repetition does not lengthen a timeline: its lines are counted, and the number of lines is bounded.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from feedserver.storage.batches import batches
from feedserver.storage.schema import thought_events, thoughts
from feedserver.text import shorten
from feedserver.thoughts.model import TimelineEntry, state_in

MOST_LINES: Final = 12  # of a thought that was never shown
MOST_LINES_SHOWN: Final = 100
_LONGEST: Final = 300  # characters of a detail
_ALSO: Final = "also by "  # begins the line of a ping that asked for no verification of its own
_INSERT = insert(thought_events)
_STORED = select(thought_events).where(thought_events.c.thought_id == bindparam("of")).order_by(thought_events.c.id)


def events(connection: Connection, thought_id: int) -> list[TimelineEntry]:
    """A thought's timeline, oldest first."""
    rows = connection.execute(_STORED, {"of": thought_id})
    return [TimelineEntry(row.at, row.event, row.detail, row.times) for row in rows]


def last_pinged_at(connection: Connection, thought_id: int) -> datetime | None:
    """When the last ping for this thought came that asked for a verification of its own."""
    query = select(func.max(thought_events.c.at)).where(
        thought_events.c.thought_id == thought_id,
        thought_events.c.event == "received",
        ~thought_events.c.detail.startswith(_ALSO),
    )
    moment: datetime | None = connection.execute(query).scalar_one()
    return moment


def last_sender(connection: Connection, source_key: str) -> str | None:
    """The address that sent the newest ping of a source."""
    same_thought = thought_events.c.thought_id == thoughts.c.id
    query = select(thoughts.c.sender).join(thought_events, same_thought)
    query = query.where(thoughts.c.source_key == source_key, thought_events.c.event == "received")
    return connection.execute(query.order_by(thought_events.c.id.desc()).limit(1)).scalar_one_or_none()


def superseded_lines(connection: Connection, thought_ids: Sequence[int]) -> list[int]:
    """The ids of all lines of these timelines but the last."""
    lines = select(thought_events.c.thought_id, thought_events.c.id).where(thought_events.c.thought_id.in_(thought_ids))
    found = connection.execute(lines.order_by(thought_events.c.id)).all()
    last = {row.thought_id: row.id for row in found}
    return [row.id for row in found if last[row.thought_id] != row.id]


def delete_lines(connection: Connection, ids: Sequence[int]) -> None:
    """Deletes lines of any timelines."""
    for some in batches(ids):
        connection.execute(delete(thought_events).where(thought_events.c.id.in_(some)))


def record(connection: Connection, thought_id: int, event: str, detail: str, now: datetime) -> None:
    """Adds a line to a receipt's timeline."""
    _insert(connection, [_row(thought_id, event, detail, now)])


def record_lines(connection: Connection, thought_id: int, lines: Sequence[tuple[str, str]], now: datetime) -> None:
    """Adds lines to a receipt's timeline: event and detail."""
    _insert(connection, [_row(thought_id, event, detail, now) for event, detail in lines])


def trim(connection: Connection, thought_id: int, most: int) -> None:
    """Deletes lines of a timeline but the first and the newest, `most` in all."""
    stored = [row.id for row in connection.execute(_STORED, {"of": thought_id})]
    delete_lines(connection, stored[1 : max(1, len(stored) - most + 1)])


def record_all(connection: Connection, details: Mapping[int, str], event: str, now: datetime) -> None:
    """Adds a line to the timelines of several receipts, by the thought's id."""
    _insert(connection, [_row(thought_id, event, detail, now) for thought_id, detail in details.items()])


def record_attempt(connection: Connection, thought_id: int, detail: str, now: datetime) -> None:
    """Records a failed attempt to fetch the source. It replaces the line of the attempt just before, and counts it."""
    last = connection.execute(_STORED, {"of": thought_id}).all()[-1:]
    before = [line for line in last if line.event == "fetched"]
    delete_lines(connection, [line.id for line in before])
    _insert(connection, [_row(thought_id, "fetched", detail, now, 1 + sum(line.times for line in before))])


def record_further_ping(connection: Connection, thought_id: int, protocol: str, now: datetime) -> None:
    """Records one more ping of a pair that is verified again. It replaces all lines since the further ping before, and
    counts it, if nothing but refusals came of that."""
    stored = connection.execute(_STORED, {"of": thought_id}).all()
    asking = (line.event == "received" and not line.detail.startswith(_ALSO) for line in stored)
    pings = [number for number, asks in enumerate(asking) if asks][1:]
    since = stored[pings[-1] :] if pings else []
    if any(line.event == "decided" and state_in(line.detail) not in ("rejected", "gone") for line in since):
        since = []
    delete_lines(connection, [line.id for line in since])
    detail = f"a further {protocol}; it is verified again"
    if since and since[0].detail != detail:
        detail = "a further ping; it is verified again"  # of several protocols
    _insert(connection, [_row(thought_id, "received", detail, now, since[0].times + 1 if since else 1)])


def record_other_protocol(connection: Connection, thought_id: int, protocol: str, now: datetime) -> None:
    """Records that a pair that waits or stands was pinged by another protocol too; once for each."""
    stored = connection.execute(_STORED, {"of": thought_id}).all()
    if not any(line.event == "received" and protocol in line.detail for line in stored):
        _insert(connection, [_row(thought_id, "received", _ALSO + protocol, now)])


def _row(thought_id: int, event: str, detail: str, now: datetime, times: int = 1) -> dict[str, Any]:
    return {"thought_id": thought_id, "at": now, "event": event, "detail": shorten(detail, _LONGEST), "times": times}


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(_INSERT, rows)
