"""Runs the command line in this process: its output and its exit status."""

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from feedserver.cli import main
from feedserver.storage.engine import Database


@dataclass(frozen=True)
class Outcome:
    """The exit status, and the lines on standard output and standard error."""

    status: int
    out: list[str]
    err: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.out)


Run = Callable[..., Outcome]


@pytest.fixture
def databases(monkeypatch: pytest.MonkeyPatch) -> list[Database]:
    """The databases that commands open: `run` closes them, as the end of a process would."""
    opened: list[Database] = []

    def remember(*urls: str, **given: Any) -> Database:
        opened.append(Database(*urls, **given))
        return opened[-1]

    monkeypatch.setattr("feedserver.services.Database", remember)
    return opened


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, databases: list[Database]
) -> Iterator[Run]:
    """Runs `feedserver ARGUMENTS`, with `given` on its standard input; `worker` leaves its handlers of signals."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def command(*arguments: str | int, given: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(given)))
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as ended:  # argparse ends wrong usage so
            status = ended.code if isinstance(ended.code, int) else 1
        finally:
            while databases:
                databases.pop().close()
        said = capsys.readouterr()
        return Outcome(status, said.out.splitlines(), said.err.splitlines())

    yield command
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder to work in, with a short configuration and nothing else."""
    folder = tmp_path / "outside"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FEEDSERVER_SITE_URL", "http://blog.example")
    return folder


@pytest.fixture
def site(outside: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Path:
    """The same folder, with an empty site, once on each kind of database."""
    monkeypatch.setenv("FEEDSERVER_DATABASE_URL", database_url)
    return outside


@pytest.fixture
def write(outside: Path) -> Callable[..., str]:
    """Writes a document into the folder; returns its name."""

    def document(text: str | bytes, name: str = "post.md") -> str:
        (outside / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return name

    return document
