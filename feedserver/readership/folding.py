"""Past days of readership: folded to their largest readers after a few days, and deleted in the end."""

from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from feedserver.readership.store import ReaderDay, of_day
from feedserver.readership.user_agents import OTHERS, is_known
from feedserver.storage.engine import Database
from feedserver.storage.schema import reader_counts, reader_days

FOLDED_AFTER: Final = 3  # days
READERS: Final = 50  # with a name of their own on a folded day; strangers can invent any number
_TABLES: Final = (reader_days, reader_counts)


def fold_days(database: Database, keep_days: int, now: datetime) -> None:
    """Deletes days older than `keep_days`, and folds those older than `FOLDED_AFTER`; a transaction for each day.

    On a folded day feeds have no names, and all but the largest readers are one, known ones going before others.
    """
    today = now.date()
    while database.transact(partial(_delete_oldest, before=today - timedelta(days=keep_days))):
        pass
    past = reader_days.c.day < today - timedelta(days=FOLDED_AFTER)
    with database.read() as connection:
        unfolded = select(reader_days.c.day).where(past, reader_days.c.feed != "").distinct()
        days = connection.execute(unfolded.order_by(reader_days.c.day)).scalars().all()
    for day in days:
        database.transact(partial(_fold, day=day))


def _delete_oldest(connection: Connection, before: date) -> bool:
    """Deletes the oldest day before that one; returns whether there was one."""
    oldest = [connection.execute(select(func.min(table.c.day))).scalar_one() for table in _TABLES]
    day = min((one for one in oldest if one is not None), default=before)
    if day >= before:
        return False
    for table in _TABLES:
        connection.execute(delete(table).where(table.c.day == day))
    return True


def _fold(connection: Connection, day: date) -> None:
    found = of_day(connection, day)
    found.sort(key=lambda one: not is_known(one.reader))  # these first; among them the largest
    named = [one for one in found if one.reader != OTHERS][:READERS]
    rest = [one for one in found if one not in named]
    for table in _TABLES:
        connection.execute(delete(table).where(table.c.day == day))
    rows = [_row(one) for one in named]
    if rest:
        rows.append(_row(_together(rest)))
    connection.execute(insert(reader_days), rows)


def _row(one: ReaderDay) -> dict[str, object]:
    """The row of a folded day; what was counted by clients is a number of subscribers now."""
    return {
        "day": one.day,
        "reader": one.reader,
        "feed": "",
        "requests": one.requests,
        "not_modified": one.not_modified,
        "bytes": one.sent,
        "subscribers": one.subscribers,
    }


def _together(readers: list[ReaderDay]) -> ReaderDay:
    return ReaderDay(
        readers[0].day,
        OTHERS,
        subscribers=sum(one.subscribers for one in readers),
        requests=sum(one.requests for one in readers),
        not_modified=sum(one.not_modified for one in readers),
        sent=sum(one.sent for one in readers),
    )
