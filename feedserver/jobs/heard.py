"""Stores what others have answered, which cannot be asked again without telling them twice."""

import time
from collections.abc import Callable
from threading import Event
from typing import Final, TypeVar

from sqlalchemy import Connection

from feedserver.storage.engine import Database
from feedserver.storage.explaining import DATABASE_ERRORS, is_outage

_PATIENCE: Final = 600.0  # seconds
_PAUSE: Final = 0.5

T = TypeVar("T")


def store_heard(database: Database, operation: Callable[[Connection], T], stopping: Event) -> T:
    """The result of a transaction, which is repeated while the database is away, until `stopping` is set.

    Raises the exception of the last try. A process that ends, or waits for too long, leaves the duty to another, which
    tells once more.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return database.transact(operation)
        except DATABASE_ERRORS as error:
            if not is_outage(error) or stopping.is_set() or time.monotonic() >= end:
                raise
        stopping.wait(_PAUSE)
