"""Carries jobs out: in a thread of each web process, in `feedserver worker`, or once from the command line.

Leases make any number of workers safe. A job whose process dies is taken over by any other that looks, at the latest
when its lease ends.
"""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from threading import Event, Lock, Thread
from typing import Final

from sqlalchemy.exc import InterfaceError, OperationalError

from feedserver.clock import Clock
from feedserver.jobs import store
from feedserver.jobs.holder import Holder
from feedserver.jobs.model import LEASE, Job, Lane, pause_after
from feedserver.storage.engine import Database

PLACES: Final = 8  # jobs of one kind and lane at a time in one process: nearly all wait for the network
PLACES_AT_LEISURE: Final = 2  # of jobs that nobody waits for
STOP_SECONDS: Final = 20.0  # for jobs under way when a process ends: longer than most fetches, within gunicorn's grace
_LANES: Final[dict[Lane, int]] = {"first": PLACES, "again": PLACES, "leisure": PLACES_AT_LEISURE}
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
    holder: Holder
    _under_way: dict[str, Job] = field(default_factory=dict, repr=False)

    def run(self, job: Job) -> None:
        """Carries out a leased job. A handler that fails costs a try; the job comes again after a growing pause."""
        self._under_way[job.lease_token or ""] = job
        try:
            self._carry_out(job)
        finally:
            del self._under_way[job.lease_token or ""]

    def _carry_out(self, job: Job) -> None:
        try:
            self.handlers[job.kind](job)
        except (OperationalError, InterfaceError):
            _log.exception("job %s on %s lost the database; its lease ends within %s", job.kind, job.subject, LEASE)
        except Exception:  # noqa: BLE001 - whatever a handler does, the others' jobs go on
            _log.exception("job %s on %s failed", job.kind, job.subject)
            self._try_again_later(job)

    def take_due(
        self, limit: int, kinds: Sequence[str] | None = None, lane: Lane = "any", *, newest: bool = False
    ) -> list[Job]:
        """Leases what is due, of some kinds or of all that can be carried out here."""
        now, wanted = self.clock(), list(self.handlers if kinds is None else kinds)
        with self.database.read() as connection:
            if not store.anything_due(connection, now, wanted, lane):
                return []
        chosen = partial(store.take_due, lane=lane, newest=newest, holder=self.holder.name)
        return self.database.transact(lambda connection: chosen(connection, now, wanted, limit))

    def take_from_dead(self) -> None:
        """Frees what processes that have died still hold, so that nobody waits for the end of their leases."""
        now = self.clock()
        with self.database.read() as connection:
            holders = store.holders(connection, now)
        for name in filter(self.holder.is_dead, holders):
            freed = self.database.transact(partial(store.take_from_dead, holder=name, now=now))
            _log.warning("took over %d jobs of a process that has ended", freed)

    def give_back(self) -> None:
        """Gives back the leases of what is under way here, when this process cannot wait for its end."""
        for job in list(self._under_way.values()):
            self.database.transact(partial(store.give_back, job=job))
            _log.warning("gave back job %s on %s: the process ends", job.kind, job.subject)

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

    Each kind has places of its own, so that slow sources never keep a scheduled post waiting; within a kind, so have
    first tries, repeated ones and what nobody waits for. When most of its places for first tries are taken, a job is
    `hurried`; and every second one that is taken is the newest, so that a crowd which came before delays nobody by all
    of its length.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._stopping, self._wake = Event(), Event()
        self._lanes = [_Places(kind, lane) for kind in runner.handlers for lane in _LANES]
        most = sum(lane.number for lane in self._lanes)
        self._threads = ThreadPoolExecutor(max_workers=most, thread_name_prefix="job")
        self._thread = Thread(target=self._look, name="jobs", daemon=True)
        self._last_beat = runner.clock() - _BEAT_EVERY

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Takes no more jobs, waits for those under way, and gives back the leases of what is not done in time."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()
        _, unfinished = wait([future for lane in self._lanes for future in lane.under_way()], timeout=seconds)
        if unfinished:
            self._runner.give_back()
        self._threads.shutdown(wait=not unfinished)

    def _look(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self._beat()
                self._runner.take_from_dead()
                for lane in self._lanes:
                    self._take_some(lane)
            except Exception as error:  # noqa: BLE001 - the one thread that must not end: the next look may go well
                _log.warning("jobs wait; the database did not answer as it should: %s", type(error).__name__)
            self._wake.wait(_LOOK_EVERY)

    def _take_some(self, places: "_Places") -> None:
        """Takes due jobs of one kind and lane while it has a free place."""
        while not self._stopping.is_set() and places.taken < places.number:
            due = self._runner.take_due(1, [places.kind], places.lane, newest=places.takes_newest)
            if not due:
                return
            future = self._threads.submit(self._runner.run, replace(due[0], hurried=places.is_crowded))
            places.fill(future)
            future.add_done_callback(lambda _: self._wake.set())

    def _beat(self) -> None:
        now = self._runner.clock()
        if now - self._last_beat < _BEAT_EVERY:
            return
        self._runner.holder.refresh()
        self._runner.database.transact(lambda connection: store.beat(connection, now))
        self._last_beat = now


class _Places:
    """The places that jobs of one kind and lane have in this process."""

    def __init__(self, kind: str, lane: Lane) -> None:
        self.kind, self.lane, self.number = kind, lane, _LANES[lane]
        self.takes_newest = False
        self._under_way: set[Future[None]] = set()
        self._lock = Lock()

    @property
    def taken(self) -> int:
        return len(self._under_way)

    @property
    def is_crowded(self) -> bool:
        """Whether the next job shall be hurried, as half of the places are taken. A try that failed before is not."""
        return self.lane == "first" and self.taken >= self.number // 2

    def fill(self, future: Future[None]) -> None:
        with self._lock:
            self._under_way.add(future)
        self.takes_newest = self.lane == "first" and not self.takes_newest
        future.add_done_callback(self._empty)

    def under_way(self) -> list[Future[None]]:
        with self._lock:
            return list(self._under_way)

    def _empty(self, future: Future[None]) -> None:
        with self._lock:
            self._under_way.discard(future)
