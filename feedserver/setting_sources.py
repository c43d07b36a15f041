"""What the settings file and the environment say, not yet checked. Faults are collected, a line for each."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

FILES = (Path("feedserver.toml"), Path("config/feedserver.toml"))  # the first that is there, unless one is named
PREFIX = "FEEDSERVER_"
CONFIG_VARIABLE = PREFIX + "CONFIG"

Given = dict[str, tuple[object, str]]  # by key: a value, and the file or variable that gives it


def file_in_use(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The settings file: the one that FEEDSERVER_CONFIG names, there or not, else the first of FILES that is there."""
    if named := environ.get(CONFIG_VARIABLE):
        return Path(named)
    return next((path for path in FILES if path.exists()), None)


def from_file(path: Path, faults: list[str]) -> Given:
    """The values of a TOML file."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        named = "" if path in FILES else f" ({CONFIG_VARIABLE})"
        faults.append(f"{path}: cannot be read: {error.strerror}{named}")
        return {}
    except ValueError as error:  # no TOML, no UTF-8, or no path
        hint = '; text stands in quotes, as title = "Ann\'s blog"' if str(error).startswith("Invalid value") else ""
        faults.append(f"{path}: cannot be read: {error}{hint}")
        return {}
    return {key: (value, str(path)) for key, value in _flatten(document, "")}


def _flatten(table: dict[str, object], prefix: str) -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def from_environment(
    environ: Mapping[str, str], names: Mapping[str, str], faults: list[str]
) -> tuple[Given, list[str]]:
    """The values of variables, and the names of unknown ones. `names` are the keys by their variables."""
    given: Given = {}
    unknown: list[str] = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name == CONFIG_VARIABLE:
            continue
        if name in names:
            given[names[name]] = (environ[name], name)
        elif (plain := name.removesuffix("_FILE")) not in names:
            unknown.append(name)
        elif plain in environ:
            faults.append(f"{name}: {plain} is set as well; keep one of them")
        else:
            given |= _from_named_file(name, names[plain], environ[name], faults)
    return given, unknown


def _from_named_file(name: str, key: str, path: str, faults: list[str]) -> Given:
    try:
        return {key: (Path(path).read_text("utf-8").strip(), name)}
    except OSError as error:
        faults.append(f"{name}: {path} cannot be read: {error.strerror}")
    except ValueError as error:  # no UTF-8, or no path
        faults.append(f"{name}: cannot be read: {error}")
    return {}
