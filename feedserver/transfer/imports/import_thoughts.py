"""Writes comments and pings of an import: some at a time, the oldest first, in the states that they had.

They are verified no more, and nobody is told of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic, sleep
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from feedserver.clock import Clock
from feedserver.storage import revision
from feedserver.storage.batches import grouped, rows_among
from feedserver.storage.engine import Database
from feedserver.storage.schema import posts, thought_events, thoughts
from feedserver.thoughts import receipts, removed
from feedserver.transfer.imports import imported
from feedserver.transfer.imports.imported import Known
from feedserver.transfer.imports.old_pages import OldPages
from feedserver.transfer.imports.spool import Spool, SpooledThought
from feedserver.transfer.imports.thought_values import Unusable, timeline_of, values_of
from feedserver.transfer.items import ImportedThought, Remark, Treatment
from feedserver.urls import Urls

MOST: Final = 200  # thoughts in one transaction
_TURN: Final = 0.25  # of the time that a transaction took, for other writers
_NO_POST: Final = "the post that it is on is not here"
_ON_PAGE: Final = "pages take no comments and pings"
DOUBLE: Final = "another of the same page is on the same post"
REMOVED: Final = "it was removed here before"
NO_PARENT: Final = "what it answers is not here; it stands by itself"


@dataclass(frozen=True, slots=True)
class _Post:
    id: int
    slug: str
    page: bool


_Row = tuple[SpooledThought, dict[str, Any]]  # with its columns


@dataclass(frozen=True, slots=True)
class ThoughtImport:
    """Writes the thoughts of a spool. `revise` counts a revision that is not pushed."""

    database: Database
    revise: Callable[[Connection], None]
    clock: Clock
    spool: Spool
    pages: OldPages
    origin: str
    urls: Urls
    shared_by_path: tuple[str, ...]

    def run(self, tell: Callable[[int], None]) -> int:
        """Writes all that are new; returns how many. `tell` is told of each number of thoughts that are done."""
        written = 0
        for some in grouped(self.spool.thoughts(), MOST):
            begun = monotonic()
            number, remarks = self.database.transact(partial(self._write, some=some))
            written += number
            for remark in remarks:
                self.spool.add(remark)
            tell(len(some))
            sleep((monotonic() - begun) * _TURN)
        return written

    def check(self) -> None:
        """Looks for what would be left out, and writes nothing but the spool."""
        for some in grouped(self.spool.thoughts(), MOST):
            with self.database.read() as connection:
                known = imported.known_thoughts(connection, self.origin, some)
                whys = {one.item.key: self._why_not(connection, one.item) for one in some if one.item.key not in known}
            for one in some:
                if why := whys.get(one.item.key):
                    self.spool.add(_remark("left out", one.item, why))

    def _why_not(self, connection: Connection, thought: ImportedThought) -> str | None:
        """Why a thought would be left out, as far as it can be told before posts are written."""
        place = self.spool.place_by_key(thought.post) if thought.post else self.pages.place(thought.target or "")
        if place is None and (thought.post or not self.pages.post_id(connection, thought.target or "")):
            return _NO_POST
        if place is not None and place.is_page:
            return _ON_PAGE
        try:
            values_of(thought, 0, None, self.shared_by_path, self.clock())
        except Unusable as why:
            return str(why)
        return None

    def _write(self, connection: Connection, some: Sequence[SpooledThought]) -> tuple[int, list[Remark]]:
        now = self.clock()
        known = imported.known_thoughts(connection, self.origin, some)
        self._adopt(connection, [one for one in some if one.item.key in known], known, now)
        new = [one for one in some if one.item.key not in known]
        if not new:
            return 0, []
        self.revise(connection)
        rows, remarks = self._rows(connection, new, now)
        ids = self._insert(connection, [values for _, values in rows])
        written = {one.item.key: thought_id for (one, _), thought_id in zip(rows, ids, strict=True)}
        self._record(connection, rows, ids, now)
        remarks += self._set_parents(connection, [one.item for one, _ in rows], written)
        noted = [{"key": one.item.key, "hash": one.hash, "our_id": written[one.item.key]} for one, _ in rows]
        imported.add(connection, self.origin, "thought", noted, now)
        return len(ids), remarks

    def _adopt(
        self, connection: Connection, some: Sequence[SpooledThought], known: Mapping[str, Known], now: datetime
    ) -> None:
        """Notes those that are here already, by their ids or their words, as what another import has brought."""
        noted = imported.known(connection, self.origin, "thought", [one.item.key for one in some])
        rows = [
            {"key": one.item.key, "hash": one.hash, "our_id": known[one.item.key].our_id}
            for one in some
            if one.item.key not in noted
        ]
        imported.add(connection, self.origin, "thought", rows, now)

    def _rows(
        self, connection: Connection, new: Sequence[SpooledThought], now: datetime
    ) -> tuple[list[_Row], list[Remark]]:
        """The columns of those that can be written, and why others cannot."""
        found = self._posts(connection, [one.item for one in new])
        rows: list[_Row] = []
        whys: dict[str, str] = {}
        for one in new:
            try:
                rows.append((one, self._values(one.item, found.get(one.item.key), now)))
            except Unusable as why:
                whys[one.item.key] = str(why)
        if pings := [(one, values) for one, values in rows if values["source_key"] is not None]:
            whys |= self._refused(connection, pings)
        remarks = [_remark("left out", one.item, whys[one.item.key]) for one in new if one.item.key in whys]
        return [(one, values) for one, values in rows if one.item.key not in whys], remarks

    def _values(self, thought: ImportedThought, post: _Post | None, now: datetime) -> dict[str, Any]:
        if post is None:
            raise Unusable(_NO_POST)
        if post.page:
            raise Unusable(_ON_PAGE)
        target = self.pages.absolute(thought.target) or self.urls.post(post.slug)
        return values_of(thought, post.id, target, self.shared_by_path, now)

    def _refused(self, connection: Connection, pings: Sequence[_Row]) -> dict[str, str]:
        """Why pings cannot be written, by their keys. The others get the tokens of their receipts."""
        names = {(v["post_id"], v["source_key"]): removed.names_of_source(v["source_key"]) for _, v in pings}
        # One by one: for many pairs in one statement SQLite would read all thoughts.
        here = {own for own in names if connection.execute(_IS_HERE, dict(zip(_PAIR, own, strict=True))).first()}
        gone = removed.among(connection, [(post_id, name) for (post_id, _), known in names.items() for name in known])
        key = revision.kept_key(connection)
        refused: dict[str, str] = {}
        for one, values in pings:
            own = (values["post_id"], values["source_key"])
            if own in here:
                refused[one.item.key] = DOUBLE
            elif any((own[0], name) in gone for name in names[own]):
                refused[one.item.key] = REMOVED
            else:
                here.add(own)
                values["receipt_token"] = receipts.new_token(key)
        return refused

    def _posts(self, connection: Connection, some: Sequence[ImportedThought]) -> dict[str, _Post]:
        """The posts that thoughts are on, by the thoughts' keys."""
        known = imported.known(connection, self.origin, "post", {one.post for one in some if one.post})
        ids = {one.key: known[one.post].our_id for one in some if one.post in known}
        ids |= {one.key: self.pages.post_id(connection, one.target) for one in some if one.target and not one.post}
        wanted = {one for one in ids.values() if one is not None}
        rows = rows_among(connection, select(posts.c.id, posts.c.slug, posts.c.page), posts.c.id, wanted)
        there = {row.id: _Post(row.id, row.slug, row.page) for row in rows}
        return {key: there[post_id] for key, post_id in ids.items() if post_id in there}

    def _insert(self, connection: Connection, rows: list[dict[str, Any]]) -> list[int]:
        if not rows:
            return []
        connection.execute(insert(thoughts), rows)
        guids = [row["guid"] for row in rows]  # not RETURNING: of SQLite that takes a statement for each row
        found = rows_among(connection, select(thoughts.c.guid, thoughts.c.id), thoughts.c.guid, guids)
        ids = {row.guid: row.id for row in found}
        return [ids[guid] for guid in guids]

    def _record(self, connection: Connection, rows: Sequence[_Row], ids: Sequence[int], now: datetime) -> None:
        lines = [
            {"thought_id": thought_id, "times": 1, **line}
            for (one, values), thought_id in zip(rows, ids, strict=True)
            for line in timeline_of(one.item, values, self.spool.origin.name, now)
        ]
        if lines:
            connection.execute(insert(thought_events), lines)

    def _set_parents(
        self, connection: Connection, some: Sequence[ImportedThought], written: dict[str, int]
    ) -> list[Remark]:
        """Notes which thoughts these answer; they were written before them, or together with them."""
        answers = [one for one in some if one.parent]
        earlier = imported.known(connection, self.origin, "thought", {one.parent for one in answers if one.parent})
        ids = {key: one.our_id for key, one in earlier.items()} | written
        rows = [{"of": written[one.key], "parent": ids[one.parent]} for one in answers if one.parent in ids]
        if rows:
            connection.execute(_SET_PARENT, rows)
        return [_remark("changed", one, NO_PARENT) for one in answers if one.parent not in ids]


_PAIR: Final = ("post", "source")
_IS_HERE: Final = select(thoughts.c.id).where(
    thoughts.c.post_id == bindparam("post"), thoughts.c.source_key == bindparam("source")
)
_SET_PARENT: Final = update(thoughts).where(thoughts.c.id == bindparam("of")).values(parent_id=bindparam("parent"))


def _remark(treatment: Treatment, thought: ImportedThought, why: str) -> Remark:
    return Remark(treatment=treatment, where=thought.where, what=thought.author_name or thought.key, why=why)
