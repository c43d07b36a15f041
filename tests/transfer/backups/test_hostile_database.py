"""What a database may hold beside tables, and what runs by itself, is not backed up, and is refused in an archive."""

import hashlib
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from feedserver.services import WebServices
from feedserver.storage import conformity, triggers
from feedserver.storage.engine import Database
from feedserver.transfer.backups import backup
from feedserver.transfer.backups.restore import restore
from tests.transfer.backups.test_archive import changed, files_of, packed, refusal
from tests.transfer.backups.test_restore import copy_of
from tests.transfer.conftest import Site, silent

TRIGGER = "CREATE TRIGGER evil AFTER UPDATE ON site BEGIN UPDATE site SET author = 'evil'; END"
RUNNING = {
    "a trigger": TRIGGER,
    "a trigger with the name of ours": "DROP TRIGGER thoughts_position_updated;"
    + TRIGGER.replace("evil AFTER", "thoughts_position_updated AFTER"),
    "a view": "CREATE VIEW evil AS SELECT * FROM posts",
    "a view without end": "CREATE VIEW evil AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
    " SELECT * FROM n",
    "a view with the name of a table": "DROP TABLE heartbeats; CREATE VIEW heartbeats AS SELECT 1 AS name",
    "a virtual table": "CREATE VIRTUAL TABLE evil USING fts5(words)",
    "a table of an unknown module": "PRAGMA writable_schema=ON; INSERT INTO sqlite_master"
    " VALUES ('table', 'evil', 'evil', 0, 'CREATE VIRTUAL TABLE evil USING none(words)')",
}


def run(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)
        connection.commit()


def with_database(archive: Path, change: Callable[[Path], None], folder: Path) -> bytes:
    """An archive that fits together, with another database."""
    manifest, secret, database = files_of(archive)
    file = folder / "changed.sqlite3"
    file.write_bytes(database[1])
    change(file)
    fields = json.loads(manifest[1])
    fields["files"][1] |= {"size": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    return packed(
        [changed(manifest, content=json.dumps(fields).encode()), secret, changed(database, content=file.read_bytes())]
    )


@pytest.mark.parametrize("script", RUNNING.values(), ids=RUNNING)
def test_what_runs_by_itself_is_refused_and_does_not_run(
    archive: Path, file_place: WebServices, script: str, tmp_path: Path
) -> None:
    hostile = with_database(archive, lambda file: run(file, script), tmp_path)

    assert "in it is neither a table nor an index" in refusal(hostile, file_place)


def test_a_site_without_a_trigger_of_ours_is_refused(archive: Path, file_place: WebServices, tmp_path: Path) -> None:
    """Thoughts would have no place on their page."""
    lacking = with_database(archive, lambda file: run(file, "DROP TRIGGER thoughts_position_updated"), tmp_path)

    assert "the trigger thoughts_position_updated of thoughts is missing" in refusal(lacking, file_place)


@pytest.mark.parametrize(
    "values", ["NULL, 'a.jpg', 1", "'x', x'ff', 1", "'x', 'a.jpg', 'many'", "'x', 'a.jpg', -1", "'x', 'a.jpg', NULL"]
)
def test_a_picture_without_a_name_or_size_is_refused(
    archive: Path, file_place: WebServices, values: str, tmp_path: Path
) -> None:
    script = f"DROP TABLE media; CREATE TABLE media (hash, name, size); INSERT INTO media VALUES ({values})"
    hostile = with_database(archive, lambda file: run(file, script), tmp_path)

    assert "it names a picture or file by no text, or without its size" in refusal(hostile, file_place)


@pytest.mark.parametrize("secret", ["''", "x'00ff'"], ids=["empty", "bytes"])
def test_a_site_whose_secret_is_no_text_is_refused(
    archive: Path, file_place: WebServices, secret: str, tmp_path: Path
) -> None:
    hostile = with_database(archive, lambda file: run(file, f"UPDATE site SET secret = {secret}"), tmp_path)

    assert "its secret is no text" in refusal(hostile, file_place)


@pytest.mark.parametrize("place", ["into postgresql"], indirect=True)
def test_values_that_no_column_of_ours_holds_are_refused(archive: Path, place: WebServices, tmp_path: Path) -> None:
    hostile = with_database(archive, lambda file: run(file, "UPDATE site SET created_at = 'never'"), tmp_path)

    assert "holds what feedserver never stores" in refusal(hostile, place)


@pytest.mark.parametrize("what", ["a trigger", "a view", "a virtual table"])
def test_what_operators_have_added_is_left_out_of_a_backup_which_can_be_restored(
    prepared_sqlite: Path, tmp_path: Path, file_place: WebServices, what: str
) -> None:
    file = copy_of(prepared_sqlite, tmp_path)
    run(file, RUNNING[what])
    (tmp_path / "secret").write_text("of the file")
    with closing(Database(f"sqlite:///{file}")) as database:
        backup.to_file(Site(database, tmp_path), tmp_path / "own.gz", file_place.clock(), silent)

    restored = io.BytesIO((tmp_path / "own.gz").read_bytes())
    restore(restored, file_place, file_place.clock(), silent)

    assert file_place.database.file is not None
    with closing(sqlite3.connect(file_place.database.file)) as connection:
        assert triggers.foreign(connection) == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with file_place.database.read() as opened:
        assert [line for look in conformity.LOOKS for line in look(opened)] == []
    with closing(sqlite3.connect(file)) as connection:
        assert triggers.foreign(connection) != []
