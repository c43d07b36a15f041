"""Moments as exports write them: aware, UTC, whole seconds; None where there is none, or none that a post can have."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from typing import Final

from feedserver.posts import dates

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST: Final = datetime(2, 1, 2, tzinfo=UTC)  # a day within what datetime holds: pages show dates in a zone
_LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)
_LONGEST: Final = 64  # characters
# What programs make of a date that was never set: WordPress a day of the year -0001, Hugo one of the year 0001, which
# readers of dates take for years of our time.
_NEVER: Final = re.compile(r"(?<![:\d])\d{1,2}\s+[A-Za-z]{3,9}\s+(?:-\d|0\d{3}\b)")


def of_iso(text: str, zone: tzinfo = UTC) -> datetime | None:
    """Of a date and time as ISO 8601 and RFC 3339 have it; in `zone` where it names none."""
    try:
        return _within(datetime.fromisoformat(text.strip()[:_LONGEST]), zone)
    except ValueError:
        return None


def of_rfc_5322(text: str, zone: tzinfo = UTC) -> datetime | None:
    """Of a date and time as RSS has it (RFC 5322 section 3.3, and 4.3 for zones in letters)."""
    if _NEVER.search(text[:_LONGEST]):
        return None
    try:
        return _within(parsedate_to_datetime(text.strip()[:_LONGEST]), zone)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def of_any(text: str, zone: tzinfo) -> datetime | None:
    """Of a date and time in any form that means one moment only, as in feeds of old programs."""
    if _NEVER.search(text[:_LONGEST]):
        return None
    if (at := of_rfc_5322(text, zone) or of_iso(text, zone)) is not None:
        return at
    try:
        return dates.read(text, zone)
    except dates.UnreadableDate:
        return None


def of_form(text: str, form: str, zone: tzinfo) -> datetime | None:
    """Of a date and time in the form that `strptime` takes; in `zone` where it names none."""
    try:
        return _within(datetime.strptime(text.strip()[:_LONGEST], form), zone)  # noqa: DTZ007 - _within gives the zone
    except ValueError:
        return None


def of_unix(seconds: object) -> datetime | None:
    """Of seconds since 1970."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return _within(_EPOCH + timedelta(seconds=seconds), UTC)
    except (ValueError, OverflowError):
        return None


def _within(moment: datetime, zone: tzinfo) -> datetime | None:
    try:
        aware = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return None
    return aware if _EARLIEST <= aware <= _LATEST else None
