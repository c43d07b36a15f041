"""Runs single jobs: leases them from the queue, renews the leases, and postpones jobs whose handler failed."""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.clock import Clock
from feedserver.jobs import failures, queue, store
from feedserver.jobs.leases import Leases
from feedserver.jobs.model import LANES, SITE, Job, Outcome
from feedserver.jobs.queue import Candidate, FreeSlots
from feedserver.jobs.retry import PAUSES, pause_after
from feedserver.jobs.tally import Tally
from feedserver.storage.engine import Database
from feedserver.storage.explaining import is_outage

_log = logging.getLogger(__name__)

_INTERNAL: Final = "an internal error; see the log"

Handler = Callable[[Job], Outcome | None]  # None: done
Watch = Callable[[Connection, datetime], bool]  # whether there is something to do at a time, and no job for it


class Runner:
    """Runs jobs by kind. A handler finishes or postpones its job itself, in its own transaction.

    Safe to share between threads, not between forked processes.
    """

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        clock: Clock,
        watches: Mapping[str, Watch] = MappingProxyType({}),
        stopping: Event | None = None,
    ) -> None:
        """Each poll asks `watches`, by kind of job, whether one is needed; its subject is `SITE`.

        `stopping` is set when the process is to end: long jobs then begin nothing more.
        """
        self.database = database
        self.handlers = handlers
        self.clock = clock
        self.leases = Leases(database, clock)
        self.tally = Tally()
        self.stopping = stopping or Event()
        self._watches = watches

    def run(self, job: Job, handler: Handler | None = None) -> None:
        """Runs a leased job, by default with the handler of its kind.

        A failure counts as an attempt, and the job is due again after a growing pause.
        """
        with self.leases.renewed(job):
            self.tally.count(job.kind, self._outcome(job, handler or self.handlers[job.kind]))

    def _outcome(self, job: Job, handler: Handler) -> Outcome:
        try:
            return handler(job) or "done"
        except (OperationalError, InterfaceError, NoConnection) as error:  # the job is free when its lease ends
            if not is_outage(error):
                _log.exception("job %s on %s: the database failed", job.kind, job.subject)
            return "interrupted"
        except Exception as error:  # noqa: BLE001 - a handler may raise anything; the other jobs go on
            if is_outage(error):  # a damaged file
                return "interrupted"
            _log.exception("job %s on %s failed", job.kind, job.subject)
            self._postpone(job)
            return "failed"

    def take(self, free_slots: Sequence[FreeSlots]) -> list[Job]:
        """Leases due jobs. Runs one SELECT if there are none."""
        return self._lease(self._poll(free_slots))

    def run_due(self) -> int:
        """Runs the due jobs, one after the other, in this thread, first attempts first; returns how many there were."""
        done = 0
        while job := self._take_next():
            self.run(job)
            done += 1
        return done

    def _take_next(self) -> Job | None:
        found = self._poll([FreeSlots(kind, lane, 1) for kind in self.handlers for lane in LANES])
        next_one = sorted(found, key=lambda one: (LANES.index(one.lane), one.run_at, one.id))[:1]
        return next(iter(self._lease(next_one)), None)

    def _poll(self, free_slots: Sequence[FreeSlots]) -> Sequence[Candidate]:
        """Polls the queue; frees jobs whose lease has ended, for a later poll."""
        with self.database.read() as connection:
            needed = [kind for kind, is_needed in self._watches.items() if is_needed(connection, self.clock())]
            found = queue.poll(connection, self.clock(), free_slots)
        if needed:
            self.database.transact(partial(self._add, needed))
            with self.database.read() as connection:
                found = queue.poll(connection, self.clock(), free_slots)
        if found.any_ended:
            released = self.database.transact(lambda connection: queue.release_ended(connection, self.clock()))
            if released:  # else another process was quicker
                _log.warning("freed %d jobs whose leases had ended", released)
        return found.candidates

    def _add(self, kinds: Sequence[str], connection: Connection) -> None:
        for kind in kinds:
            store.ensure(connection, kind, SITE, self.clock(), self.clock())

    def _lease(self, candidates: Sequence[Candidate]) -> list[Job]:
        if not candidates:
            return []
        ids = [candidate.id for candidate in candidates]
        return self.database.transact(lambda connection: queue.lease(connection, ids, self.clock()))

    def _postpone(self, job: Job) -> None:
        now = self.clock()
        attempts = job.attempts + 1
        pause = pause_after(attempts, random.random())  # noqa: S311 - no secret
        with self.database.write() as connection:
            if attempts == len(PAUSES) + 1:  # from now on it is tried once a day
                failures.record(connection, job, _INTERNAL, now)
            later = now + (pause or timedelta(days=1))
            store.postpone(connection, job, later, now, attempts=attempts, error=_INTERNAL)
