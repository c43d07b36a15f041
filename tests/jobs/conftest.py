"""Stored jobs, runners with any handlers, and workers that poll often."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from feedserver.jobs import queue, store
from feedserver.jobs import worker as worker_module
from feedserver.jobs.model import INTERACTIVE, LANES, Job, Lane
from feedserver.jobs.queue import FreeSlots
from feedserver.jobs.runner import Handler, Runner
from feedserver.jobs.worker import HEARTBEAT, Worker
from feedserver.services import WebServices
from feedserver.storage import heartbeat
from feedserver.storage.engine import Database
from tests.support.outside import Clock

RunnerWith = Callable[..., Runner]
StartWorker = Callable[[Runner], Worker]


class Jobs:
    """The stored jobs: written, read and leased as another process would."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock

    def add(
        self,
        subject: str,
        kind: str = "work",
        *,
        priority: int = INTERACTIVE,
        concurrency_key: str | None = None,
        **after: float,
    ) -> Job:
        with self.database.write() as connection:
            now = self.clock()
            run_at = now + timedelta(**after)
            return store.ensure(
                connection, kind, subject, run_at, now, priority=priority, concurrency_key=concurrency_key
            )

    def take(
        self, number: int = 1, kinds: tuple[str, ...] = ("work",), *, lanes: tuple[Lane, ...] = LANES
    ) -> list[Job]:
        """Leases up to `number` jobs of each kind and lane."""
        return self.take_wanted(*(FreeSlots(kind, lane, number) for kind in kinds for lane in lanes))

    def take_wanted(self, *free_slots: FreeSlots) -> list[Job]:
        return Runner(self.database, {}, self.clock).take(free_slots)

    def due(self, *kinds: str) -> bool:
        free_slots = [FreeSlots(kind, lane, 1) for kind in kinds for lane in LANES]
        with self.database.read() as connection:
            return bool(queue.poll(connection, self.clock(), free_slots).candidates)

    def all(self) -> list[Job]:
        with self.database.read() as connection:
            return store.everything(connection)

    def subjects(self) -> list[str]:
        return [job.subject for job in self.all()]

    def finish(self, job: Job) -> None:
        with self.database.write() as connection:
            store.finish(connection, job)

    def postpone(self, job: Job, **after: float) -> None:
        with self.database.write() as connection:
            run_at = self.clock() + timedelta(**after)
            store.postpone(connection, job, run_at, self.clock(), attempts=job.attempts + 1, error="it failed")

    def held(self, job: Job) -> bool:
        with self.database.write() as connection:
            return store.held(connection, job)

    def last_beat(self) -> datetime | None:
        with self.database.read() as connection:
            return heartbeat.last(connection, HEARTBEAT)


@pytest.fixture
def jobs(services: WebServices, clock: Clock) -> Jobs:
    return Jobs(services.database, clock)


@pytest.fixture
def runner_with(services: WebServices, clock: Clock) -> RunnerWith:
    """A runner with handlers by kind: `runner_with(work=handler)`."""

    def make(**handlers: Handler) -> Runner:
        return Runner(services.database, handlers, clock)

    return make


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[StartWorker]:
    """Starts workers that poll often, and stops them after the test."""
    monkeypatch.setattr(worker_module, "_POLL_SECONDS", 0.02)
    running: list[Worker] = []

    def start(runner: Runner) -> Worker:
        running.append(Worker(runner))
        running[-1].start()
        return running[-1]

    yield start
    for each in running:
        each.stop()
