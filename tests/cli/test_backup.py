"""`feedserver backup`, `restore` and `resume`."""

import io
import json
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from feedserver import settings
from feedserver.services import Services
from feedserver.storage import revision
from feedserver.transfer.backups import backup
from tests.cli.conftest import Run
from tests.transfer.pictures import add_picture

POST = b"---\ntitle: Kept\n---\nWords."


@pytest.fixture
def move(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, the settings are those of an empty place."""

    def elsewhere() -> None:
        monkeypatch.delenv("FEEDSERVER_DATABASE_URL", raising=False)
        monkeypatch.setenv("FEEDSERVER_DATA_DIR", "elsewhere")

    return elsewhere


def test_a_site_is_backed_up_and_restored_elsewhere(run: Run, site: Path, move: Callable[[], None]) -> None:
    run("post", "add", "-", given=POST)

    made = run("backup", "site.tar.gz")
    move()
    restored = run("restore", "-", given=(site / "site.tar.gz").read_bytes())

    assert (made.status, made.err, restored.status, restored.err) == (0, [], 0, [])
    assert made.out == [f"site.tar.gz: 1 post or page, 0 thoughts, {(site / 'site.tar.gz').stat().st_size:,} bytes"]
    assert restored.out[0].startswith("restored http://blog.example as it was at 20")
    assert restored.out[0].endswith("Z: 1 post or page, 0 thoughts")
    assert restored.out[1:] == [
        "what was erased after that is back: erase it again",
        "nothing is sent to others from here until `feedserver resume` says that this is the real site",
    ]
    assert [post["title"] for post in json.loads(run("post", "list", "--json").text)] == ["Kept"]
    assert (site / "elsewhere" / "secret").exists()


def test_a_site_that_cannot_be_written_any_more_is_backed_up_all_the_same(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("", None, sqlite3.OperationalError("attempt to write a readonly database"))

    run("init")
    monkeypatch.setattr(backup, "note", refuse)

    made = run("backup", "site.tar.gz")

    assert made.status == 0
    assert len(made.err) == 1
    assert "the backup is whole, but could not be noted in the site" in made.err[0]
    assert (outside / "site.tar.gz").exists()


def test_a_restored_site_is_resumed_once(run: Run, outside: Path, move: Callable[[], None]) -> None:
    run("init")
    run("backup", "site.tar.gz")
    never = run("resume")
    move()
    run("restore", "site.tar.gz")

    once, twice = run("resume"), run("resume")

    assert (never.out, once.out) == (twice.out, ["this is the real site from now on"])
    assert (never.status, once.status) == (0, 0)
    assert twice.out == ["nothing to do: this is the real site already"]


def test_a_backup_without_a_picture_is_told_and_no_older_one_is_removed(run: Run, site: Path) -> None:
    run("init")
    services = Services(settings.load())
    content = b"roof" * 90
    roof = add_picture(services, site, "roof.jpg", content)
    services.media_files.remove(roof.hash, roof.name)

    run("backup", "first.tar.gz")
    made = run("backup", "second.tar.gz", "--keep", "1")

    size = (site / "second.tar.gz").stat().st_size
    assert made.status == 1
    assert made.out == [f"second.tar.gz: 0 posts and pages, 0 thoughts, 1 picture or file, {size:,} bytes"]
    assert made.err == [
        "feedserver: the backup is made without all pictures and files, and older backups are kept"
        f" (missing: {roof.hash}/roof.jpg); put them back from one of these, or `feedserver media remove` them"
    ]
    assert backups(site) == ["first.tar.gz", "second.tar.gz"]
    assert backed_up_at(services) is None

    add_picture(services, site, "roof.jpg", content)

    assert run("backup", "whole.tar.gz", "--keep", "1").status == 0
    assert backups(site) == ["whole.tar.gz"]
    assert backed_up_at(services) is not None
    services.database.close()


def backups(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.gz"))


def backed_up_at(services: Services) -> datetime | None:
    with services.database.read() as connection:
        return revision.backed_up_at(connection)


def test_only_so_many_backups_are_kept_as_said(run: Run, outside: Path) -> None:
    run("init")
    for name in "ab":
        run("backup", f"{name}.tar.gz")

    kept = run("backup", "c.tar.gz", "--keep", 2)

    assert kept.out[1:] == ["removed a.tar.gz"]
    assert sorted(path.name for path in outside.glob("*.gz")) == ["b.tar.gz", "c.tar.gz"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (
            ["backup", "site.tar.gz"],
            1,
            "sqlite3; `feedserver init` creates it; where the site is in another folder, go there first",
        ),
        (["restore", "site.tar.gz"], 1, "feedserver: site.tar.gz: No such file or directory"),
        (["restore", "."], 1, "feedserver: .: Is a directory"),
        (
            ["restore", "-"],
            1,
            "feedserver: the backup cannot be restored: it is nothing that `feedserver backup` has made",
        ),
        (
            ["backup", "-", "--keep", "2"],
            2,
            "feedserver backup: error: --keep: standard output has no folder of backups",
        ),
        (
            ["backup", "x", "--keep", "0"],
            2,
            "feedserver backup: error: argument --keep: “0” is not a number above zero",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    run: Run, outside: Path, arguments: list[str], status: int, said: str
) -> None:
    refused = run(*arguments)

    assert (refused.status, refused.out) == (status, [])
    assert refused.err[-1].endswith(said)
    assert os.listdir(outside) == []


class Terminal(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(io.BytesIO(), write_through=True)

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("backup - >&-", "a backup is nothing for a terminal"),
        ("restore - <&-", "a terminal is no backup"),
        ("backup - | true", "the program that the backup was sent to ended before it had all of it"),
    ],
)
def test_a_stream_that_is_closed_is_told_in_a_line(run: Run, outside: Path, command: str, said: str) -> None:
    run("init")

    ended = subprocess.run(
        ["/bin/sh", "-c", f"{shlex.quote(sys.executable)} -m feedserver {command}"], capture_output=True, text=True
    )

    assert ended.stderr.startswith(f"feedserver: {said}")
    assert ended.stderr.count("\n") == 1


def test_no_archive_goes_to_a_terminal(run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)

    assert run("backup", "-").err == [
        "feedserver: a backup is nothing for a terminal; send it to a file or another program"
    ]
    assert terminal.text == ""


def test_progress_is_shown_on_a_terminal_and_gone_at_the_end(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("init")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    run("backup", "site.tar.gz")

    shown = terminal.text.split("\r\x1b[K")
    assert shown[:2] == ["", "copying the database …"]
    assert "packing 100%" in shown
    assert shown[-1] == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_backup_that_is_told_to_end_leaves_nothing(
    run: Run, outside: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("init")
    # Tests in the background of a shell begin with an interrupt that is ignored.
    signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    before = [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)]
    monkeypatch.setattr(backup, "check", lambda *_: signal.raise_signal(number))
    (outside / "backups").mkdir()

    ended = run("backup", "backups/site.tar.gz")

    assert (ended.status, ended.out, ended.err) == (130, [], [])
    assert os.listdir(outside / "backups") == []
    assert [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)] == before


def test_a_backup_whose_terminal_is_gone_goes_on_if_it_is_to(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `nohup` starts it."""
    run("init")
    check = backup.check

    def hang_up(*arguments: Any) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        check(*arguments)

    monkeypatch.setattr(backup, "check", hang_up)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run("backup", "site.tar.gz").status == 0
    finally:
        signal.signal(signal.SIGHUP, before)
