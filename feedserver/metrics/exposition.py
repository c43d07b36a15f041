"""All metrics as one text: what the processes of this server have counted, and what the database holds."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from feedserver.metrics import folder
from feedserver.metrics.counting import DURATION, Counts
from feedserver.metrics.site_figures import SiteFigures

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_IS_FEED: Final = re.compile(r"feeds\.\w+_feed")


@dataclass(frozen=True, slots=True)
class Exposition:
    """The metrics of one application."""

    counts: Counts
    figures: SiteFigures

    def text(self) -> bytes:
        """The text format of Prometheus, encoded."""
        registry = CollectorRegistry()
        registry.register(self.figures)
        shared = folder.in_use()
        registry.register(_Counted(self.counts.registry if shared is None else _shared(shared)))
        with folder.reading():
            return generate_latest(registry)


def _shared(shared: Path) -> Collector:
    """What all processes have counted."""
    collector: Collector = MultiProcessCollector(None, str(shared))  # type: ignore[no-untyped-call]
    return collector


class _Counted(Collector):
    """What processes have counted, and the totals that follow from it: counted apart, they would cost each request."""

    def __init__(self, counts: Collector) -> None:
        self._counts = counts

    def describe(self) -> Iterable[Metric]:
        """Nothing: to register it must not read the counts."""
        return ()

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "feedserver_requests", "Requests answered, by name of the route and status.", labels=["route", "status"]
        )
        feeds: Counter[str] = Counter()
        for metric in self._counts.collect():
            yield metric
            for sample in metric.samples if metric.name == DURATION else ():
                if sample.name == f"{DURATION}_count":
                    route, status = sample.labels["route"], sample.labels["status"]
                    requests.add_metric([route, status], sample.value)
                    feeds[status] += int(sample.value) if _IS_FEED.fullmatch(route) else 0
        yield requests
        responses = CounterMetricFamily(
            "feedserver_feed_responses", "Answers at the addresses of feeds, by status.", labels=["status"]
        )
        for status, number in sorted(feeds.items()):
            if number:
                responses.add_metric([status], number)
        yield responses
