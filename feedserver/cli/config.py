"""`feedserver config …`: the settings in force, and samples to start from."""

import json
from argparse import Namespace
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from feedserver import private_files, samples, settings, site_address
from feedserver.cli.arguments import Commands, listing, noun, print_list, remark, verb
from feedserver.errors import FeedserverError, StorageError
from feedserver.setting_sources import FILES, file_in_use
from feedserver.settings import DescribedSetting, SettingsReport
from feedserver.shown_settings import shown
from feedserver.storage.engine import Database


def add_commands(commands: Commands) -> None:
    group = noun(commands, "config", "the settings, and samples to start from")
    listing(group, "show", _show, "show every setting, its value and its origin")
    verb(group, "init", _init, f"write {FILES[0]} (or what FEEDSERVER_CONFIG names) with every setting explained")
    copied = verb(group, "samples", _samples, "put samples there: settings, gunicorn, nginx, systemd")
    copied.add_argument("folder", metavar="DIR", type=Path, help="made if it is not there")


def _show(chosen: Namespace) -> None:
    report = settings.read()
    if report.ignored_line:
        remark(report.ignored_line)
    rows = [
        {
            "key": item.key,
            "value": shown(item.value, is_secret=item.secret),
            "origin": item.origin,
            "meaning": item.meaning,
        }
        for item in _with_address(report)
    ]
    if not chosen.json:
        print(f"settings file: {report.file or 'none; `feedserver config init` writes one'}")
        rows = [row | _for_people(row["value"], row["origin"], report.file) for row in rows]
    print_list(rows, as_json=chosen.json, columns=("key", "value", "origin"), roomy=("key",))


def _with_address(report: SettingsReport) -> list[DescribedSetting]:
    """The settings, `site.url` with the address in force."""
    if report.settings.site.url:
        return report.described
    url, origin = site_address.DEFAULT, "default"
    with suppress(StorageError), closing(Database(report.settings.database_url)) as database:
        if noted := site_address.noted(database):
            url, origin = noted, "noted by serve"
    return [replace(item, value=url, origin=origin) if item.key == "site.url" else item for item in report.described]


def _for_people(value: Any, origin: str, file: Path | None) -> dict[str, Any]:
    """Lists as TOML writes them; of the file its name alone, as values need the room."""
    return {
        "value": json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value,
        "origin": file.name if file and origin == str(file) else origin,
    }


def _init(_: Namespace) -> None:
    path = file_in_use() or FILES[0]
    if path.exists():
        raise FeedserverError(f"{path} is there already and was left as it is; `feedserver config show` reads it")
    (sample,) = (file for file in samples.files() if file.name == samples.SETTINGS)
    with open(path, "xb", opener=private_files.opener) as file:
        file.write(sample.read_bytes())
    print(f"wrote {path}: every setting with its default; change what you need, such as site.url and site.title")


def _samples(chosen: Namespace) -> int:
    folder: Path = chosen.folder
    folder.mkdir(parents=True, exist_ok=True)
    differing = 0
    for sample in samples.files():
        target = folder / sample.name
        if not target.exists():
            target.write_bytes(sample.read_bytes())
            print(target)
        elif target.read_bytes() != sample.read_bytes():
            remark(f"{target} differs from the sample, and was left as it is")
            differing = 1
    return differing
