"""Long lists by date, counted in shelves: a page in their middle costs what the first one does.

An index finds a date at once, but what stands in the fifty-thousandth place only by walking past all before it. So a
list is cut by dates into shelves of about a thousand, and the table `lists` says how many stand on each: a place is
found by adding up shelves, and by walking along one. Written under the revision's lock (`storage/site.revise`), in the
transaction that changes what stands in the list.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, literal, select, update

from feedserver.storage.schema import UtcDateTime, lists

SIZE = 1000  # of a shelf when it is laid out; one that has grown to twice as much is laid out anew


@dataclass(frozen=True, slots=True)
class Shelves:
    """One list: the `key` of its shelves, the columns of what stands in it, the conditions `within` their table.

    `at` is the date it is ordered by, null for what does not stand there; `id` orders what is of one date.
    """

    key: str
    id: ColumnElement[int]
    at: ColumnElement[Any]
    within: tuple[ColumnElement[bool], ...] = ()

    # --- finding ---

    def count(self, connection: Connection, until: datetime | None = None) -> int:
        """How many stand in the list; with `until`, those that are later do not count."""
        members = connection.execute(select(func.sum(lists.c.members)).where(self._ours())).scalar_one()
        return int(members or 0) - self._later(connection, until)

    def newest(self, connection: Connection, limit: int, offset: int = 0, until: datetime | None = None) -> list[int]:
        """The ids of `limit` after `offset` newer ones, the newest first; with `until`, as if there were no later."""
        query: Select[Any] = select(self.id).order_by(self.at.desc(), self.id.desc()).limit(limit)
        if offset:
            query = self._from_place(connection, query, offset + self._later(connection, until))
        elif until is not None:
            query = query.where(self.at <= until)
        return list(connection.execute(query.where(*self.within, self.at.is_not(None))).scalars())

    def _from_place(self, connection: Connection, query: Select[Any], place: int) -> Select[Any]:
        """The query from this place on, the newest's being 0: shelves before it are not walked along."""
        newest_first = lists.c.since.desc()
        shelves = (
            select(
                lists.c.members,
                func.lag(lists.c.since, type_=UtcDateTime()).over(order_by=newest_first).label("until"),
                (func.sum(lists.c.members).over(order_by=newest_first) - lists.c.members).label("before"),
            )
            .where(self._ours())
            .subquery()
        )
        here = shelves.c.before <= place, shelves.c.before + shelves.c.members > place
        shelf = connection.execute(select(shelves.c.until, shelves.c.before).where(*here)).first()
        if shelf is None:
            return query.limit(0)
        query = query.offset(place - shelf.before)
        return query if shelf.until is None else query.where(self.at < shelf.until)

    def _later(self, connection: Connection, until: datetime | None) -> int:
        if until is None:
            return 0
        later: int = connection.execute(select(func.count()).where(*self.within, self.at > until)).scalar_one()
        return later

    # --- writing ---

    def put(self, connection: Connection, moments: Iterable[datetime]) -> None:
        """Counts what has come to stand in the list, by its dates. It is written there already."""
        self._count(connection, sorted(moments), 1)

    def take(self, connection: Connection, moments: Iterable[datetime]) -> None:
        """Counts what stands in the list no more, by the dates that it had."""
        self._count(connection, sorted(moments), -1)

    def lay_out(self, connection: Connection) -> None:
        """Counts the whole list anew."""
        connection.execute(delete(lists).where(self._ours()))
        self._lay_out(connection)

    def _count(self, connection: Connection, moments: list[datetime], step: int) -> None:
        while moments:
            shelf = self._shelf(connection, moments[0])
            here = len(moments) if shelf.until is None else bisect_left(moments, shelf.until)
            members = shelf.members + step * here
            this = self._ours(), lists.c.since == shelf.since
            connection.execute(update(lists).where(*this).values(members=members))
            # Not with each that comes: what is all of one date cannot be divided.
            if members // (2 * SIZE) > shelf.members // (2 * SIZE):
                connection.execute(delete(lists).where(*this))
                self._lay_out(connection, shelf.since, shelf.until)
            moments = moments[here:]

    def _shelf(self, connection: Connection, moment: datetime) -> Any:
        """The shelf for this date: the lowest one is made longer for what is older than all."""
        after = select(func.min(lists.c.since)).where(self._ours(), lists.c.since > moment).scalar_subquery()
        shelves = select(lists.c.since, lists.c.members, after.label("until")).where(self._ours())
        found = shelves.where(lists.c.since <= moment).order_by(lists.c.since.desc()).limit(1)
        if (shelf := connection.execute(found).first()) is not None:
            return shelf
        lowest = connection.execute(select(after)).scalar_one()
        if lowest is None:
            connection.execute(insert(lists).values(list=self.key, since=moment, members=0))
        else:
            connection.execute(update(lists).where(self._ours(), lists.c.since == lowest).values(since=moment))
        return connection.execute(found).one()

    def _lay_out(self, connection: Connection, since: datetime | None = None, until: datetime | None = None) -> None:
        """Makes shelves for what stands between these dates. What is of one date stays together."""
        standing = select(self.at.label("at"), ((func.rank().over(order_by=self.at) - 1) // SIZE).label("shelf"))
        standing = standing.where(*self.within, self.at.is_not(None))
        if since is not None:
            standing = standing.where(self.at >= since)
        if until is not None:
            standing = standing.where(self.at < until)
        ranked = standing.subquery()
        shelves = select(literal(self.key), func.min(ranked.c.at), func.count()).group_by(ranked.c.shelf)
        connection.execute(insert(lists).from_select(["list", "since", "members"], shelves))

    def _ours(self) -> ColumnElement[bool]:
        return lists.c.list == self.key
