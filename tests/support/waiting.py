"""Threads at once, and waiting for another thread or process."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS = 20  # the longest that a test waits for another thread


def wait_until(
    condition: Callable[[], object], seconds: float = SECONDS, complaint: Callable[[], str] = lambda: "it never came"
) -> None:
    """Waits for a condition, at most `seconds`. Asks less often the longer it takes: to ask may be dear."""
    pause, end = 0.01, time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(complaint())
        time.sleep(pause)
        pause = min(1.2 * pause, 0.2)


def together(*operations: Callable[[], object]) -> list[object]:
    """Runs all at once, in a thread each; returns what they returned or raised, in order."""
    start = threading.Barrier(len(operations))
    found: list[object] = [None] * len(operations)

    def do(number: int) -> None:
        start.wait(SECONDS)
        try:
            found[number] = operations[number]()
        except Exception as error:  # noqa: BLE001 - a test checks it
            found[number] = error

    threads = [threading.Thread(target=do, args=(number,)) for number in range(len(operations))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
        assert not thread.is_alive()
    return found


@contextmanager
def ends_in_time(seconds: float = SECONDS / 2) -> Iterator[None]:
    """Fails if the block takes longer."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds
