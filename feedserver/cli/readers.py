"""`feedserver feed …`: who reads the feeds."""

import argparse
from argparse import Namespace
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from feedserver.cli.arguments import Commands, listing, noun, open_site, print_list
from feedserver.readership import store
from feedserver.readership.store import ReaderDay

_COLUMNS: Final = ("reader", "subscribers", "requests", "share of 304", "bytes")


def add_commands(commands: Commands) -> None:
    group = noun(commands, "feed", "who reads the feeds")
    readers = listing(group, "readers", _readers, "list who read the feeds on a day, the most subscribers first")
    readers.add_argument("--day", metavar="YYYY-MM-DD", type=_day, help="in UTC; default: the last day with a reader")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not a day such as 2026-01-31") from None


def _readers(chosen: Namespace) -> None:
    with open_site().database.read() as connection:
        day: date | None = chosen.day or store.newest_day(connection)
        found = store.of_day(connection, day) if day else []
    if chosen.json:
        print_list([_row(reader) for reader in found], as_json=True, columns=())
    elif found:
        print(f"{day} (UTC)")
        print_list(_table(found), as_json=False, columns=_COLUMNS)
    else:
        print(f"no reader was counted on {day}" if day else "no reader has been counted yet")


def _row(reader: ReaderDay) -> dict[str, Any]:
    return {
        "day": reader.day.isoformat(),
        "reader": reader.reader,
        "subscribers": reader.subscribers,
        "requests": reader.requests,
        "not_modified": reader.not_modified,
        "share_304": _share(reader.not_modified, reader.requests),
        "bytes": reader.sent,
    }


def _table(found: Sequence[ReaderDay]) -> list[dict[str, Any]]:
    """Rows: the readers, and their sums."""
    lines = [(r.reader, r.subscribers, r.requests, r.not_modified, r.sent) for r in found]
    sums = (sum(numbers) for numbers in list(zip(*lines, strict=True))[1:])
    cells = [
        (name, subscribers, requests, f"{_share(not_modified, requests)} %", sent)
        for name, subscribers, requests, not_modified, sent in (*lines, ("total", *sums))
    ]
    return [dict(zip(_COLUMNS, row, strict=True)) for row in cells]


def _share(part: int, whole: int) -> float:
    """In percent, 0 if `whole` is 0."""
    return round(100 * part / whole, 1) if whole else 0.0
