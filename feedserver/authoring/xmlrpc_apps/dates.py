"""The dates of apps: every form that they send. Pure."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Final

UNDATED: Final = re.compile(r"\s*(?:0{4}-?0{2}-?0{2}.*)?\Z")  # nothing, or a date of zeros, as WordPress gives drafts


def read_date(said: str) -> datetime:
    """The moment in `20230304T06:00:00`, with hyphens, fractions and a zone or without; aware if it names a zone.

    Raises ValueError.
    """
    return datetime.fromisoformat(said.strip().replace(" +", "+"))


def in_utc(moment: datetime, zone: tzinfo) -> datetime:
    """A moment in UTC; one without a zone is in `zone`. Raises ValueError beyond the years of UTC."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError from error
