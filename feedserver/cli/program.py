"""Runs one command, and turns its errors into lines and exit statuses.

Exit status 0: done; 1: refused or not found, with one line on standard error that says what to do; 2: wrong usage.
"""

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from feedserver import discreet_logs
from feedserver.cli import (
    accounts,
    backup,
    config,
    health,
    hosts,
    hub,
    media,
    notices,
    pings,
    posts,
    readers,
    redirects,
    serve,
    site,
    thoughts,
    transfer,
)
from feedserver.cli.arguments import parser
from feedserver.errors import FeedserverError, SettingsError
from feedserver.storage.explaining import DATABASE_ERRORS, explain


def run(arguments: Sequence[str] | None) -> int:
    """Runs one command and returns the exit status; `arguments` as for `main`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # for terminals whose encoding lacks characters of a title
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(arguments)
    finally:
        _finish_output()


def _run(arguments: Sequence[str] | None) -> int:
    modules = (
        site,
        serve,
        posts,
        media,
        thoughts,
        pings,
        hosts,
        redirects,
        readers,
        hub,
        notices,
        backup,
        transfer,
        config,
        accounts,
        health,
    )
    commands = parser([module.add_commands for module in modules])
    chosen = commands.parse_args(arguments)
    discreet_logs.configure()
    try:
        status = int(chosen.run(chosen) or 0)
        print(end="", flush=True)  # flushed here, so that an error still sets the exit status
        return status
    except SettingsError as error:
        return _refused(*error.faults)
    except FeedserverError as error:
        return _refused(str(error))
    except DATABASE_ERRORS as error:
        return _refused(explain(error))
    except BrokenPipeError:
        return 1  # the reader has closed the pipe, as in `feedserver post list | head -1`
    except OSError as error:
        return _refused(f"{error.filename or 'input or output'}: {error.strerror or error}")


def _finish_output() -> None:
    """Flushes standard output. If that fails, discards the rest, or Python would print an error when it exits."""
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refused(*lines: str) -> int:
    for line in lines:
        print(f"feedserver: {line}", file=sys.stderr)
    return 1
