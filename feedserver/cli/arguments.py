"""Shared by all commands: the argument parser, opening the site, tables and JSON."""

import argparse
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import chain, islice
from typing import Any

from feedserver import __version__, listening, settings
from feedserver.clock import rfc3339
from feedserver.condition import Condition
from feedserver.installation import require_current
from feedserver.services import JobServices, Services
from feedserver.text import cluster_start, printable, strangers_line

_LONGEST = 100_000  # characters of a value on the terminal
_NEWEST = 50  # lines of a long table
_LONGEST_CELL = 400  # characters of a value in a table, more than its columns
_MEASURED = 1_000  # lines of a table that its columns fit
_NARROWEST, _WIDEST = 80, 100  # columns that a table fits, as the terminal has them
_GAP = "  "
_MAX_DIGITS = 18  # of a number
COPIES_STAY = "copies and backups that were made before hold them still"  # after erasing
Commands = Any  # the type of argparse's sub-parsers is private
Run = Callable[[argparse.Namespace], int | None]


def parser(groups: Iterable[Callable[[Commands], None]]) -> argparse.ArgumentParser:
    """Returns the parser of the whole command line; each of `groups` adds its commands."""
    whole = argparse.ArgumentParser(
        prog="feedserver", description="A small server for an author's feeds and the conversation around them."
    )
    whole.add_argument("--version", action="version", version=f"feedserver {__version__}")
    commands = whole.add_subparsers(metavar="COMMAND", required=True)
    for add in groups:
        add(commands)
    return whole


def noun(commands: Commands, name: str, meaning: str) -> Commands:
    """Adds a group of commands that begin with the same word, and returns it."""
    return commands.add_parser(name, help=meaning, description=meaning).add_subparsers(metavar="VERB", required=True)


def verb(commands: Commands, name: str, run: Run, meaning: str) -> argparse.ArgumentParser:
    """Adds a command that calls `run`, and returns its parser."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=meaning, description=meaning)
    command.set_defaults(run=run)
    return command


def listing(commands: Commands, name: str, run: Run, meaning: str) -> argparse.ArgumentParser:
    """Adds a command that prints a list, with the option `--json`."""
    command = verb(commands, name, run, meaning)
    command.add_argument("--json", action="store_true", help="print JSON")
    return command


def limited(command: argparse.ArgumentParser) -> None:
    """Adds the options that bound a long list; `most_of` reads them."""
    command.add_argument("--limit", metavar="N", type=positive, help=f"at most N; a table has the newest {_NEWEST}")
    command.add_argument("--all", action="store_true", help="all in the table, as in JSON")


def most_of(chosen: argparse.Namespace) -> int | None:
    """How many are to be listed at most; None: all."""
    return chosen.limit or (None if chosen.json or chosen.all else _NEWEST)


def say_how_many(most: int | None, total: int, nouns: str) -> None:
    """Says below a table that there are more."""
    if most is not None and most < total:
        print(f"the newest {most:,} of {total:,} {nouns}; --all lists all of them")


def positive(text: str) -> int:
    """Reads an option that is a number above zero, and fits in 64 bits. Raises ArgumentTypeError."""
    if not (is_number(text) and int(text) > 0):
        raise argparse.ArgumentTypeError(f"“{text}” is not a number above zero")
    return int(text)


def bind_address(text: str) -> str:
    """Reads where a server listens. Raises ArgumentTypeError."""
    if listening.host_and_port(text) is None:
        raise argparse.ArgumentTypeError(f"“{text}” is not HOST:PORT, such as {settings.BIND} or [::1]:8000")
    return text


def id_of(noun: str) -> Callable[[str], int]:
    """What reads an id of a `noun`, which its command `list` shows. It raises ArgumentTypeError."""

    def read(text: str) -> int:
        if not is_number(text):
            raise argparse.ArgumentTypeError(f"“{text}” is not an id; `feedserver {noun} list` shows them")
        return int(text)

    return read


def is_number(text: str) -> bool:
    """Whether a text is a whole number of at most 18 digits, which fits in 64 bits."""
    return text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS


def counted(number: int, noun: str, several: str = "") -> str:
    """A number with its noun: “1 thought”, “2,000 thoughts”. `several` is the plural where an s is not enough."""
    return f"{number:,} {noun if number == 1 else several or f'{noun}s'}"


def open_site() -> Services:
    """Returns the services of the site. Raises StorageError if there is none or its schema is not current."""
    services = Services(settings.load())
    require_current(services)
    return services


def open_jobs(condition: Condition | None = None) -> JobServices:
    """The same for commands that carry out jobs. One that goes on when the database fails gives a `condition`."""
    services = JobServices(settings.load(), condition=condition)
    require_current(services)
    return services


def print_list(
    rows: Iterable[dict[str, Any]],
    *,
    as_json: bool,
    columns: Sequence[str],
    zone: tzinfo = UTC,
    roomy: Collection[str] = (),
    whole: Collection[str] = (),
) -> None:
    """Prints rows as JSON with all keys, one after the other, or as a table of the named columns.

    The table shows times in `zone`, and is cut to the 80 to 100 columns of a terminal; the columns `roomy` get most,
    those that are `whole` are not cut.
    """
    if as_json:
        _print_json_list(rows)
        return
    lines = ([row[column] for column in columns] for row in rows)
    first = list(islice(lines, _MEASURED))
    if first:
        is_text = [any(isinstance(line[i], str | list | tuple) for line in first) for i in range(len(columns))]
        weights = [
            (is_text[i] and column not in whole) * (2 if column in roomy else 1) for i, column in enumerate(columns)
        ]
        _print_table([column.replace("_", " ") for column in columns], first, lines, weights, zone)


def print_fields(row: Mapping[str, Any], *, as_json: bool, zone: tzinfo = UTC) -> None:
    """Prints one row as JSON, or a line for each key; indented where a value has lines or keys of its own."""
    if as_json:
        _print_json(_plain(row))
        return
    for line in _lines(row, zone):
        print(line)


def readable(moment: datetime, zone: tzinfo) -> str:
    """A time for people, with the name of its zone."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def remark(line: str) -> None:
    """Prints a line on standard error."""
    print(f"feedserver: {line}", file=sys.stderr)


