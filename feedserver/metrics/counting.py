"""What the processes of a server count themselves: requests, feeds, fetches.

Labels are of bounded sets: names of our routes, statuses that we answer with, kinds of outcomes. Importing this decides
whether the processes count together: `folder.begin` comes first.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Counts:
    """The counts of one application. Safe to share between threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "feedserver_requests_total",
            "Requests answered, by name of the route and status.",
            ["route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "feedserver_request_duration_seconds",
            "Seconds until an answer began.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._feeds = Counter(
            "feedserver_feed_responses_total",
            "Answers to feed readers, by status.",
            ["status"],
            registry=self.registry,
        )
        self._fetches = Counter(
            "feedserver_fetches_total",
            "Requests to other servers, by class of the status, or what was in the way.",
            ["outcome"],
            registry=self.registry,
        )
        # `labels` costs more than counting.
        self._by_request: dict[tuple[str, str], tuple[Counter, Histogram]] = {}
        self._by_feed_status: dict[int, Counter] = {}

    def request(self, route: str, status: str, seconds: float) -> None:
        """Counts an answered request. `status` has three digits."""
        found = self._by_request.get((route, status))
        if found is None:
            found = self._requests.labels(route, status), self._seconds.labels(route)
            self._by_request[route, status] = found
        number, duration = found
        number.inc()
        duration.observe(seconds)

    def feed(self, status: int) -> None:
        """Counts an answer with a feed, or without one as it is not modified, or asked for too often."""
        found = self._by_feed_status.get(status)
        if found is None:
            found = self._by_feed_status[status] = self._feeds.labels(str(status))
        found.inc()

    def fetch(self, outcome: str) -> None:
        """Counts a request to another server (`net.exchange.outcome_of`)."""
        self._fetches.labels(outcome).inc()
