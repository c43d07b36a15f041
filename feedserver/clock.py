"""The only module that reads the clock. All others are given `now` as an aware UTC value."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

Clock = Callable[[], datetime]

SKEW: Final = timedelta(seconds=5)  # by which the clocks of machines that share a database may differ


def utc_now() -> datetime:
    """The current time: aware, UTC."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """An aware time as `2026-01-31T12:00:00Z` (RFC 3339 section 5.6), in whole seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def is_of_future(moment: datetime, now: datetime) -> bool:
    """Whether a stored moment was written by a clock that was wrong: it has not come yet."""
    return moment - now > SKEW


def is_within(moment: datetime, span: timedelta, now: datetime) -> bool:
    """Whether a stored moment lies within the last `span`; one of the future does not."""
    return now - moment < span and not is_of_future(moment, now)
