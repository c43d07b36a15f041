"""Whether a part works, told in the log when that changes, not each time that it is tried."""

import logging
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Final

_SETTLED_SECONDS: Final = 5.0  # without a failure, before it is said to work again

_log = logging.getLogger(__name__)


class Condition:
    """The state of one part in this process. Safe to share between threads."""

    def __init__(self, name: str, seconds: Callable[[], float] = monotonic) -> None:
        """`name` begins a sentence, such as “the database”; `seconds` tells the time that passes."""
        self._name = name
        self._seconds = seconds
        self._lock = Lock()
        self._began_at = 0.0
        self._failed_at = 0.0  # the last time
        self._worked_at: float | None = None  # the first time since
        self._told: set[str] = set()
        self.failing: str | None = None  # in what way, in a word; None while it works

    def fails(self, way: str, line: str) -> None:
        """Logs `line`, unless the part has failed this way already and has not worked since. `way` is an adjective."""
        self._note(way, line, None)

    def breaks(self, error: Exception, line: str) -> None:
        """The same for an error of ours, with its traceback; errors of each type are a way of their own."""
        self._note(f"broken ({type(error).__name__})", line, error)

    def works(self) -> None:
        """Logs that the part works again, once it has for some seconds: one that wavers is not told again and again."""
        if self.failing is None:
            return
        with self._lock:
            now = self._seconds()
            if self._worked_at is None:
                self._worked_at = now
            if self.failing is None or now - self._failed_at < _SETTLED_SECONDS:
                return
            way, self.failing, lasted = self.failing, None, self._worked_at - self._began_at
            self._told.clear()
        _log.info("%s works again; it was %s for %.0f s", self._name, way, lasted)

    def _note(self, way: str, line: str, error: Exception | None) -> None:
        with self._lock:
            now = self._seconds()
            if self.failing is None:
                self._began_at = now
            self.failing, self._failed_at, self._worked_at = way, now, None
            is_new = way not in self._told
            self._told.add(way)
        if is_new:
            _log.warning("%s", line, exc_info=error)
