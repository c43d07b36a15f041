"""The SQL of readership: each day's requests by reader and feed, and the number of readers.

No address is stored. Clients are counted by keyed hashes of them and of their networks; when the day is over, its key
and hashes are deleted, and only their number remains, where the reader states no subscribers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, insert, select, update

from feedserver.readership.admission import Client, admitted
from feedserver.readership.user_agents import OTHERS, is_known
from feedserver.storage.batches import batches
from feedserver.storage.schema import reader_counts, reader_days, reader_hashes, reader_keys

NAMES: Final = 300  # distinct readers in a day, besides known ones
ROWS: Final = 4_000  # distinct pairs of reader and feed in a day
HASHES: Final = 30_000  # of clients, stored for a day

ReaderFeed = tuple[str, str]  # a reader's name and a feed's key


@dataclass(slots=True)
class Counts:
    """Requests of one reader for one feed. `subscribers` is the highest stated number, None without one."""

    requests: int = 0
    not_modified: int = 0
    sent: int = 0  # bytes of bodies
    subscribers: int | None = None

    def add(self, other: "Counts") -> None:
        self.requests += other.requests
        self.not_modified += other.not_modified
        self.sent += other.sent
        if other.subscribers is not None:
            self.subscribers = max(other.subscribers, self.subscribers or 0)


@dataclass(frozen=True, slots=True)
class ReaderDay:
    """One reader's day, all feeds together. `subscribers` is the stated number, else the number of its clients."""

    day: date
    reader: str
    subscribers: int
    requests: int
    not_modified: int
    sent: int  # bytes of bodies


def key_of(connection: Connection, day: date, new_key: str | None) -> str | None:
    """The key of a day's hashes: `new_key` if there is none yet; None if that is None too.

    Locks its row, so that on PostgreSQL too one process at a time writes the counts of a day.
    """
    query = select(reader_keys.c.key).where(reader_keys.c.day == day).with_for_update()
    key = connection.execute(query).scalar_one_or_none()
    if key is None and new_key is not None:
        connection.execute(insert(reader_keys).values(day=day, key=new_key))
        return new_key
    return key


def add(connection: Connection, day: date, new: Mapping[ReaderFeed, Counts], clients: Sequence[Client]) -> None:
    """Adds to a day's counts and clients, within their bounds.

    Beyond them, readers are `OTHERS`, known ones excepted, and feeds have no name.
    """
    columns = (reader_days.c.requests, reader_days.c.not_modified, reader_days.c.bytes, reader_days.c.subscribers)
    query = select(reader_days.c.reader, reader_days.c.feed, *columns).where(reader_days.c.day == day)
    known = {(row[0], row[1]): Counts(*row[2:]) for row in connection.execute(query)}
    old = frozenset(known)
    counted = _newly_counted(connection, day, clients, _names(known))
    changed = _merge(known, new, frozenset(client.reader for client in counted))
    if added := [_named("day", "reader", "feed", (day, *key), known[key]) for key in changed if key not in old]:
        connection.execute(insert(reader_days), added)
    if more := [_named("d", "r", "f", (day, *key), known[key]) for key in changed if key in old]:
        connection.execute(_update_row, more)
    names = _names(known)
    if rows := [_row(day, client, client.reader if client.reader in names else OTHERS) for client in counted]:
        connection.execute(insert(reader_hashes), rows)


def _newly_counted(connection: Connection, day: date, clients: Sequence[Client], names: frozenset[str]) -> list[Client]:
    """Those of the clients that the day has not, as far as they are admitted."""
    room = HASHES - connection.execute(_count_of_hashes(day)).scalar_one()
    new: list[Client] = []
    counted: dict[str, dict[str, int]] = {}
    for some in batches(clients):
        query = select(reader_hashes.c.hash).where(_is_of(day), reader_hashes.c.hash.in_([one.hash for one in some]))
        there = frozenset(connection.execute(query).scalars())
        new += [one for one in some if one.hash not in there]
    for networks in batches(list({one.network for one in new})):
        columns = (reader_hashes.c.network, reader_hashes.c.reader)
        found = select(*columns, func.count()).where(_is_of(day), reader_hashes.c.network.in_(networks))
        for network, reader, number in connection.execute(found.group_by(*columns)):
            counted.setdefault(network, {})[reader] = number
    return list(admitted(new, counted, names, room))


def _is_of(day: date) -> ColumnElement[bool]:
    return reader_hashes.c.day == day


def _row(day: date, client: Client, reader: str) -> dict[str, Any]:
    return {"day": day, "hash": client.hash, "network": client.network, "reader": reader}


