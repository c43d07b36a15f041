"""What long commands share: they show how far they have come, and end in order."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_CLEAR: Final = "\r\x1b[K"


@contextmanager
def interruptible() -> Iterator[None]:
    """Ends the block in order when the process is told to end, so that it leaves nothing behind."""
    signals = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) != signal.SIG_IGN]  # by nohup
    before = [signal.signal(number, signal.default_int_handler) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


class Progress:
    """A line on a terminal that says what is being done, until it is cleared; a `Report`."""

    def __init__(self) -> None:
        self._shown = ""

    def __call__(self, doing: str, share: float) -> None:
        line = f"{doing} {share:.0%}" if share else f"{doing} …"
        if line != self._shown and sys.stderr.isatty():
            print(f"{_CLEAR}{line}", end="", file=sys.stderr, flush=True)
            self._shown = line

    def clear(self) -> None:
        """Removes the line, before others are printed."""
        if self._shown:
            print(_CLEAR, end="", file=sys.stderr, flush=True)
            self._shown = ""


@contextmanager
def progress() -> Iterator[Progress]:
    """Shows on a terminal what is being done; a line that is gone at the end."""
    line = Progress()
    try:
        yield line
    finally:
        line.clear()