# --- tables ---


def _print_table(
    heading: Sequence[str], first: Sequence[list[Any]], rest: Iterable[list[Any]], weights: Sequence[int], zone: tzinfo
) -> None:
    """Prints lines in columns that the heading and the `first` ones fit."""
    measured = [heading, *(_cells(line, zone) for line in first)]
    widths = _fitted([max(map(_width, column)) for column in zip(*measured, strict=True)], weights)
    for cells in chain(measured, (_cells(line, zone) for line in rest)):
        shown = [
            _cut(cell, width) if weight else cell for cell, width, weight in zip(cells, widths, weights, strict=True)
        ]
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(shown, widths, strict=True))
        print(_GAP.join(padded).rstrip())


def _cells(line: Iterable[Any], zone: tzinfo) -> list[str]:
    return [_cell(value, zone)[:_LONGEST_CELL] for value in line]


def _fitted(widths: Sequence[int], weights: Sequence[int]) -> list[int]:
    """The widths of columns that fit together; those with a weight are cut, the widest for its weight first."""
    fitted = list(widths)
    cuttable = [i for i, weight in enumerate(weights) if weight]
    surplus = sum(fitted) + len(_GAP) * (len(fitted) - 1) - min(max(_terminal(), _NARROWEST), _WIDEST)
    for _ in range(surplus if cuttable else 0):
        fitted[max(cuttable, key=lambda i: fitted[i] / weights[i])] -= 1
    return fitted


def _terminal() -> int:
    """The columns of the terminal on standard output; the widest where it is none, whatever COLUMNS says."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):  # a file or a pipe, or nothing at all
        return _WIDEST


def _cut(cell: str, width: int) -> str:
    """The cell in `width` columns of a terminal, with “…” if cut; never within a grapheme cluster."""
    if _width(cell) <= width:
        return cell
    taken = 0
    for index, character in enumerate(cell):
        taken += _width(character)
        if taken >= width:
            return cell[: cluster_start(cell, index)].rstrip() + "…"
    return cell


def _width(text: str) -> int:
    """The columns of a terminal that a text takes: two for each wide character (UAX #11), none for marks."""
    if text.isascii():
        return len(text)
    return sum(_width_of(character) for character in text)


def _width_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _lines(value: Any, zone: tzinfo) -> list[str]:
    match value:
        case Mapping():
            return [line for key, item in value.items() for line in _field(key, item, zone)]
        case str():
            return [strangers_line(line, _LONGEST) for line in value.split("\n")]
        case datetime():
            return [readable(value, zone)]
        case _:
            return [_cell(value, zone)]


def _field(key: str, value: Any, zone: tzinfo) -> list[str]:
    lines = _lines(value, zone)
    if len(lines) == 1:
        return [f"{key}: {lines[0]}"]
    return [f"{key}:", *(f"  {line}" for line in lines)]


def _cell(value: Any, zone: tzinfo) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return str(value).lower()
        case datetime():
            return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
        case list() | tuple():
            return strangers_line(", ".join(value), _LONGEST)
        case _:
            return strangers_line(str(value), _LONGEST)


# --- JSON ---


def _print_json_list(rows: Iterable[dict[str, Any]]) -> None:
    """Prints a list as it comes: all rows at once might not fit in memory."""
    is_first = True
    for row in rows:
        print("[" if is_first else ",")
        is_first = False
        print("\n".join(f"  {line}" for line in _json_lines(_plain(row))), end="")
    print("[]" if is_first else "\n]")


def _print_json(value: Any) -> None:
    print("\n".join(_json_lines(value)))


def _json_lines(value: Any) -> Iterable[str]:
    return map(printable, json.dumps(value, ensure_ascii=not _writes_unicode(), indent=2).split("\n"))


def _writes_unicode() -> bool:
    return (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return rfc3339(value)
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value
