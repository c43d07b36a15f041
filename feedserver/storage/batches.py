"""Splits long lists of values for SQL's IN: PostgreSQL takes 65,535 values in one statement."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

T = TypeVar("T")

_SIZE: Final = 500


def batches(values: Sequence[T], size: int = _SIZE) -> Iterator[Sequence[T]]:
    """The values, in order, at most `size` at a time."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def grouped(values: Iterable[T], size: int = _SIZE) -> Iterator[list[T]]:
    """The same for values that come one after another."""
    iterator = iter(values)
    while some := list(islice(iterator, size)):
        yield some