def close_days(connection: Connection, before: date) -> None:
    """Reduces the hashes of the days before `before` to their number; deletes them and their keys."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")  # overwrites deleted rows
    # Keys first: a process that is about to write hashes has locked one, or finds none afterwards.
    connection.execute(delete(reader_keys).where(reader_keys.c.day < before))
    columns = (reader_hashes.c.day, reader_hashes.c.reader)
    stated = exists().where(
        reader_days.c.day == reader_hashes.c.day,
        reader_days.c.reader == reader_hashes.c.reader,
        reader_days.c.subscribers.is_not(None),
    )
    counted = select(*columns, func.count()).where(reader_hashes.c.day < before, ~stated).group_by(*columns)
    for day, name, number in connection.execute(counted).all():
        _add_to_count(connection, day, name, number)
    connection.execute(delete(reader_hashes).where(reader_hashes.c.day < before))


def newest_day(connection: Connection) -> date | None:
    """The last day with requests for a feed."""
    query = select(reader_days.c.day).order_by(reader_days.c.day.desc()).limit(1)
    return connection.execute(query).scalar_one_or_none()


def of_day(connection: Connection, day: date) -> list[ReaderDay]:
    """The readers of a day, those with the most subscribers first."""
    sums = (reader_days.c.requests, reader_days.c.not_modified, reader_days.c.bytes, reader_days.c.subscribers)
    query = select(reader_days.c.reader, *(func.sum(column) for column in sums)).where(reader_days.c.day == day)
    clients = _clients(connection, day)
    found = [
        ReaderDay(
            day, name, int(clients.get(name, 0) if stated is None else stated), int(requests), int(not_new), int(sent)
        )
        for name, requests, not_new, sent, stated in connection.execute(query.group_by(reader_days.c.reader))
    ]
    return sorted(found, key=lambda reader: (-reader.subscribers, -reader.requests, reader.reader))


def _merge(
    known: dict[ReaderFeed, Counts], new: Mapping[ReaderFeed, Counts], admitted_names: frozenset[str]
) -> list[ReaderFeed]:
    """Adds `new` to `known`; returns the keys that were added to."""
    names = set(_names(known))
    invented = sum(not is_known(name) for name in names)
    changed: dict[ReaderFeed, None] = {}
    for (name, feed), counts in new.items():
        if name not in names and not is_known(name):
            if name in admitted_names and invented < NAMES:
                invented += 1
            else:
                name, feed = OTHERS, ""
        if (name, feed) not in known and len(known) >= ROWS:
            feed = ""
        names.add(name)
        known.setdefault((name, feed), Counts()).add(counts)
        changed[name, feed] = None
    return list(changed)


def _names(counts: Iterable[ReaderFeed]) -> frozenset[str]:
    return frozenset(name for name, _ in counts)


_update_row = (
    update(reader_days)
    .where(
        reader_days.c.day == bindparam("d"),
        reader_days.c.reader == bindparam("r"),
        reader_days.c.feed == bindparam("f"),
    )
    .values({name: bindparam(name) for name in ("requests", "not_modified", "bytes", "subscribers")})
)


def _named(day: str, reader: str, feed: str, key: tuple[date, str, str], counts: Counts) -> dict[str, Any]:
    """A row's values by name; `day`, `reader` and `feed` name those of its key."""
    numbers = {"requests": counts.requests, "not_modified": counts.not_modified, "bytes": counts.sent}
    return dict(zip((day, reader, feed), key, strict=True)) | numbers | {"subscribers": counts.subscribers}


def _add_to_count(connection: Connection, day: date, name: str, number: int) -> None:
    where = (reader_counts.c.day == day, reader_counts.c.reader == name)
    more = {"readers": reader_counts.c.readers + number}
    # The row exists if a machine whose clock is late has reopened the day.
    if not connection.execute(update(reader_counts).where(*where).values(more)).rowcount:
        connection.execute(insert(reader_counts).values(day=day, reader=name, readers=number))


def _count_of_hashes(day: date) -> Any:
    return select(func.count()).select_from(reader_hashes).where(reader_hashes.c.day == day)


def _clients(connection: Connection, day: date) -> dict[str, int]:
    """The number of clients of readers that state no subscribers: of hashes during the day, stored afterwards."""
    stored = select(reader_counts.c.reader, reader_counts.c.readers).where(reader_counts.c.day == day)
    hashed = select(reader_hashes.c.reader, func.count()).where(reader_hashes.c.day == day)
    rows = [*connection.execute(stored), *connection.execute(hashed.group_by(reader_hashes.c.reader))]
    return {name: int(number) for name, number in rows}
