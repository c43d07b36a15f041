"""Jobs by hand: a database of jobs, and handlers that a test makes up."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from feedserver.jobs import store
from feedserver.jobs.holder import Holder
from feedserver.jobs.model import AT_ONCE, Job
from feedserver.jobs.worker import Handler, Runner
from feedserver.services import Services
from feedserver.storage.engine import Database
from tests.support.outside import Clock


class Desk:
    """Writes jobs and reads them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock

    def add(self, subject: str, kind: str = "work", *, priority: int = AT_ONCE, **after: float) -> Job:
        with self.database.write() as connection:
            now = self.clock()
            return store.ensure(connection, kind, subject, now + timedelta(**after), now, priority=priority)

    def take(self, limit: int = 1, kinds: tuple[str, ...] = ("work",)) -> list[Job]:
        with self.database.write() as connection:
            return store.take_due(connection, self.clock(), kinds, limit)

    def all(self) -> list[Job]:
        with self.database.read() as connection:
            return store.everything(connection)

    def finish(self, job: Job) -> None:
        with self.database.write() as connection:
            store.finish(connection, job)

    def postpone(self, job: Job, **after: float) -> None:
        with self.database.write() as connection:
            run_at = self.clock() + timedelta(**after)
            store.postpone(connection, job, run_at, attempts=job.attempts + 1, error="it failed")

    def held(self, job: Job) -> bool:
        with self.database.write() as connection:
            return store.held(connection, job)


@pytest.fixture
def desk(services: Services, clock: Clock) -> Desk:
    return Desk(services.database, clock)


@pytest.fixture
def runner_with(services: Services, clock: Clock) -> Callable[..., Runner]:
    """A runner with handlers by kind: `runner_with(work=handler)`."""

    def make(**handlers: Handler) -> Runner:
        return Runner(services.database, handlers, clock, Holder(services.database))

    return make
