"""Database, secret and their folder are for their owner's eyes alone, whatever the umask and whatever was there."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from feedserver import private_files
from feedserver.errors import StorageError
from feedserver.storage import migrate
from feedserver.storage.engine import Database
from tests.support import runs
from tests.support.serving import FEEDSERVER, Site, clean_environ, free_port

UMASKS = [0o000, 0o077, 0o277, 0o777]


@pytest.fixture(params=UMASKS, ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def modes(folder: Path) -> dict[str, str]:
    """The modes of a folder, as `.`, and of all that is in it."""
    return {str(path.relative_to(folder)): mode(path) for path in [folder, *folder.rglob("*")]}


def command(folder: Path, *arguments: str, umask: int) -> None:
    runs.command(arguments, folder, clean_environ(), umask=umask).check_returncode()


def test_folders_and_files_are_private(tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "new"
    private_files.make_folder(folder)
    with open(folder / "file", "w", opener=private_files.opener):
        pass

    assert modes(folder) == {".": "0o700", "file": "0o600"}


def test_those_that_were_there_become_private(tmp_path: Path, umask: int) -> None:
    folder, file, other = tmp_path / "old", tmp_path / "old/file", tmp_path / "old/other"
    folder.mkdir()
    for path in (file, other):
        path.touch()
    for path in (folder, file, other):
        path.chmod(0o777)

    private_files.make_folder(folder)
    with open(file, "a", opener=private_files.opener):
        pass
    private_files.take_from_others(other)

    assert modes(folder) == {".": "0o700", "file": "0o600", "other": "0o600"}


def test_a_folder_that_is_shared_stays_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)

    private_files.make_folder(tmp_path)

    assert mode(tmp_path) == "0o1777"


@pytest.mark.parametrize("folder", ["/", "/var", "/usr/../var", "/etc/"])
def test_a_folder_of_the_whole_system_is_refused_and_keeps_its_rights(folder: str) -> None:
    before = mode(Path(folder))

    with pytest.raises(StorageError, match="belongs to the whole system"):
        private_files.make_folder(Path(folder))

    assert mode(Path(folder)) == before


def test_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    private_files.take_from_others(tmp_path / "none")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("umask", [0o000, 0o777], ids=oct, indirect=False)
def test_init_makes_all_private(tmp_path: Path, umask: int) -> None:
    command(tmp_path, "init", umask=umask)

    assert modes(tmp_path / "var") == {
        ".": "0o700",
        "secret": "0o600",
        "feedserver.sqlite3": "0o600",
        "feedserver.sqlite3.lock": "0o600",
    }


def test_a_folder_without_a_site_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    private_files.take_site_from_others(tmp_path, tmp_path / "none.sqlite3")

    assert modes(tmp_path) == {".": "0o755"}


def test_the_log_of_a_database_that_another_process_has_open_becomes_private_too(tmp_path: Path) -> None:
    file = tmp_path / "site.sqlite3"
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE any (id)")
        for path in tmp_path.iterdir():
            path.chmod(0o666)

        with migrate.exclusive(Database(f"sqlite:///{file}")):
            found = modes(tmp_path)

    assert {"site.sqlite3", "site.sqlite3-wal", "site.sqlite3-shm"} <= found.keys()
    assert {rights for name, rights in found.items() if name != "."} == {"0o600"}


def test_a_copy_is_private_too_and_the_folder_that_was_there_keeps_its_rights(tmp_path: Path) -> None:
    command(tmp_path, "init", umask=0)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    elsewhere.chmod(0o755)

    for folder in (elsewhere, elsewhere / "new"):
        urls = (f"sqlite:///{tmp_path}/var/feedserver.sqlite3", f"sqlite:///{folder}/copy.sqlite3")
        command(tmp_path, "db", "copy", *urls, umask=0)

    assert modes(elsewhere) == {
        ".": "0o755",
        "copy.sqlite3": "0o600",
        "copy.sqlite3.lock": "0o600",
        "new": "0o700",
        "new/copy.sqlite3": "0o600",
        "new/copy.sqlite3.lock": "0o600",
    }


def test_a_server_takes_the_rights_of_others_away_and_makes_no_file_for_them(tmp_path: Path) -> None:
    command(tmp_path, "init", umask=0)
    folder = tmp_path / "var"
    for name in ("", "secret", "feedserver.sqlite3", "feedserver.sqlite3.lock", "feedserver.sqlite3-wal"):
        (folder / name).touch()
        (folder / name).chmod(0o777)
    site = Site(tmp_path, free_port(), {}, ["sh", "-c", 'umask 0; exec "$@"', "sh", *FEEDSERVER])
    site.start(workers=1)
    try:
        site.command("post", "add", "-", given="---\ntitle: Written while it runs\n---\n")
        found = modes(folder)
    finally:
        site.stop()

    assert found.pop(".") == "0o700"
    assert {"feedserver.sqlite3-wal", "feedserver.sqlite3-shm"} <= found.keys()
    assert set(found.values()) == {"0o600"}
