"""What long commands print on a terminal beside their progress."""

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_backup import Terminal

CLEAR = "\r\x1b[K"
GHOST = Path(__file__).parents[1] / "data/import/ghost/own-ghost-5.json"


@pytest.mark.parametrize(
    "command", [("backup", "a.tar.gz"), ("export", "there"), ("import", GHOST)], ids=lambda c: c[0]
)
def test_every_printed_line_begins_on_a_line_of_its_own(
    command: tuple[str, str], run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("init")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "stderr", terminal)

    run(*command)

    lines = terminal.text.split("\n")
    assert terminal.text.count(CLEAR) > 1
    assert [left for line in lines if (left := line.rpartition(CLEAR)[2]) and ("%" in left or "…" in left)] == []
