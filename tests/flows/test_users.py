"""Commands run as root leave nothing that stops a service of another user, and a file that is not ours is named."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedserver import private_files
from feedserver.cli import main
from tests.support import runs
from tests.support.machine import skip_not_allowed
from tests.support.serving import FEEDSERVER, clean_environ

USER = 1500  # who need not be known to the system


@pytest.fixture(scope="module")
def another() -> None:
    """Skips where the tests cannot be another user, or that user could not run this Python."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):  # of util-linux
        skip_not_allowed("to be another user, which root can")
    setpriv = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    if subprocess.run([*setpriv, *FEEDSERVER, "--version"], cwd="/", capture_output=True, timeout=60).returncode:
        skip_not_allowed("that another user runs this Python")


@pytest.fixture
def home(another: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the service's user, in which root stands."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # pytest's folders are closed to others
    os.chown(folder, USER, USER)
    monkeypatch.chdir(folder)
    yield folder
    shutil.rmtree(folder)


def as_user(folder: Path, *arguments: str, user: int = USER) -> subprocess.CompletedProcess[str]:
    """Runs a command as the service's user, or another one."""
    return runs.command(arguments, folder, clean_environ(), user=user)


def owners(folder: Path) -> set[int]:
    return {path.stat().st_uid for path in [folder, *folder.rglob("*")]}


def test_what_root_makes_belongs_to_the_owner_of_the_folder_and_the_service_goes_on_with_it(home: Path) -> None:
    (home / "post.md").write_text("---\ntitle: By root\n---\n")

    for command in (["init"], ["post", "add", "post.md"], ["db", "upgrade"], ["backup", "var/site.backup"]):
        assert main(command) == 0
        assert owners(home / "var") == {USER}, command

    assert as_user(home, "init").returncode == 0
    assert "By root" in as_user(home, "post", "list").stdout


def test_a_backup_of_root_belongs_to_the_owner_of_the_site_wherever_it_is(home: Path) -> None:
    assert main(["init"]) == 0
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    assert elsewhere.stat().st_uid == 0

    assert main(["backup", "elsewhere/site.backup"]) == 0

    assert (elsewhere / "site.backup").stat().st_uid == USER


def test_lock_and_secret_left_by_root_are_made_anew(home: Path) -> None:
    assert main(["init"]) == 0
    secret = home / "var/secret"
    before = secret.read_text()
    for name in ("secret", "feedserver.sqlite3.lock"):
        os.chown(home / "var" / name, 0, 0)

    made = as_user(home, "init")

    assert (made.returncode, made.stderr) == (0, "")
    assert secret.read_text() == before, "the one of the database"
    assert owners(home / "var") == {USER}


@pytest.mark.parametrize(
    ("name", "command"),
    [("feedserver.sqlite3", "init"), ("feedserver.sqlite3-wal", "post list"), (".", "post list")],
)
def test_what_is_not_ours_is_named_with_its_owner_and_root_mends_it(home: Path, name: str, command: str) -> None:
    assert main(["init"]) == 0
    file = home / "var" / name
    if not file.exists():
        file.write_bytes(b"")
    file.chmod(0o700 if file.is_dir() else 0o600)
    os.chown(file, 0, 0)

    refused = as_user(home, *command.split())

    assert (refused.returncode, refused.stdout) == (1, "")
    assert (
        f"{file} belongs to root, and this program runs as {USER}: run `chown {USER}: {file}` as root"
        in (refused.stderr.splitlines()[-1])
    )
    assert "Traceback" not in refused.stderr
    if file.is_file():
        assert main(["db", "check"]) == 0
    else:
        os.chown(file, USER, USER)
    assert as_user(home, "post", "list").returncode == 0


@pytest.mark.parametrize("command", ["init", "post list", "backup -"])
def test_a_third_user_is_told_to_run_it_as_the_owner_and_not_to_take_the_site_away(home: Path, command: str) -> None:
    home.chmod(0o755)
    assert main(["init"]) == 0

    refused = as_user(home, *command.split(), user=USER + 1)

    assert refused.returncode == 1
    assert refused.stderr.endswith(
        f"var belongs to {USER}, and this program runs as {USER + 1}: run it as {USER}, or as root\n"
    )


def test_a_file_that_may_only_be_read_is_read(home: Path) -> None:
    assert main(["init"]) == 0
    file = home / "var/feedserver.sqlite3"
    os.chown(file, 0, 0)
    file.chmod(0o444)

    assert "hello" in as_user(home, "post", "list").stdout
    refused = as_user(home, "post", "delete", "hello")

    assert refused.returncode == 1
    assert "readonly database; check who may write the file" in refused.stderr.splitlines()[-1]


def test_nothing_is_given_away_through_a_link(home: Path) -> None:
    assert main(["init"]) == 0
    precious = home / "precious"
    precious.write_text("of root\n")
    secret = home / "var/secret"
    secret.unlink()

    for link in (secret.symlink_to, secret.hardlink_to):
        link(precious)
        private_files.take_from_others(secret)
        with open(secret, "a", opener=private_files.opener):
            pass
        assert precious.stat().st_uid == 0
        secret.unlink()
