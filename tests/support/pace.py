"""How fast this machine is at the moment, for tests that bound the CPU seconds of hostile input.

The same work takes two or three times as many CPU seconds where others keep the other half of a core busy, or the
machine is an older one. So a bound goes by a piece of work that is timed in the same run.
"""

import time
from typing import Final

_ORDINARY: Final = 0.065  # CPU seconds of that piece on the machine on which the bounds were found


def slowness() -> float:
    """How many times as long as on that machine a piece of work takes just now; at least 1."""
    began, total = time.thread_time(), 0
    for number in range(1_000_000):
        total += number
    return max(1.0, (time.thread_time() - began) / _ORDINARY)
