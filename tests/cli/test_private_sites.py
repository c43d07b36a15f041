"""Whatever opens a site takes others' rights to it away."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from feedserver.app import create_app
from feedserver.cli.arguments import open_site
from tests.cli.conftest import Run

OPENING: dict[str, Callable[[Run], object]] = {
    "post list": lambda run: run("post", "list"),
    "post add": lambda run: run("post", "add", "post.md"),
    "jobs run": lambda run: run("jobs", "run"),
    "db check": lambda run: run("db", "check"),
    "db upgrade": lambda run: run("db", "upgrade"),
    "gunicorn wsgi:app": lambda _run: create_app(),
    "worker": lambda _run: open_site().database.close(),
}


@pytest.mark.parametrize("name", OPENING)
def test_whatever_opens_a_site_makes_it_private(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("init").status == 0
    (tmp_path / "post.md").write_text("---\ntitle: One\n---\n")
    folder = tmp_path / "var"
    for path in folder.iterdir():
        path.chmod(0o644)
    folder.chmod(0o755)

    before = os.umask(0o022)
    OPENING[name](run)
    os.umask(before)

    assert mode(folder) == 0o700
    assert {"secret", "feedserver.sqlite3"} <= {path.name for path in folder.iterdir()}
    assert {mode(path) for path in folder.iterdir()} == {0o600}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
