"""A backup has its name when it is whole, and only then; nothing else in its folder is touched."""

import errno
import fcntl
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from feedserver.errors import BackupError, StorageError
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.storage.engine import Database
from feedserver.transfer.backups import archive, backup, snapshot
from feedserver.transfer.backups.manifest import Manifest
from tests.posts.builders import publish
from tests.support.fixtures import Assemble
from tests.support.outside import Clock
from tests.support.upgrading import upgrade_to
from tests.transfer.conftest import Site, silent


@pytest.fixture
def site(prepared_sqlite: Path, tmp_path: Path, assemble: Assemble) -> WebServices:
    """A site in a SQLite file."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "feedserver.sqlite3").write_bytes(prepared_sqlite.read_bytes())
    return assemble(Settings(data_dir=tmp_path / "var"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for backups."""
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups"


def back_up(site: WebServices, file: Path) -> Manifest:
    return backup.to_file(site, file, site.clock(), silent)[0]


def test_a_backup_says_what_it_holds_and_is_for_its_owner_alone(site: WebServices, folder: Path) -> None:
    publish(site, "One")

    manifest = back_up(site, folder / "a.tar.gz")

    assert (manifest.rows["posts"], manifest.rows["thoughts"]) == (1, 0)
    assert (manifest.made_at, manifest.url) == (site.clock(), site.settings.site.url)
    assert stat.S_IMODE((folder / "a.tar.gz").stat().st_mode) == 0o600
    assert os.listdir(folder) == ["a.tar.gz"]


def test_free_pages_which_may_hold_what_was_deleted_are_not_in_a_copy(site: WebServices, folder: Path) -> None:
    words = {"words": "erased " * 10_000}
    with site.database.write() as connection:
        connection.execute(text("INSERT INTO host_rules VALUES ('x', :words, '2026-01-01')"), words)
    with site.database.write() as connection:
        connection.execute(text("DELETE FROM host_rules"))

    snapshot.take(site.database, folder / "copy.sqlite3")

    assert b"erased" not in (folder / "copy.sqlite3").read_bytes()


@pytest.mark.parametrize("there", ["a file", "a folder", "a broken link"])
def test_nothing_that_is_there_is_overwritten(site: WebServices, folder: Path, there: str) -> None:
    file = folder / "a.tar.gz"
    if there == "a file":
        file.write_text("words")
    elif there == "a folder":
        file.mkdir()
    else:
        file.symlink_to(folder / "none")

    with pytest.raises(BackupError, match="is there already; a backup needs a new name"):
        back_up(site, file)

    assert os.listdir(folder) == ["a.tar.gz"]
    assert there != "a file" or file.read_text() == "words"


def test_a_folder_that_is_missing_is_not_made(site: WebServices, folder: Path) -> None:
    with pytest.raises(BackupError, match=r"missing: there is no such folder$"):
        back_up(site, folder / "missing" / "a.tar.gz")

    assert os.listdir(folder) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, BackupError])
