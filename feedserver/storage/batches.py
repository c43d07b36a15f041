"""Splits long lists of values for SQL's IN: PostgreSQL takes 65,535 values in one statement."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select

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


def rows_among(
    connection: Connection, query: Select[*tuple[Any, ...]], column: ColumnElement[Any], values: Iterable[object]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """The rows of a query in which a column has one of the values, which may be many."""
    for some in batches(list(values)):
        yield from connection.execute(query.where(column.in_(some)))
