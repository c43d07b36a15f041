"""How fast this machine is at the moment, for tests that bound the CPU seconds of hostile input.

The same work takes three or four times as many CPU seconds where others keep the other half of a core and its caches
busy. So a bound goes by an ordinary page that is read in the same run, by what reads the hostile ones.
"""

import time
from statistics import median
from typing import Final

from feedserver.thoughts.source.links import read

_PARAGRAPH: Final = "<p class='a'>Some words, and <a href='https://other.example/b?c=d'>a link</a> &amp; more.</p>\n"
_PAGE: Final = f"<!DOCTYPE html><title>An ordinary page</title><body>{_PARAGRAPH * 2000}"
_ORDINARY: Final = 0.016  # CPU seconds to read it on the machine on which the bounds were found


def slowness() -> float:
    """How many times as long as on that machine an ordinary page takes just now; at least 1."""
    return max(1.0, median(_seconds() for _ in range(3)) / _ORDINARY)


def _seconds() -> float:
    began = time.thread_time()
    read(_PAGE, "https://one.example/")
    return time.thread_time() - began