def test_a_backup_that_fails_leaves_nothing(
    site: WebServices, folder: Path, error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(backup, "check", fail)

    with pytest.raises(error):
        back_up(site, folder / "a.tar.gz")

    assert os.listdir(folder) == []


@pytest.mark.parametrize("stage", ["database", "archive"])
def test_a_full_disk_is_told_and_leaves_nothing(
    site: WebServices, folder: Path, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_the_disk(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if stage == "database":
        monkeypatch.setattr(snapshot, "take", copy_to_a_full_disk)
    else:
        monkeypatch.setattr(archive.Writer, "end", fill_the_disk)

    with pytest.raises(BackupError, match=rf"^{folder}: there is no space left on this disk$"):
        back_up(site, folder / "a.tar.gz")

    assert os.listdir(folder) == []


def copy_to_a_full_disk(_: Database, file: Path) -> None:
    """SQLite says so, too, when a file may not have more pages."""
    file.touch()
    with snapshot.opened(file) as copy, copy.write() as connection:
        connection.execute(text("PRAGMA max_page_count = 2"))
        for number in range(3):
            connection.execute(text(f"CREATE TABLE t{number} (x TEXT)"))


def test_a_copy_that_cannot_be_written_leaves_nothing(site: WebServices, folder: Path) -> None:
    with no_file_beyond(50_000), pytest.raises(DBAPIError):
        back_up(site, folder / "a.tar.gz")

    assert os.listdir(folder) == []


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_an_archive_that_is_not_what_was_written_gets_no_name(
    site: WebServices, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = backup.check

    def badly(made: Path, *rest: Any) -> None:
        with made.open("r+b") as written:
            written.seek(made.stat().st_size // 2)
            written.write(b"xx")
        check(made, *rest)

    monkeypatch.setattr(backup, "check", badly)

    with pytest.raises(BackupError, match="damaged"):
        back_up(site, folder / "a.tar.gz")

    assert os.listdir(folder) == []


def test_what_a_killed_backup_has_left_is_removed_by_the_next_one(site: WebServices, folder: Path) -> None:
    for name in ("killed", "at-work", "made-just-now"):
        place = folder / f".feedserver-unfinished-{name}"
        place.mkdir()
        (place / "database.sqlite3").touch()
    (folder / ".feedserver-unfinished-killed" / "lock").touch()
    (folder / ".feedserver-unfinished-link").symlink_to(folder / ".feedserver-unfinished-killed")

    with (folder / ".feedserver-unfinished-at-work" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        back_up(site, folder / "a.tar.gz")

    assert set(os.listdir(folder)) == {
        "a.tar.gz",
        ".feedserver-unfinished-at-work",
        ".feedserver-unfinished-made-just-now",
        ".feedserver-unfinished-link",
    }


def test_an_older_site_is_copied_from_sqlite_as_it_is_but_not_from_postgresql(
    empty_database_url: str, folder: Path
) -> None:
    older = Database(empty_database_url)
    upgrade_to(older, "1018")
    with older.write() as connection:
        connection.execute(
            text(
                "INSERT INTO site (id, guid, revision, created_at, secret)"
                " VALUES (1, 'urn:uuid:1', 7, '2026-01-01', 'secret')"
            )
        )

    def attempt() -> Manifest:
        return backup.to_file(Site(older, folder), folder / "a.tar.gz", Clock()(), silent)[0]

    if older.is_sqlite:
        assert attempt().schema == "1018"
    else:
        with pytest.raises(
            StorageError, match=r"^database\.url: the schema is that of an older feedserver; .* migrates"
        ):
            attempt()
        assert os.listdir(folder) == []
    older.close()


# --- old backups ---


@pytest.fixture
def another(prepared_sqlite: Path, tmp_path: Path, assemble: Assemble) -> WebServices:
    (tmp_path / "another").mkdir()
    (tmp_path / "another" / "feedserver.sqlite3").write_bytes(prepared_sqlite.read_bytes())
    other = assemble(Settings(data_dir=tmp_path / "another"))
    with other.database.write() as connection:
        connection.execute(text("UPDATE site SET guid = 'urn:uuid:another'"))
    return other


def test_only_the_oldest_backups_of_this_site_are_removed(
    site: WebServices, another: WebServices, folder: Path, clock: Clock
) -> None:
    back_up(another, folder / "other-site.tar.gz")
    for name in ("z", "y", "x", "w"):  # the names say nothing of their age
        clock.move(days=1)
        manifest = back_up(site, folder / f"{name}.tar.gz")
    whole = (folder / "z.tar.gz").read_bytes()
    (folder / "damaged.tar.gz").write_bytes(whole[:40])
    (folder / "notes.txt").write_text("words")
    (folder / "empty").touch()
    os.mkfifo(folder / "pipe")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "z.tar.gz").write_bytes(whole)
    (folder.parent / "elsewhere.tar.gz").write_bytes(whole)
    (folder / "link.tar.gz").symlink_to(folder.parent / "elsewhere.tar.gz")
    before = set(folder.rglob("*"))

    removed = backup.remove_oldest(folder / "w.tar.gz", manifest.site, 2)

    assert set(removed) == {folder / "z.tar.gz", folder / "y.tar.gz"}
    assert set(folder.rglob("*")) == before - set(removed)


def test_the_backup_just_made_stays_though_another_says_that_it_is_newer(
    site: WebServices, folder: Path, clock: Clock
) -> None:
    clock.move(days=300)
    back_up(site, folder / "clock-was-wrong.tar.gz")
    clock.move(days=-300)
    back_up(site, folder / "a.tar.gz")
    clock.move(days=1)
    manifest = back_up(site, folder / "b.tar.gz")

    removed = backup.remove_oldest(folder / "b.tar.gz", manifest.site, 1)

    assert {path.name for path in removed} == {"clock-was-wrong.tar.gz", "a.tar.gz"}
