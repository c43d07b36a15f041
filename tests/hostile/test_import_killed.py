"""An import whose process is killed twenty times at any moment ends as one that nobody has disturbed.

Its short form: tests/transfer/imports/test_import_killed.py.
"""

import json
import random
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from bench.moving_in import write_export
from tests.support import runs

KILLS = 20
POSTS = 300
_MOST_SECONDS = 5.0  # until a kill
_ALLOTTED = ("id", "receipt")  # another number after a rollback on PostgreSQL, or drawn by lot


def command(folder: Path, url: str, *arguments: str) -> str:
    done = runs.command(arguments, folder, environ(url))
    assert done.returncode == 0, done.stderr
    return done.stdout


def environ(url: str) -> dict[str, str]:
    return {"FEEDSERVER_DATABASE_URL": url, "FEEDSERVER_SITE_URL": "http://blog.example"}


def killed(folder: Path, url: str, lots: random.Random) -> None:
    """Imports until it is killed, in the last runs later than in the first ones."""
    with tempfile.TemporaryFile() as output:
        run = runs.Run(["import", "old.xml"], folder, environ(url), output, output)
        try:
            run.wait(lots.uniform(0.2, _MOST_SECONDS))
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait(runs.MOST_SECONDS)


def told(folder: Path, url: str) -> tuple[Any, ...]:
    posts = json.loads(command(folder, url, "post", "list", "--json"))
    thoughts = json.loads(command(folder, url, "thought", "list", "--json"))
    numbers = {thought["id"]: thought["excerpt"] for thought in thoughts}
    for thought in thoughts:
        thought["parent"] = numbers.get(thought["parent"])
        for name in _ALLOTTED:
            del thought[name]
    return posts, sorted(thoughts, key=repr)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["SQLite", "PostgreSQL"])
def test_twenty_kills_leave_nothing_half_written(name: str, database_urls: dict[str, str], tmp_path: Path) -> None:
    if name not in database_urls:
        pytest.skip("there is no PostgreSQL")
    lots, began = random.Random(time.time_ns()), time.monotonic()
    urls = {"disturbed": database_urls[name], "undisturbed": f"sqlite:///{tmp_path / 'other.sqlite3'}"}
    for folder, url in urls.items():
        (tmp_path / folder).mkdir()
        write_export(tmp_path / folder / "old.xml", POSTS)
        command(tmp_path / folder, url, "init", "--no-example")

    for _ in range(KILLS):
        killed(tmp_path / "disturbed", urls["disturbed"], lots)
    for folder, url in urls.items():
        command(tmp_path / folder, url, "import", "old.xml")

    assert told(tmp_path / "disturbed", urls["disturbed"]) == told(tmp_path / "undisturbed", urls["undisturbed"])
    assert time.monotonic() - began < 900
    assert not list((tmp_path / "disturbed" / "var").glob(".feedserver-unfinished-*"))
