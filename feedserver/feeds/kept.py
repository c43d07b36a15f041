"""A bounded memory: what is kept longest without being asked for goes first. Safe to share between threads."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """At most `most` values by key, and of `room` for all of them together; one alone may be larger than that."""

    def __init__(self, most: int, room: int | None = None, weigh: Callable[[V], int] = lambda _: 0) -> None:
        """`weigh` says how much of the `room` a value takes, such as bytes."""
        self._most = most
        self._room = room
        self._weigh = weigh
        self._weight = 0
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def __iter__(self) -> Iterator[K]:
        return iter(list(self._values))

    def get(self, key: K) -> V | None:
        """What is kept, which counts as asking for it."""
        with suppress(KeyError):
            self._values.move_to_end(key)
        return self._values.get(key)

    def keep(self, key: K, value: V) -> None:
        with self._lock:
            self._drop(key)
            self._values[key] = value
            self._weight += self._weigh(value)
            while len(self._values) > self._most or self._is_too_heavy():
                # In one step: readers move keys about without the lock, which an iterator would not stand.
                self._weight -= self._weigh(self._values.popitem(last=False)[1])

    def forget(self, key: K) -> None:
        with self._lock:
            self._drop(key)

    def _is_too_heavy(self) -> bool:
        return self._room is not None and self._weight > self._room and len(self._values) > 1

    def _drop(self, key: K) -> None:
        if key in self._values:
            self._weight -= self._weigh(self._values.pop(key))
