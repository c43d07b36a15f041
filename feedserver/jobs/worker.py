"""Carries jobs out: in a thread of each web process, in `feedserver worker`, or once from the command line.

Leases make any number of workers safe. A job whose process dies is due again when its lease ends.
"""

import logging
import random
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import BoundedSemaphore, Event, Thread
from typing import Final

from sqlalchemy.exc import DBAPIError

from feedserver.clock import Clock
from feedserver.jobs import store
from feedserver.jobs.model import LEASE, Job, pause_after
from feedserver.storage.engine import Database

PLACES: Final = 8  # jobs at a time in one process: nearly all wait for the network
_LOOK_EVERY: Final = 1.0  # seconds; a scheduled post is promised within five
_BEAT_EVERY: Final = timedelta(seconds=10)

_log = logging.getLogger(__name__)

Handler = Callable[[Job], None]


@dataclass(frozen=True, slots=True)
class Runner:
    """Carries out single jobs. A handler finishes or postpones its job itself, in its own transaction."""

    database: Database
    handlers: Mapping[str, Handler]
    clock: Clock

    def run(self, job: Job) -> None:
        """Carries out a leased job. A handler that fails costs a try; the job comes again after a growing pause."""
        try:
            self.handlers[job.kind](job)
        except DBAPIError:
            _log.exception("job %s on %s lost the database; its lease ends within %s", job.kind, job.subject, LEASE)
        except Exception:  # noqa: BLE001 - whatever a handler does, the others' jobs go on
            _log.exception("job %s on %s failed", job.kind, job.subject)
            self._try_again_later(job)

    def take_due(self, limit: int) -> list[Job]:
        """Leases what is due."""
        now = self.clock()
        with self.database.read() as connection:
            if not store.anything_due(connection, now):
                return []
        with self.database.write() as connection:
            return store.take_due(connection, now, list(self.handlers), limit)

    def run_due(self) -> int:
        """Carries out what is due now, one after the other, in this thread; returns how many there were."""
        done = 0
        while due := self.take_due(1):
            self.run(due[0])
            done += 1
        return done

    def _try_again_later(self, job: Job) -> None:
        now = self.clock()
        pause = pause_after(job.attempts + 1, random.random()) or timedelta(days=1)  # noqa: S311 - no secret
        with self.database.write() as connection:
            store.postpone(
                connection, job, now + pause, attempts=job.attempts + 1, error="an error of ours; see the log"
            )


class Worker:
    """A thread that looks for due jobs, and a few more that carry them out."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._stopping = Event()
        self._free = BoundedSemaphore(PLACES)
        self._places = ThreadPoolExecutor(max_workers=PLACES, thread_name_prefix="job")
        self._thread = Thread(target=self._look, name="jobs", daemon=True)
        self._last_beat = runner.clock() - _BEAT_EVERY

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Takes no more jobs and waits for those under way, which have deadlines of their own."""
        self._stopping.set()
        self._thread.join()
        self._places.shutdown()

    def _look(self) -> None:
        while not self._stopping.is_set():
            try:
                self._beat()
                self._take_some()
            except DBAPIError as error:
                _log.warning("jobs wait for the database: %s", type(error.orig).__name__)
            self._stopping.wait(_LOOK_EVERY)

    def _take_some(self) -> None:
        while not self._stopping.is_set() and self._free.acquire(blocking=False):
            jobs = []
            try:
                jobs = self._runner.take_due(1)
            finally:
                if not jobs:
                    self._free.release()
            if not jobs:
                return
            self._places.submit(self._runner.run, jobs[0]).add_done_callback(lambda _: self._free.release())

    def _beat(self) -> None:
        now = self._runner.clock()
        if now - self._last_beat < _BEAT_EVERY:
            return
        with self._runner.database.write() as connection:
            store.beat(connection, now)
        self._last_beat = now
