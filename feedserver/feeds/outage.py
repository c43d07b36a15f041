"""Remembers for a second that the database is away or locked, so that not each request waits for it and logs it."""

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
        """Logs the failure, with an example of what is `served` as it was."""
        name = type(error).__name__
        _log.warning("the database is away (%s); feeds are served as they were, such as %s", name, served)
        self._until = monotonic() + SECONDS
