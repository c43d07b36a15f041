"""The SQL of what waits to be pushed: it stands in the rows of the subscriptions."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    update,
)

from feedserver.storage import rate_limits
from feedserver.storage.rate_limits import Limit
from feedserver.storage.schema import jobs, site
from feedserver.storage.schema import websub_subscriptions as table
from feedserver.websub import store, topics
from feedserver.websub.delivery import LONGEST_PAUSE, Due, Result
from feedserver.websub.topics import Look, gets_pushes

_NOTHING_WAITS: Final[dict[str, Any]] = dict.fromkeys(("waiting_etag", "failing_since", "next_push_at"))
MOST_A_MINUTE: Final = 60  # versions of one topic that are pushed; further ones wait, and replace each other
_UNKNOWN_SECONDS: Final = 0.5  # a callback that was not pushed to yet comes after quick ones, and before slow ones
_COLUMNS = [table.c[name] for name in Due.__dataclass_fields__]


def _is_due(now: Any, latest: Any) -> ColumnElement[bool]:
    """Whether the next try is due; one beyond `latest` was planned by a clock that was wrong."""
    return and_(table.c.next_push_at.is_not(None), or_(table.c.next_push_at <= now, table.c.next_push_at > latest))


_IS_JOB_NEEDED = (  # built once, as each poll for jobs asks it
    select(literal(1))
    .select_from(site)
    .where(
        site.c.restored_at.is_(None),
        or_(
            exists().where(topics.IS_STALE),
            exists().where(_is_due(bindparam("now"), bindparam("latest")), *gets_pushes(bindparam("now"))),
        ),
        ~exists().where(jobs.c.kind == bindparam("kind")),
    )
)


def is_job_needed(connection: Connection, kind: str, now: datetime) -> bool:
    """Whether there is something to do, and no job of this kind that does it. Never for a restored site."""
    values = {"kind": kind, "now": now, "latest": now + LONGEST_PAUSE}
    return connection.execute(_IS_JOB_NEEDED, values).first() is not None


def announce(connection: Connection, look: Look, now: datetime) -> None:
    """Notes a changed topic. Its newest version waits from now on for each reader that has another one.

    What waited before is replaced; where the topic has gone, or has come back to what a reader has, nothing waits.
    Beyond `MOST_A_MINUTE`, versions wait for the end of that minute: strangers change feeds with each thought. A
    callback that failed twice is tried when its pause is over, whatever comes meanwhile.
    """
    topics.note(connection, look)
    of_topic = (table.c.topic == look.topic, *gets_pushes(now))
    has_it = literal(True) if look.etag is None else table.c.pushed_etag == look.etag
    connection.execute(update(table).where(*of_topic, table.c.waiting_etag.is_not(None), has_it).values(_NOTHING_WAITS))
    if look.etag is not None:
        lacks_it = [
            or_(column.is_(None), column != look.etag) for column in (table.c.pushed_etag, table.c.waiting_etag)
        ]
        next_at = _next_at(connection, look, now)
        is_paused = and_(table.c.failures > 1, table.c.waiting_etag.is_not(None))
        values = {
            "waiting_etag": look.etag,
            "failing_since": case((is_paused, table.c.failing_since), else_=null()),
            "next_push_at": case((is_paused, table.c.next_push_at), else_=next_at),
        }
        connection.execute(update(table).where(*of_topic, *lacks_it).values(values))


def _next_at(connection: Connection, look: Look, now: datetime) -> datetime:
    """When a version may be pushed: it is counted once, not again for each reader that comes."""
    is_pushed = or_(table.c.pushed_etag == look.etag, table.c.waiting_etag == look.etag)
    if connection.execute(select(table.c.id).where(table.c.topic == look.topic, is_pushed).limit(1)).first():
        return now
    full = rate_limits.take(connection, [Limit(f"push:{look.topic}", MOST_A_MINUTE)], now, tidy=False)
    return now + timedelta(seconds=full.seconds) if full else now


def due(connection: Connection, now: datetime, busy: Collection[str], most: int) -> tuple[list[Due], int]:
    """The first of those to push to now, quick callbacks first, and how many there are; none on `busy` sites."""
    query = (
        select(*_COLUMNS, func.count().over().label("number"))
        .where(_is_due(now, now + LONGEST_PAUSE), *gets_pushes(now), table.c.callback_site.not_in(busy))
        .order_by(table.c.failures, func.coalesce(table.c.push_seconds, _UNKNOWN_SECONDS), table.c.id)
        .limit(most)
    )
    rows = connection.execute(query).all()
    return [Due(*row[:-1]) for row in rows], rows[0].number if rows else 0


# --- results ---

_OF = and_(table.c.id == bindparam("of"), table.c.state == "active")  # what ended meanwhile stays as it ended
_IS_WHAT_WAITS = or_(table.c.waiting_etag == bindparam("etag"), table.c.waiting_etag == bindparam("loaded"))


def _unless_newer(column: str) -> Any:
    """Null if what waits is the tried version, or the one before it; a newer one goes on waiting."""
    return case((_IS_WHAT_WAITS, null()), else_=table.c[column])


_TAKEN = (
    update(table)
    .where(_OF)
    .values(
        pushed_etag=bindparam("etag"),
        pushed_at=bindparam("now"),
        push_seconds=bindparam("seconds"),
        failures=0,
        detail=bindparam("words"),
        **{column: _unless_newer(column) for column in _NOTHING_WAITS},
    )
)
_FAILED = update(table).where(_OF).values(failures=table.c.failures + 1, detail=bindparam("words"))
# The pause holds for a newer version too. What fails since later than now was tried by a clock that was wrong.
_AGAIN = (
    update(table)
    .where(_OF, table.c.waiting_etag.is_not(None))
    .values(
        next_push_at=bindparam("next"),
        failing_since=case((table.c.failing_since <= bindparam("now"), table.c.failing_since), else_=bindparam("now")),
    )
)
_DROPPED = update(table).where(_OF, _IS_WHAT_WAITS).values(pushed_etag=bindparam("etag"), **_NOTHING_WAITS)


def take(connection: Connection, results: Sequence[Result], now: datetime) -> None:
    """Stores that pushes were taken."""
    _run(connection, _TAKEN, [{**_values(result), "now": now, "seconds": result.seconds} for result in results])


def retry(connection: Connection, results: Sequence[tuple[Result, datetime]], now: datetime) -> None:
    """Stores that pushes failed, and when each is tried again."""
    _run(connection, _FAILED, [_values(result) for result, _ in results])
    _run(connection, _AGAIN, [{"of": result.due.id, "next": next_at, "now": now} for result, next_at in results])


def drop(connection: Connection, results: Sequence[Result]) -> None:
    """Stores that pushes failed for the last time. Their readers get the next version."""
    _run(connection, _FAILED, [_values(result) for result in results])
    _run(connection, _DROPPED, [_values(result) for result in results])


def end(connection: Connection, results: Sequence[Result], now: datetime) -> None:
    """Ends the subscriptions of callbacks that want no more."""
    for result in results:
        store.end(connection, [result.due.id], result.detail, now)


def _values(result: Result) -> dict[str, Any]:
    return {"of": result.due.id, "etag": result.etag, "loaded": result.due.waiting_etag, "words": result.detail}


def _run(connection: Connection, statement: Any, values: list[dict[str, Any]]) -> None:
    if values:
        connection.execute(statement, values)
