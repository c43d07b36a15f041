"""Permalinks as Jekyll and Hugo make them: patterns such as `/:year/:month/:title/`, filled in. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote, unquote

_PLACEHOLDER: Final = re.compile(r":([a-z_]+)")
_SLASHES: Final = re.compile("/{2,}")
_SAFE: Final = "/~:@!$&*+,;=-._"  # no brackets, which end a link of Markdown
_MONTHS: Final = "January February March April May June July August September October November December".split()
_DAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def filled(pattern: str, values: Mapping[str, str]) -> str | None:
    """The path that a pattern gives, percent-encoded; None if it names what is not among the values."""
    if any(name not in values for name in _PLACEHOLDER.findall(pattern)):
        return None
    path = _PLACEHOLDER.sub(lambda match: values[match[1]], pattern)
    return quoted(unquote(_SLASHES.sub("/", f"/{path}")))


def quoted(path: str) -> str:
    """A path, percent-encoded, as it can stand anywhere in Markdown."""
    return quote(path, safe=_SAFE)


def of_jekyll(at: datetime) -> dict[str, str]:
    """The values of Jekyll's placeholders for a date in the site's zone."""
    year, week, weekday = at.isocalendar()
    return {
        "year": f"{at.year:04}",
        "month": f"{at.month:02}",
        "day": f"{at.day:02}",
        "hour": f"{at.hour:02}",
        "minute": f"{at.minute:02}",
        "second": f"{at.second:02}",
        "i_month": str(at.month),
        "i_day": str(at.day),
        "short_year": f"{at.year % 100:02}",
        "y_day": f"{at.timetuple().tm_yday:03}",
        "short_month": _MONTHS[at.month - 1][:3],
        "long_month": _MONTHS[at.month - 1],
        "short_day": _DAYS[at.weekday()][:3],
        "long_day": _DAYS[at.weekday()],
        "w_year": str(year),
        "week": f"{week:02}",
        "w_day": str(weekday),
    }


def of_hugo(at: datetime) -> dict[str, str]:
    """The values of Hugo's placeholders for a date in the site's zone."""
    return {
        "year": f"{at.year:04}",
        "month": f"{at.month:02}",
        "monthname": _MONTHS[at.month - 1],
        "day": f"{at.day:02}",
        "weekday": str(at.isoweekday() % 7),
        "weekdayname": _DAYS[at.weekday()],
        "yearday": str(at.timetuple().tm_yday),
    }
