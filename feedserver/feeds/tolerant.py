"""Keeps one bad entry from breaking a feed: entries are written one by one; one that cannot be written is left out.

Text is cleaned when it is stored. Only an entry that a format refuses is cleaned again and written once more; if that
fails too, it is left out and logged.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from feedserver import text
from feedserver.feeds.model import Entry

logger = logging.getLogger(__name__)
Written = TypeVar("Written")
T = TypeVar("T")


def written(entries: Iterable[Entry], write: Callable[[Entry], Written]) -> Iterator[Written]:
    """The results of `write` for each entry, in order, without those that raise ValueError even when cleaned."""
    for entry in entries:
        try:
            yield _written(entry, write)
        except ValueError as error:
            logger.error("the entry %s is left out of the feed: %s", ascii(entry.id), error)


def cleaned(value: T) -> T:
    """A feed, an entry or a part of one, with all text cleaned (`text.clean`)."""
    clean: T = _cleaned(value)
    return clean


def _written(entry: Entry, write: Callable[[Entry], Written]) -> Written:
    if entry.published.tzinfo is None or entry.updated.tzinfo is None:
        raise ValueError("its dates name no time zone")
    try:
        return write(entry)
    except ValueError:  # lxml raises it for characters that XML forbids; UnicodeEncodeError is a subclass
        return write(cleaned(entry))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return text.clean(value)
    if isinstance(value, tuple):
        return tuple(_cleaned(one) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _cleaned(getattr(value, field.name)) for field in fields(value)})
    return value
