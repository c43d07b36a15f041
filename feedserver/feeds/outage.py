"""Records for a second that the database failed, so that not every request waits for it."""

from time import monotonic
from typing import Final

SECONDS: Final = 1.0


class Outage:
    """Whether the database failed within the last second."""

    def __init__(self) -> None:
        self._until = float("-inf")

    @property
    def is_recent(self) -> bool:
        return monotonic() < self._until

    def begin(self) -> None:
        """Records a failure."""
        self._until = monotonic() + SECONDS

    def end(self) -> None:
        """Records a success."""
        self._until = float("-inf")
