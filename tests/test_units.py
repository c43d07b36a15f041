"""The systemd units: valid, and restrictive."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.serving import clean_environ

CONFIG = Path(__file__).parents[1] / "config"
UNITS = ("feedserver.service", "feedserver-worker.service")
BACKUP = "feedserver-backup.service"
SOCKET = "feedserver.socket"
TIMER = "feedserver-backup.timer"
ANALYZE = shutil.which("systemd-analyze")
MOST_EXPOSED = 1.5  # of 10, as `systemd-analyze security` counts

pytestmark = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed (Debian: systemd)")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as installed, with the program of these tests."""
    program = Path(sys.executable).with_name("feedserver")
    for name in (*UNITS, BACKUP):
        text = (CONFIG / name).read_text("utf-8")
        assert re.search(r"^ExecStart=.*/opt/feedserver/bin/feedserver ", text, re.MULTILINE)
        (tmp_path / name).write_text(text.replace("/opt/feedserver/bin/feedserver", str(program)), "utf-8")
    for name in (SOCKET, TIMER):
        shutil.copy(CONFIG / name, tmp_path)
    return tmp_path


def analyze(*arguments: str, folder: Path) -> str:
    """The output of `systemd-analyze`, which must succeed without a warning."""
    done = subprocess.run(
        [str(ANALYZE), *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("name", [*UNITS, SOCKET, BACKUP, TIMER])
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


@pytest.mark.parametrize("name", [*UNITS, BACKUP])
def test_the_unit_has_a_low_exposure_level(installed: Path, name: str) -> None:
    said = analyze("security", "--offline=yes", "--no-pager", str(installed / name), folder=installed)

    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert exposure, said
    assert float(exposure[1]) <= MOST_EXPOSED


def test_all_units_have_the_same_restrictions() -> None:
    restrictions = {
        (CONFIG / name).read_text("utf-8").split("# What it may:")[1].split("[Install]")[0].rstrip()
        for name in (*UNITS, BACKUP)
    }

    assert len(restrictions) == 1


def test_the_nightly_command_makes_a_backup_named_by_its_time(
    installed: Path, prepared_sqlite: Path, tmp_path: Path
) -> None:
    for name in ("var", "backups"):
        (tmp_path / name).mkdir()
    shutil.copy(prepared_sqlite, tmp_path / "var" / "feedserver.sqlite3")
    found = re.search(r"^ExecStart=(/bin/sh -c .*)$", (installed / BACKUP).read_text("utf-8"), re.MULTILINE)
    assert found
    command = found[1].replace("$$", "$").replace("%%", "%")  # systemd.service(5), systemd.unit(5)

    arguments = shlex.split(command.replace("/var/lib/feedserver-backups", str(tmp_path / "backups")))
    subprocess.run(arguments, env=clean_environ(), cwd=tmp_path, check=True, timeout=60)

    (made,) = (tmp_path / "backups").iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d{6}Z\.tar\.gz", made.name)


def test_systemd_waits_longer_than_gunicorn() -> None:
    from feedserver.server import gunicorn_settings

    text = (CONFIG / UNITS[0]).read_text("utf-8")
    seconds = re.search(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)

    assert seconds
    assert int(seconds[1]) > gunicorn_settings()["graceful_timeout"]
