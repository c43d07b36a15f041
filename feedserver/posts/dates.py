"""Dates as authors write them: what python-dateutil reads, as people mean it. What is ambiguous is refused. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import partial
from typing import Final

from dateutil import parser

from feedserver.text import one_line, shorten

MAX_DATE: Final = 100  # characters
EXAMPLE: Final = "2026-01-31 18:00"

# Zones whose letters mean one zone only, by hours ahead of UTC.
_ZONES: Final[Mapping[str, float]] = {
    name: hours
    for hours, names in (
        (0, "UTC GMT UT Z z WET"),
        (1, "CET WEST"),
        (2, "CEST EET SAST"),
        (3, "EEST MSK"),
        (8, "AWST HKT SGT"),
        (9, "JST KST"),
        (9.5, "ACST"),
        (10, "AEST"),
        (10.5, "ACDT"),
        (11, "AEDT"),
        (12, "NZST"),
        (13, "NZDT"),
        (-4, "EDT"),
        (-6, "MDT"),
        (-7, "PDT"),
        (-8, "AKDT"),
        (-9, "AKST"),
        (-10, "HST"),
    )
    for name in names.split()
}
# What RFC 5322 section 4.3 says of letters that elsewhere mean several zones; it holds in a date of that form.
_RFC_5322_ZONES: Final = {"EST": -5, "CST": -6, "CDT": -5, "MST": -7, "PST": -8}
_RFC_5322: Final = re.compile(r"(?:[A-Za-z]{3}, )?\d{1,2} [A-Za-z]{3} \d{2,4} \d\d:\d\d(?::\d\d)? [A-Z]+")

_WORD: Final = re.compile("[A-Za-z]+")
_WORD_OR_FIGURES: Final = re.compile(r"[A-Za-z]+|\d+")
_UTC: Final = re.compile(r"(?<![A-Za-z])(?:utc?|gmt)(?![A-Za-z])", re.IGNORECASE)
_NAMED_OFFSET: Final = re.compile(r"([A-Za-z]+) ?([+-]) ?(?=\d)")  # GMT+1
_REMARK: Final = re.compile(r"([+-]\d{1,2}(?::?\d\d)?) ?\([^()]*\)$")  # as JavaScript prints a Date
_OFFSET: Final = re.compile(r"[+-](\d\d?):?(\d\d)(?!\d)")
_YEAR_FIRST: Final = re.compile(
    r"(?<![\d/.-])(?:\d{4}|3[2-9]|[4-9]\d)([-/.])\d{1,2}\1\d{1,2}(?!\d)"
    # Whatever stands between the figures, as in Korea's “2024. 6. 5.”, where a time at most precedes the year.
    r"|^(?:\D++|\d{1,2}(?::\d\d)++|\d{1,2}(?= ?[A-Za-z]))*+(?:\d{4}|3[2-9]|[4-9]\d)(?:[-/., ]{1,3}\d{1,2}){2}(?!\d| ?:)"
    r"|(?<!\S)\d{8}(?:\d{4}|\d{6})?(?!\d)"
)
_DOTTED: Final = re.compile(r"(?<!\d)(?<!\d{4}\.)(?<!\d{4}\. )\d{1,2} ?\. ?\d{1,2} ?\. ?\d{2,4}(?!\d)")

_COMMA: Final = re.compile(
    r"(?<=\d)(?<!:\d\d)(?<!T\d{6}),(?=\d)"
)  # python-dateutil reads a fraction, but only seconds have one

# What differs between readings with these defaults is not written. Missing parts are the first day, and midnight.
_FIRST: Final = datetime(2000, 1, 1)  # noqa: DTZ001
_SECOND: Final = datetime(2004, 2, 2)  # noqa: DTZ001
# A day within what datetime holds, as pages show dates in the site's zone.
_EARLIEST: Final = datetime(2, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)
_INFO: Final = parser.parserinfo()
_MAX_OFFSET: Final = timedelta(hours=14)  # no zone is further from UTC (XML Schema 1.1 part 2, section 3.3.7.1)


class UnreadableDate(ValueError):
    """Not a date, or not one date only. The text says what to write."""


def read(text: str, zone: tzinfo) -> datetime:
    """The time in `text`, aware, UTC, in whole seconds; in `zone` where it names none.

    `GMT+1` is an hour ahead of UTC. `05.06.2024` is the fifth of June; other figures that can be read in two orders,
    dates without a year, and letters that mean several zones are refused. Raises UnreadableDate.
    """
    if len(text) > MAX_DATE:
        raise UnreadableDate(f"is not a date such as {EXAMPLE}")
    written = " ".join(one_line(text).split())  # JavaScript puts a narrow no-break space before AM
    plain = _as_meant(written)
    zones = {**_ZONES, **_RFC_5322_ZONES} if _RFC_5322.fullmatch(plain) else _ZONES
    try:
        moment = _the_one(plain, partial(_zone, zones), written)
        if (offset := moment.utcoffset()) is not None:
            _check_offset(plain, abs(offset))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        if aware < _EARLIEST:
            raise UnreadableDate(f"is earlier than any date of a post can be: {_shown(written)}")
        if aware > _LATEST:
            raise UnreadableDate(f"is later than any date of a post can be: {_shown(written)}")
        return aware.astimezone(UTC).replace(microsecond=0)
    except UnreadableDate:
        raise
    except (ValueError, OverflowError, TypeError, ArithmeticError):
        raise UnreadableDate(f"is not a date: {_shown(written)}; write it as {EXAMPLE}") from None


def _as_meant(text: str) -> str:
    """`text` spelled so that python-dateutil reads it rightly: it turns the sign of `GMT+1`, drops `GMT +1`."""
    text = _COMMA.sub(", ", text.replace("\N{MINUS SIGN}", "-"))
    text = _UTC.sub(lambda name: name[0].upper(), text)
    return _REMARK.sub(r"\1", _NAMED_OFFSET.sub(_named_offset, text))


def _named_offset(match: re.Match[str]) -> str:
    name, sign = match.groups()
    if _is_word(name):
        return match[0]
    return sign if _ZONES.get(name) == 0 else f"{name} {sign}"


def _is_word(name: str) -> bool:
    """Whether python-dateutil knows letters as something else than a zone, such as a month."""
    tests = (_INFO.jump, _INFO.weekday, _INFO.month, _INFO.hms, _INFO.ampm)
    return any(test(name) not in (None, False) for test in tests)


def _the_one(text: str, tzinfos: Callable[[str | None, int | None], tzinfo | None], written: str) -> datetime:
    """The only reading of `text`. Raises UnreadableDate if figures are too few, or can be read in several orders."""
    (first, *others) = _orders(text)
    moment, other = (_parse(text, tzinfos, *first, default) for default in (_FIRST, _SECOND))
    if moment.year != other.year:
        raise UnreadableDate(f"has no year: {_shown(written)}; write it as {EXAMPLE}")
    if moment.day != other.day and not _is_a_month(text):
        raise UnreadableDate(f"has no day: {_shown(written)}; write it as {EXAMPLE}")
    days = {moment.date()}
    for order in others:
        try:
            days.add(_parse(text, tzinfos, *order, _FIRST).date())
        except (ValueError, OverflowError, TypeError):
            continue  # no date in this order
    if len(days) > 1:
        readings = " or ".join(str(day) for day in sorted(days))
        raise UnreadableDate(f"can be read as {readings}: {_shown(written)}; write the one you mean")
    return moment


def _is_a_month(text: str) -> bool:
    """Whether a date without a day is a year or a month, and holds nothing that was passed over."""
    words = [word for word in _WORD_OR_FIGURES.findall(text) if not _INFO.jump(word)]
    return len(words) <= 2 and all(_INFO.weekday(word) is None for word in words)


def _orders(text: str) -> list[tuple[bool, bool]]:
    """The orders in which people may read the figures of a date: whether the day comes first, or the year."""
    if _YEAR_FIRST.search(text) or any(_INFO.month(word) is not None for word in _WORD.findall(text)):
        return [(False, False)]
    if _DOTTED.search(text):
        return [(True, False)]
    return [(False, False), (True, False), (False, True)]


def _parse(
    text: str,
    tzinfos: Callable[[str | None, int | None], tzinfo | None],
    dayfirst: bool,
    yearfirst: bool,
    default: datetime,
) -> datetime:
    return parser.parse(text, default=default, tzinfos=tzinfos, dayfirst=dayfirst, yearfirst=yearfirst)


def _zone(zones: Mapping[str, float], name: str | None, offset: int | None) -> tzinfo | None:
    """The zone of a time with these letters and this offset in seconds; None if it has neither.

    With an offset the letters matter only where they contradict it, as in POSIX's `EST+5`.
    """
    if offset is None and name is None:
        return None
    if offset is None and name not in zones:
        letters = _shown(name or "")
        raise UnreadableDate(f"names a zone that is unknown, or means several, {letters}; write it as +01:00")
    hours = {**zones, **_RFC_5322_ZONES}.get(name or "")
    if offset is not None and hours and offset != hours * 3600:
        raise UnreadableDate(f"names the zone {_shown(name or '')} with the offset of another; write the offset alone")
    return timezone(timedelta(hours=hours or 0) if offset is None else timedelta(seconds=offset))


def _check_offset(text: str, offset: timedelta) -> None:
    """Raises ValueError for an offset that no zone has: python-dateutil reads `-13:99` as 14 hours and 39 minutes."""
    sums = [
        timedelta(hours=int(hours), minutes=int(minutes)) for hours, minutes in _OFFSET.findall(text) if minutes > "59"
    ]
    if offset > _MAX_OFFSET or offset in sums:
        raise ValueError


def _shown(text: str) -> str:
    return f"“{shorten(text, 60)}”"
