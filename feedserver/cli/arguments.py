"""Shared by all commands: the argument parser, opening the site, tables and JSON."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from feedserver import __version__, settings
from feedserver.clock import rfc3339
from feedserver.installation import require_current
from feedserver.services import Services
from feedserver.text import printable, strangers_line

_LONGEST = 100_000  # characters of a value on the terminal
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


def open_site() -> Services:
    """Returns the services of the site. Raises StorageError if there is none or its schema is not current."""
    services = Services(settings.load())
    require_current(services)
    return services


def print_list(rows: Sequence[dict[str, Any]], *, as_json: bool, columns: Sequence[str]) -> None:
    """Prints rows as JSON with all keys, or as a table of the named columns."""
    if as_json:
        _print_json([_plain(row) for row in rows])
        return
    table = [[_cell(row[column]) for column in columns] for row in rows]
    widths = [max((len(line[i]) for line in table), default=0) for i in range(len(columns))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def print_fields(row: Mapping[str, Any], *, as_json: bool) -> None:
    """Prints one row as JSON, or a line for each key; indented where a value has lines or keys of its own."""
    if as_json:
        _print_json(_plain(row))
        return
    for key, value in row.items():
        lines = _lines(value)
        print(f"{key}: {lines[0]}" if len(lines) == 1 else "\n  ".join((f"{key}:", *lines)))


def _lines(value: Any) -> list[str]:
    match value:
        case dict():
            return [f"{key}: {_cell(item)}" for key, item in value.items()]
        case str():
            return [_cell(line) for line in value.split("\n")]
        case datetime():
            return [rfc3339(value)]
        case _:
            return [_cell(value)]


def _print_json(value: Any) -> None:
    lines = json.dumps(value, ensure_ascii=not _writes_unicode(), indent=2).split("\n")
    print("\n".join(map(printable, lines)))


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


def _cell(value: Any) -> str:
    match value:
        case None:
            return "–"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case list() | tuple():
            return strangers_line(", ".join(value), _LONGEST)
        case _:
            return strangers_line(str(value), _LONGEST)
