"""Counting who reads, without storing addresses: in memory, and from time to time from there into the database.

A request is counted in microseconds and writes nothing. What a process has counted is written by a thread of its own
every few seconds and at its end; a crash loses no more than that.
"""

import logging
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import blake2b
from itertools import groupby
from threading import Event, Lock, Thread
from typing import Final, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.clock import Clock
from feedserver.readership import store as tallies
from feedserver.readership.store import Place, Tally
from feedserver.readership.user_agents import OTHERS, READ, reader
from feedserver.storage import rate_limits
from feedserver.storage.engine import Database

_LOOK_EVERY: Final = 1.0  # seconds: how soon what comes after a quiet time is written
_WRITE_EVERY: Final = 5.0  # seconds, while much comes
_PATIENCE: Final = 5.0  # seconds for a lock of the database; the next time comes soon
_STILL_OPEN: Final = timedelta(minutes=1)  # after midnight, for what was counted before
_MOST_PLACES: Final = 5_000  # told apart between two writings
_MOST_SEEN: Final = 10_000  # likewise

_log = logging.getLogger(__name__)


class Seen(NamedTuple):
    """A reader that states no subscribers, in memory until its mark is made."""

    day: date
    name: str
    address: str
    user_agent: str


@dataclass(slots=True)
class Batch:
    """What was counted since the last writing, within bounds."""

    tallies: dict[tuple[date, Place], Tally] = field(default_factory=dict)
    seen: set[Seen] = field(default_factory=set)

    def add(self, day: date, place: Place, tally: Tally) -> None:
        known = self.tallies.get((day, place))
        if known is None and len(self.tallies) >= _MOST_PLACES:
            place = (OTHERS, "")
            known = self.tallies.get((day, place))
        if known is None:
            known = self.tallies[day, place] = Tally()
        known.add(tally)

    def see(self, seen: Seen) -> None:
        if len(self.seen) < _MOST_SEEN:
            self.seen.add(seen)

    def add_all(self, other: "Batch") -> None:
        for (day, place), tally in other.tallies.items():
            self.add(day, place, tally)
        for seen in other.seen:
            self.see(seen)

    def by_day(self) -> Iterator[tuple[date, dict[Place, Tally]]]:
        """The tallies of each day, the oldest first."""
        ordered = sorted(self.tallies.items(), key=lambda item: item[0])
        for day, items in groupby(ordered, key=lambda item: item[0][0]):
            yield day, {place: tally for (_, place), tally in items}


class Readership:
    """Counts the readers of one site, in this process. Safe to share between threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._batch = Batch()
        self._lock = Lock()  # held for a moment, to add to the batch
        self._writing = Lock()
        self._closed_before: date | None = None
        self._stopping = Event()
        self._thread: Thread | None = None

    def saw(self, user_agent: str | None, address: str | None, feed_key: str, status: int, sent: int) -> None:
        """Counts one answered request for a feed; `sent` is the bytes of its body. Never writes, never fails."""
        who = reader(user_agent)
        tally = Tally(1, int(status == 304), sent, who.subscribers)
        day = self._clock().date()
        with self._lock:
            self._batch.add(day, (who.name, feed_key), tally)
            if who.subscribers is None:
                self._batch.see(Seen(day, who.name, address or "", (user_agent or "")[:READ]))

    def start(self) -> None:
        """Has a thread of this process write what was counted, from now on."""
        self._thread = Thread(target=self._keep_writing, name="readers", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, and writes what is left."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self.write()

    def write(self) -> None:
        """Writes what was counted, and reduces the days that are over. What fails is kept for the next time."""
        with self._writing:
            now = self._clock()
            with self._lock:
                batch, self._batch = self._batch, Batch()
            open_since = (now - _STILL_OPEN).date()
            if not batch.tallies and self._closed_before == open_since:
                return
            try:
                self._database.transact(lambda connection: _write(connection, batch, now), lock_timeout=_PATIENCE)
                if self._closed_before != open_since:
                    self._database.forget_log()
            except (DBAPIError, NoConnection) as error:
                _log.warning("who reads is written later; the database did not answer: %s", type(error).__name__)
                with self._lock:
                    self._batch.add_all(batch)
                return
            self._closed_before = open_since

    def _keep_writing(self) -> None:
        self._try_to_write()  # for days that ended while no server ran
        written_at = -_WRITE_EVERY
        while not self._stopping.wait(_LOOK_EVERY):
            if time.monotonic() - written_at >= _WRITE_EVERY and self._anything_to_do():
                self._try_to_write()
                written_at = time.monotonic()

    def _try_to_write(self) -> None:
        try:
            self.write()
        except Exception:  # noqa: BLE001 - the one thread that must not end: the next time may go well
            _log.exception("who reads could not be written")

    def _anything_to_do(self) -> bool:
        return bool(self._batch.tallies) or self._closed_before != (self._clock() - _STILL_OPEN).date()


def _write(connection: Connection, batch: Batch, now: datetime) -> None:
    open_since = (now - _STILL_OPEN).date()
    for day, tallied in batch.by_day():
        key = tallies.key_of(connection, day, secrets.token_hex(32) if day >= open_since else None)
        tallies.add(connection, day, tallied)
        if key is not None:
            marks = {_mark(key, seen): seen.name for seen in batch.seen if seen.day == day}
            tallies.add_marks(connection, day, marks)
    tallies.close_days(connection, open_since)


def _mark(key: str, seen: Seen) -> str:
    """Tells one reader from another for as long as the key is there, and says nothing of either afterwards."""
    who = f"{rate_limits.network(seen.address)} {seen.user_agent}".encode("utf-8", "replace")
    return blake2b(who, key=bytes.fromhex(key), digest_size=16).hexdigest()
