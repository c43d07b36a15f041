"""The only module that reads the clock. All others are given `now` as an aware UTC value."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The current time: aware, UTC."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """An aware time as `2026-01-31T12:00:00Z` (RFC 3339 section 5.6), in whole seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
