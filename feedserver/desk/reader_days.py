"""Days of readership as the desk shows them: which range, long ones by week, the readers of one day. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from feedserver.readership.history import DaySums
from feedserver.readership.store import ReaderDay

RANGES: Final = (30, 90, 400)  # days
NAMED: Final = 50  # readers of a day with a line of their own
_BY_DAY: Final = 92  # longer ranges are folded
_WEEK: Final = timedelta(days=7)
_LONGEST: Final = 10  # characters of a day


@dataclass(frozen=True, slots=True)
class ReadersQuery:
    """The last days that are shown, and the day whose readers are; None: the newest with a reader."""

    days: int
    day: date | None


@dataclass(frozen=True, slots=True)
class Period:
    """A day, or a week, with the most subscribers on one of its days and the sums of the rest."""

    first: date
    last: date
    subscribers: int
    requests: int
    not_modified: int
    sent: int


def read(given: Mapping[str, str]) -> ReadersQuery:
    """Reads a query; what it does not know counts as not given."""
    days = next((days for days in RANGES if given.get("days", "") == str(days)), RANGES[0])
    return ReadersQuery(days, _day(given.get("day", "")))


def periods(sums: Sequence[DaySums], first: date, last: date) -> list[Period]:
    """All days between two days, both included, the oldest first; of a long range the weeks, the last one whole."""
    by_day = {one.day: one for one in sums}
    length = timedelta(days=1) if (last - first).days < _BY_DAY else _WEEK
    begins = []
    begin = last - length + timedelta(days=1)
    while begin + length > first:
        begins.append(begin)
        begin -= length
    return [_period(by_day, begin, begin + length - timedelta(days=1)) for begin in reversed(begins)]


def described(periods: Sequence[Period]) -> str:
    """Returns what a picture of some days or weeks shows, in a sentence."""
    if not periods:
        return "No days."
    subscribers = [one.subscribers for one in periods]
    requests = sum(one.requests for one in periods)
    return (
        f"From {periods[0].first} to {periods[-1].last}: between {min(subscribers):,} and {max(subscribers):,}"
        f" subscribers, {subscribers[-1]:,} at the end; {requests:,} requests in all."
    )


def largest(readers: Sequence[ReaderDay]) -> tuple[Sequence[ReaderDay], ReaderDay | None]:
    """The readers that have a line of their own, and all others together, None if there are none."""
    named, rest = readers[:NAMED], readers[NAMED:]
    if not rest:
        return named, None
    sums = (sum(getattr(one, name) for one in rest) for name in ("subscribers", "requests", "not_modified", "sent"))
    return named, ReaderDay(rest[0].day, f"{len(rest)} others", *sums)


def _period(by_day: Mapping[date, DaySums], first: date, last: date) -> Period:
    days = [by_day[day] for n in range((last - first).days + 1) if (day := first + timedelta(days=n)) in by_day]
    return Period(
        first,
        last,
        max((one.subscribers for one in days), default=0),
        sum(one.requests for one in days),
        sum(one.not_modified for one in days),
        sum(one.sent for one in days),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == _LONGEST else None
    except ValueError:
        return None
