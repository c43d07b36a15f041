"""Records for a second that the database failed, so that not every request waits for it."""

import logging
from time import monotonic
from typing import Final

SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


class Outage:
    """Whether the database failed within the last second. Logs when that begins and ends, not each failure."""

    def __init__(self, consequence: str) -> None:
        """`consequence` tells the operator what no longer works."""
        self._consequence = consequence
        self._until = float("-inf")
        self._is_on = False

    @property
    def is_recent(self) -> bool:
        return monotonic() < self._until

    def begin(self, error: Exception) -> None:
        """Records a failure."""
        if not self._is_on:
            _log.warning("%s: %s", self._consequence, type(error).__name__)
        self._is_on = True
        self._until = monotonic() + SECONDS

    def end(self) -> None:
        """Records a success."""
        if self._is_on:
            _log.warning("the database works again; it did not, and so %s", self._consequence)
        self._is_on = False
        self._until = float("-inf")
