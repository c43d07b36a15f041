"""Records for a second that the database is away or locked, so that not every request waits for it and logs it."""

import logging
from time import monotonic
from typing import Final

SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


class Outage:
    """Whether the database failed within the last second."""

    def __init__(self) -> None:
        self._until = float("-inf")

    @property
    def is_recent(self) -> bool:
        return monotonic() < self._until

    def begin(self, error: Exception, served: str) -> None:
        """Logs the failure; `served` is the key of a document that is served without a check."""
        name = type(error).__name__
        _log.warning("the database is away (%s); the last good feeds are served, such as %s", name, served)
        self._until = monotonic() + SECONDS
