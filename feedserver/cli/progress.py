"""What long commands share: they show how far they have come, and end in order."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feedserver.transfer.progress import Report


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


@contextmanager
def progress() -> Iterator["Report"]:
    """Shows on a terminal what is being done; a line that is gone at the end."""
    shown = ""

    def show(doing: str, share: float) -> None:
        nonlocal shown
        line = f"{doing} {share:.0%}" if share else f"{doing} …"
        if line != shown and sys.stderr.isatty():
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
            shown = line

    try:
        yield show
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
