"""Waiting for another thread or process."""

import time
from collections.abc import Callable

SECONDS = 20  # the longest that a test waits for another thread


def wait_until(
    condition: Callable[[], object], seconds: float = SECONDS, complaint: Callable[[], str] = lambda: "it never came"
) -> None:
    """Waits for a condition, at most `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(complaint())
        time.sleep(0.01)
