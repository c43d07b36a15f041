"""The systemd units: systemd takes them without a word, and they leave an intruder little."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = Path(__file__).parents[1] / "config"
UNITS = ("feedserver.service", "feedserver-worker.service")
ANALYZE = shutil.which("systemd-analyze")
MOST_EXPOSED = 1.5  # of 10, as `systemd-analyze security` counts

pytestmark = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed (Debian: systemd)")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as they would be installed, with the program of these tests."""
    program = Path(sys.executable).with_name("feedserver")
    for name in UNITS:
        text = (CONFIG / name).read_text("utf-8")
        assert "ExecStart=/opt/feedserver/bin/feedserver " in text
        (tmp_path / name).write_text(text.replace("/opt/feedserver/bin/feedserver", str(program)), "utf-8")
    return tmp_path


def analyze(*arguments: str, folder: Path) -> str:
    """What `systemd-analyze` says, which must be no complaint."""
    done = subprocess.run(
        [str(ANALYZE), *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_unit_without_a_word(installed: Path, name: str) -> None:
    analyze("verify", "--man=no", "--recursive-errors=no", str(installed / name), folder=installed)


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_leaves_little_to_an_intruder(installed: Path, name: str) -> None:
    said = analyze("security", "--offline=yes", "--no-pager", str(installed / name), folder=installed)

    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert exposure, said
    assert float(exposure[1]) <= MOST_EXPOSED


def test_the_worker_is_fenced_in_like_the_server() -> None:
    fences = [(CONFIG / name).read_text("utf-8").split("# What it may:")[1].split("[Install]")[0] for name in UNITS]

    assert fences[0] == fences[1]


def test_the_server_has_longer_to_end_than_its_requests() -> None:
    from feedserver.server import gunicorn_settings

    text = (CONFIG / UNITS[0]).read_text("utf-8")
    seconds = re.search(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)

    assert seconds
    assert int(seconds[1]) > gunicorn_settings()["graceful_timeout"]
