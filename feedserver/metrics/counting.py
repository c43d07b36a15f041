"""What the processes of a server count themselves: requests, feeds, fetches.

Labels are of bounded sets: names of our routes, statuses that we answer with, kinds of outcomes. Importing this decides
whether the processes count together: `folder.begin` comes first.
"""

from contextlib import suppress
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from feedserver.metrics import folder

DURATION: Final = "feedserver_request_duration_seconds"
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Counts:
    """The counts of one application. Safe to share between threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._has_room = folder.reserve()
        self._duration = Histogram(
            DURATION,
            "Seconds until an answer began, by name of the route and status.",
            ["route", "status"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._fetches = Counter(
            "feedserver_fetches_total",
            "Requests to other servers, by class of the status, or what was in the way.",
            ["outcome"],
            registry=self.registry,
        )
        self._durations: dict[tuple[str, str], Histogram] = {}  # `labels` costs as much as counting

    def request(self, route: str, status: str, seconds: float) -> None:
        """Counts an answered request. `status` has three digits."""
        found = self._durations.get((route, status))
        if found is None and self._has_room:
            with suppress(OSError):  # others have removed the folder: nobody goes without an answer for that
                found = self._durations[route, status] = self._duration.labels(route, status)
        if found is not None:
            found.observe(seconds)

    def fetch(self, outcome: str) -> None:
        """Counts a request to another server: the class of its status, or `FetchError.outcome`."""
        if self._has_room:
            with suppress(OSError):
                self._fetches.labels(outcome).inc()
