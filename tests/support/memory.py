"""What an operation costs in memory."""

import tracemalloc
from collections.abc import Callable


def peak_of(operation: Callable[[], object]) -> int:
    """The most bytes of Python objects that it holds at once."""
    tracemalloc.start()
    try:
        operation()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
