"""Counts who reads the feeds, without storing addresses: in memory first, then in the database.

Counting a request takes about a microsecond and writes nothing. A thread writes the counts every few seconds and when
the process ends; a crash loses no more than that. An idle process runs no query.
"""

import secrets
from datetime import date, datetime, timedelta
from hashlib import blake2b
from threading import Event, Lock, Thread
from typing import Final

from sqlalchemy import Connection

from feedserver import domains
from feedserver.clock import Clock
from feedserver.condition import Condition
from feedserver.readership import store
from feedserver.readership.admission import Client
from feedserver.readership.batch import Batch, ClientFeed
from feedserver.readership.user_agents import READ
from feedserver.storage.engine import Database
from feedserver.storage.explaining import DATABASE_ERRORS, is_outage

WRITE_EVERY: Final = 5.0  # seconds
_LOCK_TIMEOUT: Final = 5.0  # seconds; the next write comes soon
_STILL_OPEN: Final = timedelta(minutes=1)  # after midnight, to write the last counts


class Readership:
    """Counts the readers of one site, in this process. Safe to share between threads."""

    def __init__(self, database: Database, clock: Clock, stopping: Event | None = None) -> None:
        """`stopping` ends the thread; tests pass one whose `wait` they control."""
        self._database = database
        self._clock = clock
        self._stopping = stopping or Event()
        self._batch = Batch()
        self._lock = Lock()  # held to add to the batch, or to replace it
        self._writing = Lock()
        self._closed_before: date | None = None
        self._thread: Thread | None = None
        self._counting = Condition("the counting of readers")

    def count(self, user_agent: str | None, address: str | None, feed_key: str, status: int, sent: int) -> None:
        """Counts one response to a request for a feed. `sent` is the bytes of its body. Never blocks, never raises."""
        key = ClientFeed(self._clock().date(), (user_agent or "")[:READ], address or "", feed_key)
        with self._lock:
            counts = self._batch.counts_of(key)
            counts.requests += 1
            counts.not_modified += status == 304
            counts.sent += sent

    def start(self) -> None:
        """Starts the thread that writes the counts."""
        self._thread = Thread(target=self._keep_writing, name="readership", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, and writes the remaining counts."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._try_to_write()

    def write(self) -> None:
        """Writes the counts, and closes the days that are over. After a failure the counts stay for the next write.

        Raises SQLAlchemy's DBAPIError if the database refuses a statement, not if it is in trouble.
        """
        with self._writing:
            now = self._clock()
            with self._lock:
                batch, self._batch = self._batch, Batch()
            open_since = _open_since(now)
            if not batch and self._closed_before == open_since:
                return
            try:
                self._database.transact(lambda connection: _write(connection, batch, now), lock_timeout=_LOCK_TIMEOUT)
                is_forgotten = self._closed_before == open_since or self._database.forget_log()
            except DATABASE_ERRORS as error:
                with self._lock:
                    self._batch.add_all(batch)
                if not is_outage(error):
                    raise
                return
            if is_forgotten:  # else the next write tries again
                self._closed_before = open_since

    def _keep_writing(self) -> None:
        self._try_to_write()  # closes days that ended while no server ran
        while not self._stopping.wait(WRITE_EVERY):
            self._try_to_write()

    def _try_to_write(self) -> None:
        try:
            self.write()
            self._counting.works()
        except Exception as error:  # noqa: BLE001 - the thread must not end: the next write may succeed
            self._counting.breaks(error, "counts of readers could not be written")


def _open_since(now: datetime) -> date:
    """The first day that may still get counts."""
    return (now - _STILL_OPEN).date()


def _write(connection: Connection, batch: Batch, now: datetime) -> None:
    open_since = _open_since(now)
    for day, counted in batch.by_day():
        key = store.key_of(connection, day, secrets.token_hex(32) if day >= open_since else None)
        clients = [] if key is None else [_client(key, *who, name) for who, name in counted.clients.items()]
        distinct = {client.hash: client for client in clients}  # one /64 of IPv6 is one client
        store.add(connection, day, counted.counts, list(distinct.values()))
    store.close_days(connection, open_since)


def _client(key: str, user_agent: str, address: str, reader: str) -> Client:
    who = f"{domains.network(address)} {user_agent}"
    return Client(_hash(key, who), _hash(key, domains.wide_network(address)), reader)


def _hash(key: str, who: str) -> str:
    """Identifies a client or a network as long as the key exists; afterwards it reveals nothing."""
    return blake2b(who.encode("utf-8", "replace"), key=bytes.fromhex(key), digest_size=16).hexdigest()
