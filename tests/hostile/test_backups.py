"""Backup and restore while others write, and killed at any moment: nobody waits, and nothing is ever half there."""

import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from bench.filling import fill
from feedserver.clock import utc_now
from feedserver.installation import init
from feedserver.media import store
from feedserver.services import Services
from feedserver.settings import DatabaseSettings, Settings, SiteSettings
from feedserver.storage import copying, heartbeat, migrate
from feedserver.storage.engine import Database
from feedserver.transfer.backups import archive, backup
from feedserver.transfer.backups.media_files import MediaFile
from feedserver.transfer.backups.restore import restore
from tests.support.serving import FEEDSERVER, LONG, clean_environ
from tests.transfer.conftest import silent
from tests.transfer.pictures import add_picture

POSTS = 3_000 if LONG else 100
PICTURES = 60 if LONG else 6  # of a megabyte and a half each, with their copies
KILLS = 20 if LONG else 3
KILLED = ["sqlite", "postgresql"] if LONG else ["sqlite"]
_LOCK_SECONDS = 0.1  # that a writer waits for a lock at most


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """A site with many posts and thoughts in a SQLite file."""
    folder = tmp_path_factory.mktemp("filled")
    services = Services(Settings(data_dir=folder, site=SiteSettings(url="http://blog.example")))
    init(services, example=False)
    fill(services, POSTS)
    for number in range(PICTURES):
        add_picture(services, folder, f"{number}.jpg", random.Random(number).randbytes(1_000_000))
    yield services
    services.database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, filled: Services) -> Iterator[Services]:
    """The same site on each kind of database."""
    if request.param == "sqlite":
        yield filled
        return
    make: Callable[[], str] = request.getfixturevalue("new_postgres_url")
    services = Services(replace(filled.settings, database=DatabaseSettings(url=make())))
    copying.copy(filled.database, services.database)
    yield services
    services.database.close()


def started(command: str, file: Path, settings: Settings) -> subprocess.Popen[bytes]:
    environ = {"FEEDSERVER_DATA_DIR": str(settings.data_dir), "FEEDSERVER_DATABASE_URL": settings.database.url}
    return subprocess.Popen(
        [*FEEDSERVER, command, str(file)],
        env=clean_environ() | environ | {"FEEDSERVER_SITE_URL": settings.site.url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def seconds_of(command: str, file: Path, settings: Settings) -> float:
    """How long a command takes that nobody kills; roughly, where only one is going to be killed."""
    if not LONG:
        return 1.0
    begun = time.monotonic()
    assert started(command, file, settings).wait(300) == 0
    return time.monotonic() - begun


def kill_after(seconds: float, process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait(20)


@contextmanager
def somebody_writing(database: Database) -> Iterator[list[int]]:
    """Small writes, one after another; fails if one of them has to wait for a lock. Gives their number at the end."""
    stopping, begun = Event(), Event()
    numbers: list[int] = []
    failures: list[BaseException] = []

    def keep_writing() -> None:
        number = 0
        try:
            while not stopping.is_set():
                with database.write(_LOCK_SECONDS) as connection:
                    heartbeat.beat(connection, "somebody", utc_now())
                number += 1
                begun.set()
        except BaseException as error:  # noqa: BLE001 - the test fails with it
            failures.append(error)
        numbers.append(number)

    thread = Thread(target=keep_writing)
    thread.start()
    assert begun.wait(20)
    try:
        yield numbers
    finally:
        stopping.set()
        thread.join(20)
    assert failures == []


@pytest.mark.timeout(600 if LONG else 120)
def test_no_writer_waits_for_a_backup(site: Services, tmp_path: Path) -> None:
    other = Database(site.settings.database_url)

    with somebody_writing(other) as written:
        backup.to_file(site, tmp_path / "a.tar.gz", utc_now(), silent)
    other.close()

    assert written[0] > 1


@pytest.mark.timeout(900 if LONG else 120)
@pytest.mark.parametrize("site", KILLED, indirect=True)
def test_a_killed_backup_leaves_no_archive_that_is_not_whole(site: Services, tmp_path: Path) -> None:
    dice = random.Random(7)
    usual = seconds_of("backup", tmp_path / "usual.tar.gz", site.settings)

    for number in range(KILLS):
        kill_after(dice.uniform(0.2, 1) * usual, started("backup", tmp_path / f"{number}.tar.gz", site.settings))
    backup.to_file(site, tmp_path / "last.tar.gz", utc_now(), silent)
    media = media_of(site)

    left = {path.name for path in tmp_path.iterdir()}
    assert "last.tar.gz" in left
    assert {name for name in left if not name.endswith(".tar.gz")} == set()
    for name in left:
        with (tmp_path / name).open("rb") as source:
            manifest = archive.Reader(source).manifest
        backup.check(tmp_path / name, manifest, media, silent)


@pytest.mark.timeout(900 if LONG else 120)
@pytest.mark.parametrize("kind", KILLED)
def test_a_killed_restore_leaves_nothing_or_the_whole_site(
    kind: str, filled: Services, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    dice = random.Random(7)
    file = tmp_path / "a.tar.gz"
    manifest, _ = backup.to_file(filled, file, utc_now(), silent)

    def place(name: str) -> Settings:
        url = request.getfixturevalue("new_postgres_url")() if kind == "postgresql" else ""
        return replace(filled.settings, data_dir=tmp_path / name, database=DatabaseSettings(url=url))

    pictures = [(file.hash, file.name) for file in media_of(filled)]
    usual = seconds_of("restore", file, place("usual"))
    for number in range(KILLS):
        settings = place(str(number))
        kill_after(dice.uniform(0.2, 1) * usual, started("restore", file, settings))
        services = Services(settings)
        if migrate.state(services.database) == "missing":
            with file.open("rb") as source:
                restore(source, services, utc_now(), silent)
        assert rows_of(services.database) == manifest.rows["posts"] == POSTS
        assert sorted(services.media_files.names()) == pictures
        services.database.close()


def media_of(services: Services) -> list[MediaFile]:
    """The pictures and files that the database names, in order."""
    with services.database.read() as connection:
        return [MediaFile(*key, size) for key, size in sorted(store.all_files(connection).items())]


def rows_of(database: Database) -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM posts").scalar_one())
