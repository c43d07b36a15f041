"""What the database holds, as gauges: whoever wrote it, workers on other machines too.

Read when a monitor asks, and seldom: never more than a fiftieth of the time goes into it.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import Any, Final

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import Column, Connection, Table, func, select

from feedserver import __version__
from feedserver.clock import Clock
from feedserver.jobs.overview import by_kind
from feedserver.settings import LimitsSettings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.storage.explaining import DATABASE_ERRORS
from feedserver.storage.schema import outgoing_pings, posts, thoughts, websub_subscriptions
from feedserver.storage.size import bytes_of
from feedserver.thoughts import store

_LEAST_SECONDS: Final = 2.0  # between two readings
_SHARE: Final = 50  # times as long as a reading took is the next one put off
_WAITS = websub_subscriptions.c.next_push_at.is_not(None)


class SiteFigures:
    """A collector of prometheus_client. Safe to share between threads."""

    def __init__(
        self, database: Database, limits: LimitsSettings, clock: Clock, seconds: Callable[[], float] = monotonic
    ) -> None:
        """`seconds` tells the time that passes, whatever the clock is set to."""
        self._database = database
        self._limits = limits
        self._clock = clock
        self._seconds = seconds
        self._lock = Lock()
        self._found: list[Metric] = []
        self._next_at = float("-inf")

    def describe(self) -> Iterable[Metric]:
        """Nothing: to register it must not read the database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The gauges; of a database that cannot be read, that alone."""
        with self._lock:  # those who ask meanwhile wait, and read the same
            if self._seconds() >= self._next_at:
                began = self._seconds()
                self._found = self._read()
                took = self._seconds() - began
                self._next_at = began + max(_LEAST_SECONDS, _SHARE * took)
            return self._found

    def _read(self) -> list[Metric]:
        try:
            with self._database.read() as connection:
                found = list(self._metrics(connection, self._clock()))
        except DATABASE_ERRORS:
            return [*_about(0)]
        return [*_about(1), *found]

    def _metrics(self, connection: Connection, now: datetime) -> Iterator[Metric]:
        yield _gauge("database_bytes", "Size of the database.", bytes_of(connection))
        yield _grouped(connection, "posts", "Posts, by state.", posts, posts.c.state)
        yield _thoughts(connection)
        yield _gauge("pings_waiting", "Pings that wait to be verified.", store.waiting(connection))
        yield _gauge("pings_waiting_limit", "Pings that may wait to be verified.", self._limits.waiting)
        yield _gauge("thoughts_held_limit", "Thoughts that may wait for a moderator.", self._limits.held)
        yield from _jobs(connection, now)
        yield _grouped(
            connection, "outgoing_pings", "Pages elsewhere, by what they were told.", outgoing_pings,
            outgoing_pings.c.state,
        )  # fmt: skip
        yield from _hub(connection)
        backed_up_at = revision.backed_up_at(connection)
        if backed_up_at is not None:
            yield _gauge("last_backup_timestamp_seconds", "When the site was last backed up.", backed_up_at.timestamp())


def _about(database: int) -> Iterator[Metric]:
    info = GaugeMetricFamily("feedserver_build_info", "The version that runs.", labels=["version"])
    info.add_metric([__version__], 1)
    yield info
    yield _gauge("database_up", "Whether the database can be read.", database)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"feedserver_{name}", meaning, value)


def _grouped(connection: Connection, name: str, meaning: str, table: Table, by: Column[Any]) -> Metric:
    metric = GaugeMetricFamily(f"feedserver_{name}", meaning, labels=[by.name])
    for value, number in connection.execute(select(by, func.count()).select_from(table).group_by(by).order_by(by)):
        metric.add_metric([value], number)
    return metric


def _thoughts(connection: Connection) -> Metric:
    metric = GaugeMetricFamily("feedserver_thoughts", "Pings and comments, by outcome.", labels=["kind", "state"])
    query = select(thoughts.c.kind, thoughts.c.state, func.count()).group_by(thoughts.c.kind, thoughts.c.state)
    for kind, state, number in connection.execute(query.order_by(thoughts.c.kind, thoughts.c.state)):
        metric.add_metric([kind, state], number)
    return metric


def _jobs(connection: Connection, now: datetime) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("feedserver_jobs", "Background jobs, by kind and state.", labels=["kind", "state"])
    failed = GaugeMetricFamily("feedserver_jobs_failed", "Jobs that failed and come again.", labels=["kind"])
    overviews = by_kind(connection, now)
    for found in overviews:
        jobs.add_metric([found.kind, "due"], found.due)
        jobs.add_metric([found.kind, "under_way"], found.under_way)
        jobs.add_metric([found.kind, "planned"], found.jobs - found.due - found.under_way)
        failed.add_metric([found.kind], found.failed)
    since = min((found.due_since for found in overviews if found.due_since), default=now)
    yield jobs
    yield failed
    yield _gauge("oldest_due_job_age_seconds", "Since when the oldest due job waits.", (now - since).total_seconds())


def _hub(connection: Connection) -> Iterator[Metric]:
    state = websub_subscriptions.c.state
    yield _grouped(connection, "hub_subscriptions", "Subscriptions at the hub, by state.", websub_subscriptions, state)
    query = select(func.count(), func.count(websub_subscriptions.c.failing_since)).where(_WAITS)
    waiting, failing = connection.execute(query).one()
    yield _gauge("hub_pushes_waiting", "Pushes that wait.", waiting)
    yield _gauge("hub_pushes_failing", "Pushes that have failed and wait for another try.", failing)
