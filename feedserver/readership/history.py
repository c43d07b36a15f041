"""The SQL of readership over many days: sums by day, and who has read certain feeds."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import CTE, Connection, exists, func, select, union_all

from feedserver.storage.schema import reader_counts, reader_days, reader_hashes

FOLDED = ""  # the feed of days whose feeds have no names any more


@dataclass(frozen=True, slots=True)
class DaySums:
    """All readers of one day (UTC) together: subscribers as in `store.ReaderDay`, requests, bytes of bodies."""

    day: date
    subscribers: int
    requests: int
    not_modified: int
    sent: int


@dataclass(frozen=True, slots=True)
class FeedReader:
    """One reader of certain feeds: its most subscribers on a day, and its requests on all days."""

    reader: str
    subscribers: int
    requests: int


def first_day(connection: Connection) -> date | None:
    """The oldest day that is kept."""
    found: date | None = connection.execute(select(func.min(reader_days.c.day))).scalar_one()
    return found


def by_day(connection: Connection, first: date, last: date) -> list[DaySums]:
    """The sums of each day with a request between two days, both included, the oldest first.

    Stated subscribers and counted clients are of different readers, so they are summed apart, without a join.
    """
    columns = (reader_days.c.requests, reader_days.c.not_modified, reader_days.c.bytes)
    stated = func.coalesce(func.sum(reader_days.c.subscribers), 0)
    query = select(reader_days.c.day, stated, *(func.sum(column) for column in columns))
    query = query.where(reader_days.c.day.between(first, last)).group_by(reader_days.c.day).order_by(reader_days.c.day)
    clients = _clients(first, last)
    counted = select(clients.c.day, func.sum(clients.c.number)).group_by(clients.c.day)
    by_day = {day: int(number) for day, number in connection.execute(counted)}
    return [
        DaySums(day, int(subscribers) + by_day.get(day, 0), *map(int, sums))
        for day, subscribers, *sums in connection.execute(query)
    ]


def of_feeds(connection: Connection, feeds: Collection[str], first: date, last: date) -> list[FeedReader]:
    """Who asked for one of some feeds between two days, both included, those with the most subscribers first.

    Days that are folded count for all feeds.
    """
    clients = _clients(first, last)
    by_feed = reader_days.c.feed.in_({*feeds, FOLDED})
    stated = (
        select(
            reader_days.c.day,
            reader_days.c.reader,
            func.sum(reader_days.c.requests).label("requests"),
            func.sum(reader_days.c.subscribers).label("stated"),
        )
        .where(reader_days.c.day.between(first, last), by_feed)
        .group_by(reader_days.c.day, reader_days.c.reader)
        .subquery()
    )
    most = func.max(func.coalesce(stated.c.stated, clients.c.number, 0)).label("most")
    requests = func.sum(stated.c.requests).label("requests")
    query = (
        select(stated.c.reader, most, requests)
        .outerjoin(clients, (clients.c.day == stated.c.day) & (clients.c.reader == stated.c.reader))
        .group_by(stated.c.reader)
        .order_by(most.desc(), requests.desc(), stated.c.reader)
    )
    return [FeedReader(reader, int(number), int(asked)) for reader, number, asked in connection.execute(query)]


def _clients(first: date, last: date) -> CTE:
    """The number of clients by day and reader that states no subscribers: of hashes during the day, stored after it."""
    states_them = exists().where(
        reader_days.c.day == reader_hashes.c.day,
        reader_days.c.reader == reader_hashes.c.reader,
        reader_days.c.subscribers.is_not(None),
    )
    hashed = (
        select(reader_hashes.c.day, reader_hashes.c.reader, func.count().label("number"))
        .where(reader_hashes.c.day.between(first, last), ~states_them)
        .group_by(reader_hashes.c.day, reader_hashes.c.reader)
    )
    stored = select(reader_counts.c.day, reader_counts.c.reader, reader_counts.c.readers.label("number"))
    both = union_all(stored.where(reader_counts.c.day.between(first, last)), hashed).subquery()
    sums = select(both.c.day, both.c.reader, func.sum(both.c.number).label("number"))
    return sums.group_by(both.c.day, both.c.reader).cte("clients")
