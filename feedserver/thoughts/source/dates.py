"""When an entry was published, as `dt-published` says, also in parts (value class pattern). Pure."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Final

_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_MOST: Final = 10
_LONGEST: Final = 64  # characters
_TIME_FIRST: Final = re.compile(r"(\S*:.*\S)\s+(\d{4}-\d\d-\d\d)")
_TIME_OF_12: Final = re.compile(r"\b(\d{1,2})(?::(\d\d))?(:\d\d)?\s?([AP])\.?M\.?")
_ONE_DIGIT: Final = re.compile(r"(?<=[\sT])(?=\d:)")
_BEFORE_ZONE: Final = re.compile(r"\s+(?=[+-]\d|Z$)")


def published_at(texts: Iterable[str], now: datetime) -> datetime | None:
    """Returns the first sane time (ISO 8601), aware UTC in whole seconds: from 1990 on and not to come; else None.

    A time without a zone is taken as UTC, a date alone as its midnight. What is too long or comes late is not read.
    """
    found = (_read(text) for text in islice(texts, _MOST) if len(text) <= _LONGEST)
    return next((moment for moment in found if moment is not None and _EARLIEST <= moment <= now), None)


def _read(text: str) -> datetime | None:
    text = _TIME_FIRST.sub(r"\2 \1", " ".join(text.upper().split()))
    text = _BEFORE_ZONE.sub("", _ONE_DIGIT.sub("0", _TIME_OF_12.sub(_of_24, text)))
    try:
        moment = datetime.fromisoformat(text).replace(microsecond=0)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _of_24(found: re.Match[str]) -> str:
    hour = int(found[1]) % 12 + (12 if found[4] == "P" else 0)
    return f"{hour:02}:{found[2] or '00'}{found[3] or ''}"
