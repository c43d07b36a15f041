"""The job worker of a process: one thread polls the queue, a few run the jobs.

Runs in each web process or in `feedserver worker`. Any number may run, as jobs are leased.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Event, Lock, Thread
from typing import Final

from sqlalchemy import Connection

from feedserver.clock import is_of_future
from feedserver.condition import Condition
from feedserver.jobs import housekeeping, queue, store
from feedserver.jobs.model import Job, Lane
from feedserver.jobs.queue import FreeSlots
from feedserver.jobs.runner import Runner
from feedserver.jobs.tally import described
from feedserver.storage import heartbeat
from feedserver.storage.explaining import is_outage

SLOTS: Final = 8  # jobs of one kind and lane at a time in one process: nearly all wait for the network
BACKGROUND_SLOTS: Final = 2
STOP_SECONDS: Final = 20.0  # for jobs under way when a process ends: longer than most fetches, within gunicorn's grace
_SLOTS: Final[dict[Lane, int]] = {"first": SLOTS, "again": SLOTS, "background": BACKGROUND_SLOTS}
_POLL_SECONDS: Final = 1.0  # between two polls; a scheduled post is promised within five seconds
HEARTBEAT: Final = "jobs"  # its name in the table
_BEAT_SECONDS: Final = 10.0
_LINE_SECONDS: Final = 60.0

_log = logging.getLogger(__name__)


class Worker:
    """Polls for due jobs and runs them in slots.

    Each lane of each kind has its own slots, so that slow sources never delay a scheduled post. When half of the slots
    for first attempts are taken, further jobs get a short deadline; every second one taken is the newest.
    """

    def __init__(self, runner: Runner, seconds: Callable[[], float] = time.monotonic) -> None:
        """`seconds` tells the time that passes, whatever the clock is set to."""
        self._runner = runner
        self._seconds = seconds
        self._stopping, self._wake = Event(), Event()
        self._slots = {(kind, lane): _Slots(kind, lane) for kind in runner.handlers for lane in _SLOTS}
        most = sum(slots.number for slots in self._slots.values())
        self._threads = ThreadPoolExecutor(max_workers=most, thread_name_prefix="job")
        self._thread = Thread(target=self._keep_polling, name="jobs", daemon=True)
        self._polling = Condition("the poll for jobs")
        self._next_beat = float("-inf")  # by `seconds`
        self._next_line = seconds() + _LINE_SECONDS

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Takes no more jobs, waits for running ones, and gives back the leases of those not done in time."""
        end = time.monotonic() + seconds
        self._stopping.set()
        self._runner.stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds)
        under_way = [future for slots in self._slots.values() for future in slots.under_way()]
        _, unfinished = wait(under_way, max(0.0, end - time.monotonic()))
        if unfinished:
            self._runner.leases.give_back()
        self._threads.shutdown(wait=not unfinished)

    def poll(self) -> None:
        """Starts due jobs in free slots; then writes the heartbeat, every ten seconds.

        A poll that fails writes none. The first one adds the housekeeping job.
        """
        while not self._stopping.is_set():
            jobs = self._runner.take(self._free_slots())
            for job in jobs:
                self._start(job)
            self._beat()
            if not jobs:
                return

    def tell(self) -> None:
        """Logs once a minute what became of jobs; nothing where there were none."""
        if self._seconds() < self._next_line:
            return
        self._next_line = self._seconds() + _LINE_SECONDS
        if counts := self._runner.tally.take():
            with self._runner.database.read() as connection:
                due = store.count_due(connection, self._runner.clock())
            _log.info("jobs of the last minute: %s; %d are due and wait", described(counts), due)

    def _keep_polling(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self.poll()
                self.tell()
                self._polling.works()
            except Exception as error:  # noqa: BLE001 - this thread must not end: the next poll may succeed
                if not is_outage(error):
                    self._polling.breaks(error, "jobs are delayed; the poll failed")
            self._wake.wait(_POLL_SECONDS)

    def _free_slots(self) -> Sequence[FreeSlots]:
        return [FreeSlots(slots.kind, slots.lane, slots.free, slots.newest_next) for slots in self._slots.values()]

    def _start(self, job: Job) -> None:
        slots = self._slots[job.kind, job.lane]
        future = self._threads.submit(self._runner.run, replace(job, short_deadline=slots.are_crowded))
        slots.take(future)
        future.add_done_callback(lambda _: self._wake.set())

    def _beat(self) -> None:
        if self._seconds() >= self._next_beat:
            self._runner.database.transact(self._show_life)
            self._next_beat = self._seconds() + _BEAT_SECONDS

    def _show_life(self, connection: Connection) -> None:
        now = self._runner.clock()
        is_first, before = self._next_beat == float("-inf"), heartbeat.last(connection, HEARTBEAT)
        heartbeat.beat(connection, HEARTBEAT, now)
        if is_first or (before is not None and is_of_future(before, now)):  # the clock of whoever wrote it was ahead
            queue.bring_back(connection, now)
        if is_first and housekeeping.HOUSEKEEPING in self._runner.handlers:
            housekeeping.ensure(connection, now)


class _Slots:
    """The slots of one kind and lane in this process."""

    def __init__(self, kind: str, lane: Lane) -> None:
        self.kind, self.lane, self.number = kind, lane, _SLOTS[lane]
        self.newest_next = False
        self._under_way: set[Future[None]] = set()
        self._lock = Lock()

    @property
    def free(self) -> int:
        return self.number - len(self._under_way)

    @property
    def are_crowded(self) -> bool:
        """Whether half of the slots for first attempts are taken; then the next job gets a short deadline."""
        return self.lane == "first" and self.free <= self.number // 2

    def take(self, future: Future[None]) -> None:
        with self._lock:
            self._under_way.add(future)
        self.newest_next = self.lane == "first" and not self.newest_next
        future.add_done_callback(self._give_back)

    def under_way(self) -> list[Future[None]]:
        with self._lock:
            return list(self._under_way)

    def _give_back(self, future: Future[None]) -> None:
        with self._lock:
            self._under_way.discard(future)
