"""Carries jobs out: in a thread of each web process, in `feedserver worker`, or once from the command line.

Leases make any number of workers safe. A job whose process dies is due again when its lease ends.
"""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import BoundedSemaphore, Event, Thread
from typing import Final

from sqlalchemy.exc import InterfaceError, OperationalError

from feedserver.clock import Clock
from feedserver.jobs import store
from feedserver.jobs.model import LEASE, Job, pause_after
from feedserver.storage.engine import Database

PLACES: Final = 8  # jobs of one kind at a time in one process: nearly all wait for the network
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
        except (OperationalError, InterfaceError):
            _log.exception("job %s on %s lost the database; its lease ends within %s", job.kind, job.subject, LEASE)
        except Exception:  # noqa: BLE001 - whatever a handler does, the others' jobs go on
            _log.exception("job %s on %s failed", job.kind, job.subject)
            self._try_again_later(job)

    def take_due(self, limit: int, kinds: Sequence[str] | None = None) -> list[Job]:
        """Leases what is due, of some kinds or of all that can be carried out here."""
        now, wanted = self.clock(), list(self.handlers if kinds is None else kinds)
        with self.database.read() as connection:
            if not store.anything_due(connection, now, wanted):
                return []
        with self.database.write() as connection:
            return store.take_due(connection, now, wanted, limit)

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
    """A thread that looks for due jobs, and a few more that carry them out.

    Each kind has places of its own, so that slow sources never keep a scheduled post waiting.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._stopping = Event()
        self._free = {kind: BoundedSemaphore(PLACES) for kind in runner.handlers}
        self._places = ThreadPoolExecutor(max_workers=PLACES * len(self._free), thread_name_prefix="job")
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
                for kind in self._free:
                    self._take_some(kind)
            except Exception as error:  # noqa: BLE001 - the one thread that must not end: the next look may go well
                _log.warning("jobs wait; the database did not answer as it should: %s", type(error).__name__)
            self._stopping.wait(_LOOK_EVERY)

    def _take_some(self, kind: str) -> None:
        """Takes due jobs of one kind while it has a free place."""
        free = self._free[kind]
        while not self._stopping.is_set() and free.acquire(blocking=False):
            under_way = False
            try:
                for job in self._runner.take_due(1, [kind]):
                    self._places.submit(self._runner.run, job).add_done_callback(lambda _: free.release())
                    under_way = True
            finally:
                if not under_way:
                    free.release()
            if not under_way:
                return

    def _beat(self) -> None:
        now = self._runner.clock()
        if now - self._last_beat < _BEAT_EVERY:
            return
        self._runner.database.transact(lambda connection: store.beat(connection, now))
        self._last_beat = now
