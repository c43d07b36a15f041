"""All metrics as one text: what the processes of this server have counted, and what the database holds."""

from dataclasses import dataclass
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from feedserver.metrics import folder
from feedserver.metrics.counting import Counts
from feedserver.metrics.site_figures import SiteFigures

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


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
        if shared is None:
            return generate_latest(registry) + generate_latest(self.counts.registry)
        MultiProcessCollector(registry, str(shared))  # type: ignore[no-untyped-call]
        with folder.reading():
            return generate_latest(registry)
