"""Counts of long lists, cached in this process: counting 100,000 rows takes some milliseconds."""

from collections.abc import Callable
from threading import Lock
from typing import Final

from cachetools import LRUCache

from feedserver.storage.changes import SiteState

_LISTS: Final = 256


class CountCache:
    """The count of each list at one state of the site. Safe to share between threads."""

    def __init__(self) -> None:
        self._counts: LRUCache[str, tuple[SiteState, int]] = LRUCache(_LISTS)
        self._lock = Lock()

    def get(self, key: str, state: SiteState, count: Callable[[], int]) -> int:
        """The length of the list `key` at `state`, counted by `count` if it is not cached.

        `count` runs without the lock, in the transaction that `state` was read in.
        """
        with self._lock:
            cached = self._counts.get(key)
        if cached is not None and cached[0] == state:
            return cached[1]
        number = count()
        with self._lock:
            self._counts[key] = state, number
        return number
