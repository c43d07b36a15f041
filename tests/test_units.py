"""The systemd units: valid, and restrictive."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = Path(__file__).parents[1] / "config"
UNITS = ("feedserver.service", "feedserver-worker.service")
SOCKET = "feedserver.socket"
ANALYZE = shutil.which("systemd-analyze")
MOST_EXPOSED = 1.5  # of 10, as `systemd-analyze security` counts

pytestmark = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed (Debian: systemd)")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as installed, with the program of these tests."""
    program = Path(sys.executable).with_name("feedserver")
    for name in UNITS:
        text = (CONFIG / name).read_text("utf-8")
        assert "ExecStart=/opt/feedserver/bin/feedserver " in text
        (tmp_path / name).write_text(text.replace("/opt/feedserver/bin/feedserver", str(program)), "utf-8")
    shutil.copy(CONFIG / SOCKET, tmp_path)
    return tmp_path


def analyze(*arguments: str, folder: Path) -> str:
    """The output of `systemd-analyze`, which must succeed without a warning."""
    done = subprocess.run(
        [str(ANALYZE), *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("name", [*UNITS, SOCKET])
def test_the_unit_is_valid(installed: Path, name: str) -> None:
    analyze("verify", "--man=no", "--recursive-errors=no", str(installed / name), folder=installed)


def test_the_server_needs_no_unit_of_its_socket(installed: Path) -> None:
    (installed / SOCKET).unlink()

    analyze("verify", "--man=no", "--recursive-errors=no", str(installed / UNITS[0]), folder=installed)


def test_the_socket_has_the_address_that_the_server_has_without_it() -> None:
    address = re.search(r"^ListenStream=(\S+)$", (CONFIG / SOCKET).read_text("utf-8"), re.MULTILINE)

    assert address
    assert f" serve --bind {address[1]}\n" in (CONFIG / UNITS[0]).read_text("utf-8")


@pytest.mark.parametrize("name", UNITS)
def test_a_reload_sends_the_signal_that_reads_the_settings_anew(name: str) -> None:
    assert "\nExecReload=/bin/kill -HUP $MAINPID\n" in (CONFIG / name).read_text("utf-8")


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_has_a_low_exposure_level(installed: Path, name: str) -> None:
    said = analyze("security", "--offline=yes", "--no-pager", str(installed / name), folder=installed)

    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert exposure, said
    assert float(exposure[1]) <= MOST_EXPOSED


def test_worker_and_server_have_the_same_restrictions() -> None:
    restrictions = [
        (CONFIG / name).read_text("utf-8").split("# What it may:")[1].split("[Install]")[0] for name in UNITS
    ]

    assert restrictions[0] == restrictions[1]


def test_systemd_waits_longer_than_gunicorn() -> None:
    from feedserver.server import gunicorn_settings

    text = (CONFIG / UNITS[0]).read_text("utf-8")
    seconds = re.search(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)

    assert seconds
    assert int(seconds[1]) > gunicorn_settings()["graceful_timeout"]
