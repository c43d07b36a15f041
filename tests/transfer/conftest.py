"""A backup, and empty places to restore it in."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from feedserver.media.files import FileStore
from feedserver.services import Services, WebServices
from feedserver.settings import DatabaseSettings, Settings
from feedserver.storage.engine import Database
from feedserver.transfer.backups import backup
from tests.storage.test_copying import full  # noqa: F401 - a fixture
from tests.support.fixtures import Assemble
from tests.support.outside import Clock
from tests.transfer.imports.exports import Exports


class Site:
    """A database whose secret and pictures are in a folder, or would be."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.settings = Settings(data_dir=folder)
        self.media_files = FileStore(self.settings.media_dir, private=True)


def silent(_doing: str, _share: float) -> None:
    """Reports nothing."""


@pytest.fixture(scope="session")
def archive(prepared_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a site without posts."""
    folder = tmp_path_factory.mktemp("backup")
    shutil.copy(prepared_sqlite, folder / "feedserver.sqlite3")
    services = Services(Settings(data_dir=folder), clock=Clock())
    file = folder / "site.tar.gz"
    backup.to_file(services, file, services.clock(), silent)
    services.database.close()
    return file


@pytest.fixture
def file_place(tmp_path: Path, assemble: Assemble) -> WebServices:
    """The services of an empty place for a SQLite file."""
    return assemble(Settings(data_dir=tmp_path / "new" / "var"))


@pytest.fixture(params=["into a file", "into postgresql"])
def place(request: pytest.FixtureRequest, file_place: WebServices, assemble: Assemble) -> WebServices:
    """The services of an empty place, once for each kind of database."""
    if request.param == "into a file":
        return file_place
    url = request.getfixturevalue("new_postgres_url")()
    return assemble(replace(file_place.settings, database=DatabaseSettings(url=url)))


@pytest.fixture
def exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exports:
    """Imports what a test makes."""
    (folder := tmp_path / "exports").mkdir()
    return Exports(folder, monkeypatch)
