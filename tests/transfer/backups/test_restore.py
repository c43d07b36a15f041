"""A restored site is the same site, in either database; or nothing at all is there."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from feedserver.errors import BackupError, BackupUnusable, StorageError
from feedserver.feeds.scopes import FeedAddress
from feedserver.installation import init, upgrade
from feedserver.jobs import store as jobs
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings
from feedserver.storage import copying, migrate, revision
from feedserver.storage.engine import Database
from feedserver.transfer.backups import backup, snapshot
from feedserver.transfer.backups import restore as restoring
from feedserver.transfer.backups.restore import restore
from tests.posts.builders import everything, publish
from tests.support.fixtures import Assemble
from tests.support.upgrading import upgrade_to
from tests.transfer.conftest import Site, silent

FEED = FeedAddress("site", "atom")


def restore_in(place: WebServices, archive: Path) -> None:
    with archive.open("rb") as source:
        restore(source, place, place.clock(), silent)


def backup_of(site: WebServices, folder: Path) -> Path:
    file = folder / "full.tar.gz"
    backup.to_file(site, file, site.clock(), silent)
    return file


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def without_workers(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """All rows but what `restore` changes: the mark of the site, leases, heartbeats."""
    left = rows | {"heartbeats": [], "jobs": [row[:4] + row[6:] for row in rows["jobs"]]}
    return left | {"site": [row[:7] for row in rows["site"]]}


def test_every_row_of_every_table_is_there_again(full: WebServices, place: WebServices, tmp_path: Path) -> None:
    with full.database.write() as connection:
        job = jobs.ensure(connection, "publish", "x", full.clock(), full.clock())
        jobs.lease(connection, job, full.clock())

    restore_in(place, backup_of(full, tmp_path))

    assert without_workers(everything(place)) == without_workers(everything(full))
    with place.database.read() as connection:
        assert {job.leased_until for job in jobs.everything(connection)} == {None}
    assert everything(place)["heartbeats"] == []
    assert migrate.state(place.database) == "current"


def test_the_site_goes_on_where_it_was(full: WebServices, assemble: Assemble, tmp_path: Path) -> None:
    there = assemble(replace(full.settings, data_dir=tmp_path / "there", database=DatabaseSettings()))
    before, form = full.feed_documents.get(FEED), full.tokens.issue(1, full.clock())

    restore_in(there, backup_of(full, tmp_path))
    upgrade(there)

    after = there.feed_documents.get(FEED)
    assert (after.validators, after.bodies) == (before.validators, before.bodies)
    there.clock.move(minutes=1)  # type: ignore[attr-defined]
    assert there.tokens.problem(form, 1, there.clock()) is None
    assert there.moderation_key == full.moderation_key
    with full.database.read() as connection:
        assert (tmp_path / "there" / "secret").read_text().strip() == revision.secret(connection)
    assert publish(there, "The next post").id > max(row[0] for row in everything(full)["posts"])


def test_a_restored_site_is_marked_until_it_is_resumed(archive: Path, place: WebServices) -> None:
    restore_in(place, archive)

    with place.database.write() as connection:
        assert revision.restored_at(connection) == place.clock()
        assert revision.resume(connection) is True
        assert revision.restored_at(connection) is None
        assert revision.resume(connection) is False


def test_what_is_restored_is_for_its_owner_alone(archive: Path, file_place: WebServices) -> None:
    restore_in(file_place, archive)
    upgrade(file_place)

    for path in [file_place.settings.data_dir, *file_place.settings.data_dir.iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_folder_of_a_database_elsewhere_keeps_its_rights(
    archive: Path, file_place: WebServices, assemble: Assemble, tmp_path: Path
) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    url = f"sqlite:///{tmp_path}/shared/site.sqlite3"
    place = assemble(replace(file_place.settings, database=DatabaseSettings(url=url)))

    restore_in(place, archive)

    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o755
    assert migrate.state(place.database) == "current"


def test_a_folder_of_the_whole_system_is_no_place_for_a_site(archive: Path, assemble: Assemble, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/site.sqlite3"
    place = assemble(Settings(data_dir=Path("/usr"), database=DatabaseSettings(url=url)))

    with pytest.raises(StorageError, match="belongs to the whole system"):
        restore_in(place, archive)

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("schema", ["1001", "1018"])
def test_a_site_of_an_older_program_is_migrated(schema: str, tmp_path: Path, file_place: WebServices) -> None:
    older = Database(f"sqlite:///{tmp_path}/older.sqlite3")
    upgrade_to(older, schema)
    with older.write() as connection:
        connection.execute(
            text("INSERT INTO site (id, guid, revision, created_at) VALUES (1, 'urn:uuid:1', 7, '2026-01-01')")
        )
    (tmp_path / "secret").write_text("that of the file\n")
    backup.to_file(Site(older, tmp_path), tmp_path / "older.tar.gz", file_place.clock(), silent)
    older.close()

    restore_in(file_place, tmp_path / "older.tar.gz")

    assert migrate.state(file_place.database) == "current"
    with file_place.database.read() as connection:
        assert revision.load(connection).guid == "urn:uuid:1"
        assert revision.secret(connection) == "that of the file"
        assert revision.restored_at(connection) == file_place.clock()


# --- a place that is not empty ---


@pytest.mark.parametrize("left", ["secret", "feedserver.sqlite3"])
def test_a_site_that_is_there_is_left_alone(archive: Path, file_place: WebServices, left: str) -> None:
    folder = file_place.settings.data_dir
    init(file_place, example=False)
    file_place.database.close()
    for other in {"secret", "feedserver.sqlite3"} - {left}:
        (folder / other).unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    with pytest.raises(BackupError, match=f"{left}: a site is or was here; restore into an empty place"):
        restore_in(file_place, archive)

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_site_in_the_server_is_left_alone(
    archive: Path, file_place: WebServices, assemble: Assemble, new_postgres_url: Callable[[], str]
) -> None:
    place = assemble(replace(file_place.settings, database=DatabaseSettings(url=new_postgres_url())))
    init(place, example=False)
    (place.settings.data_dir / "secret").unlink()
    before = everything(place)

    with pytest.raises(BackupError, match=r"^database\.url: the database holds a site already"):
        restore_in(place, archive)

    assert everything(place) == before


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
def test_what_is_left_of_another_database_is_never_replayed_into_the_restored_one(
    archive: Path, file_place: WebServices, ending: str
) -> None:
    folder = file_place.settings.data_dir
    folder.mkdir(parents=True)
    left = folder / f"feedserver.sqlite3{ending}"
    left.write_bytes(b"the last changes of another database")

    with pytest.raises(BackupError, match=rf"sqlite3{ending}: is left of another database; .* move it away$"):
        restore_in(file_place, archive)

    assert files_below(folder) == [left.name]
    left.unlink()
    restore_in(file_place, archive)


def test_a_database_that_lacks_what_the_program_needs_is_no_site(
    prepared_sqlite: Path, file_place: WebServices, tmp_path: Path
) -> None:
    site = file_in(tmp_path / "other", prepared_sqlite)
    with site.write() as connection:
        connection.execute(text("ALTER TABLE thoughts DROP COLUMN title"))
    backup.to_file(Site(site, tmp_path), tmp_path / "other.tar.gz", file_place.clock(), silent)
    site.close()

    with pytest.raises(BackupUnusable, match=r"not feedserver's \(the column thoughts\.title is missing\)$"):
        restore_in(file_place, tmp_path / "other.tar.gz")

    assert not file_place.settings.data_dir.exists()


def file_in(folder: Path, prepared: Path) -> Database:
    folder.mkdir()
    return Database(f"sqlite:///{shutil.copy(prepared, folder / 'feedserver.sqlite3')}")


# --- all or nothing ---


def fail(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(("module", "stage"), [(snapshot, "contents"), (restoring, "_prepare"), (restoring, "_put")])
def test_what_fails_leaves_nothing(
    archive: Path, file_place: WebServices, module: Any, stage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, stage, fail)
    before = files_below(tmp_path)

    with pytest.raises(KeyboardInterrupt):
        restore_in(file_place, archive)

    assert files_below(tmp_path) == before
    monkeypatch.undo()
    restore_in(file_place, archive)


@pytest.mark.parametrize("place", ["into postgresql"], indirect=True)
def test_what_fails_leaves_nothing_on_postgresql(
    archive: Path, place: WebServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(copying, "continue_numbering", fail)
    before = files_below(tmp_path)

    with pytest.raises(KeyboardInterrupt):
        restore_in(place, archive)

    assert files_below(tmp_path) == before
    assert migrate.state(place.database) == "missing"
    monkeypatch.undo()
    restore_in(place, archive)


def test_a_site_that_another_process_makes_meanwhile_is_left_alone(
    archive: Path, file_place: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = restoring._prepare

    def too_slow(*arguments: Any) -> None:
        prepare(*arguments)
        init(file_place, example=False)

    monkeypatch.setattr(restoring, "_prepare", too_slow)

    with pytest.raises(BackupError, match="a site is or was here"):
        restore_in(file_place, archive)

    assert everything(file_place)["posts"] == []


def test_a_restore_needs_as_much_space_as_the_backup_says(
    archive: Path, file_place: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100_000))

    with pytest.raises(BackupError, match=r"takes [\d,]+ bytes; there are not so many free$"):
        restore_in(file_place, archive)

    assert not file_place.settings.data_dir.exists()


# --- databases that are not what they seem ---


def copy_of(prepared: Path, folder: Path) -> Path:
    file = folder / "copy.sqlite3"
    snapshot.take(Database(f"sqlite:///{prepared}"), file)
    return file


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM site", "not enough values"),
        ("DROP TABLE alembic_version", "no such table: alembic_version"),
    ],
)
def test_a_database_with_something_else_in_it_is_no_site(
    prepared_sqlite: Path, tmp_path: Path, statement: str, said: str
) -> None:
    file = copy_of(prepared_sqlite, tmp_path)
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
    connection.close()

    with pytest.raises(BackupUnusable, match=rf"its database is damaged, or not feedserver's \({said}"):
        snapshot.contents(file)


def test_a_damaged_page_is_found(prepared_sqlite: Path, tmp_path: Path) -> None:
    file = copy_of(prepared_sqlite, tmp_path)
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size // 2 // 4096 * 4096)
        opened.write(b"\xff" * 4096)

    with pytest.raises(BackupUnusable, match="its database is damaged"):
        snapshot.contents(file)
