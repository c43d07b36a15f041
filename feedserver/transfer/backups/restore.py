"""Restores a backup into an empty place. All is checked and made ready in a private folder, then put in place at once.

A process that is killed has put nothing or the whole site in place.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import inspect, select
from sqlalchemy.exc import DBAPIError, StatementError

from feedserver import disk, private_files
from feedserver.errors import BackupError, BackupUnusable
from feedserver.jobs import store as jobs
from feedserver.storage import conformity, copying, heartbeat, migrate, revision
from feedserver.storage.engine import Database
from feedserver.storage.schema import site
from feedserver.text import strangers_line
from feedserver.transfer.backups import media_files, snapshot
from feedserver.transfer.backups.archive import Reader
from feedserver.transfer.backups.backup import Site
from feedserver.transfer.backups.manifest import DATABASE, Manifest
from feedserver.transfer.backups.media_files import Lost, MediaFile
from feedserver.transfer.full_disk import telling_of_full_disk
from feedserver.transfer.progress import Report, metered
from feedserver.workplace import workplace

_LARGEST_SECRET = 1000  # bytes
_COMPANIONS = ("-wal", "-shm", "-journal")


def restore(source: IO[bytes], to: Site, now: datetime, report: Report) -> tuple[Manifest, Lost]:
    """Restores the site of the archive `source` at the place `to`, migrated and marked as restored `now`.

    Pictures and files are put into the store first: the site is there when its database is. The data directory gets
    nothing else but is looked at: the site's next start writes its secret there. Returns also what the backup lacks.
    Raises BackupError, StorageError or MediaStoreError, and then leaves nothing.
    """
    database, data_dir = to.database, to.settings.data_dir
    require_empty(database, data_dir)
    folder = data_dir if database.file is None else database.file.parent
    with _existing(data_dir, folder), workplace(folder) as place:
        with telling_of_full_disk(folder):
            unpacked = _unpack(Reader(source), place, report)
            report("putting it in place", 0)
            _prepare(place, unpacked.manifest.made_at, now)
        with media_files.stored(to.media_files, unpacked.media):
            _put(place / DATABASE, database)
    return unpacked.manifest, unpacked.lost


def require_empty(database: Database, data_dir: Path) -> None:
    """Raises BackupError, which says what is there, unless a site can be restored here."""
    _require_nothing(private_files.secret(data_dir))
    if database.file is not None:
        _require_no_file(database.file)
        return
    with database.read() as connection:
        if inspect(connection).has_table(site.name) and connection.execute(select(site.c.id)).first():
            raise BackupError(f"{database.called}: the database holds a site already; restore into an empty one")


def _require_nothing(file: Path) -> None:
    if os.path.lexists(file):
        raise BackupError(f"{file}: a site is or was here; restore into an empty place, or move it away first")


def _require_no_file(file: Path) -> None:
    _require_nothing(file)
    for ending in _COMPANIONS:
        if (left := Path(f"{file}{ending}")).exists():
            # SQLite would take what it holds for the restored database's last changes, and ruin that.
            raise BackupError(f"{left}: is left of another database; end what still uses it, and move it away")


@contextmanager
def _existing(data_dir: Path, folder: Path) -> Iterator[None]:
    """Makes `data_dir` and the database's folder; after an exception those that are new go again.

    Raises StorageError for a `data_dir` that no site may have.
    """
    new = [path for made in (data_dir, folder) for path in (made, *made.parents) if not path.exists()]
    private_files.make_folder(data_dir)
    private_files.make_missing(folder)
    try:
        yield
    except BaseException:
        for path in new:
            with suppress(OSError):
                path.rmdir()
        raise


@dataclass(frozen=True, slots=True)
class _Unpacked:
    """An archive whose files are in a folder, checked: `media` are pictures and files, each with its path there."""

    manifest: Manifest
    media: Sequence[tuple[MediaFile, Path]]
    lost: Lost


def _unpack(reader: Reader, place: Path, report: Report) -> _Unpacked:
    """Writes the files of the archive into `place`, and checks them."""
    manifest = reader.manifest
    expected = [private_files.secret(place).name, DATABASE]
    if [member.name for member in manifest.files] != expected or manifest.files[0].size > _LARGEST_SECRET:
        raise BackupUnusable("it holds other files than a secret and a database")
    if manifest.schema > migrate.head():
        newer = strangers_line(f"{manifest.program}, schema {manifest.schema}", 40)
        raise BackupUnusable(f"it is of a newer feedserver ({newer}); install that one")
    if shutil.disk_usage(place).free < manifest.total:
        raise BackupError(
            f"{place.parent}: the restored site takes {manifest.total:,} bytes; there are not so many free"
        )
    meter = metered(report, "unpacking", manifest.total)
    for member in manifest.files:
        with open(place / member.name, "wb", opener=private_files.opener) as file:
            for piece in reader.pieces(member):
                file.write(piece)
                meter(len(piece))
    found = snapshot.contents(place / DATABASE)  # before the rest: it says what that is
    if (found.schema, found.site, found.rows) != (manifest.schema, manifest.site, manifest.rows):
        raise BackupUnusable("its database is another one than its manifest says")
    if (len(found.media), found.media_bytes) != (manifest.media, manifest.media_bytes):
        raise BackupUnusable("its database names other pictures and files than its manifest says")
    media, lost = media_files.unpack(reader, found.media, place, meter)
    reader.end()
    return _Unpacked(manifest, media, lost)


def _prepare(place: Path, made_at: datetime, now: datetime) -> None:
    """Migrates the unpacked database of a backup, and makes it that of a restored site."""
    secret = private_files.secret(place).read_text("utf-8", "replace").strip()
    with snapshot.opened(place / DATABASE) as copy:
        with migrate.exclusive(copy):
            migrate.upgrade(copy)
        with copy.write() as connection:
            if lacks := conformity.obstacles(connection) + conformity.missing_triggers(connection):
                raise BackupUnusable(f"its database is damaged, or not feedserver's ({strangers_line(lacks[0], 200)})")
            revision.agree_on_secret(connection, secret)
            revision.mark_restored(connection, now)
            revision.note_backup(connection, made_at)
            jobs.free_all(connection)
            heartbeat.forget_all(connection)


def _put(copy: Path, database: Database) -> None:
    if database.file is None:
        with snapshot.opened(copy) as source, _telling_of_odd_values():
            copying.copy(source, database)
        return
    with migrate.exclusive_path(database.file):
        _require_no_file(database.file)
        os.rename(copy, database.file)
        private_files.take_database_from_others(database.file)
    disk.sync(database.file.parent)


@contextmanager
def _telling_of_odd_values() -> Iterator[None]:
    """Raises BackupUnusable for values that no type of ours can be: SQLite takes any in any column."""
    try:
        yield
    except DBAPIError:
        raise  # the database that is written to says what is wrong
    except (StatementError, ValueError, TypeError) as error:
        said = strangers_line(str(error.orig if isinstance(error, StatementError) else error), 200)
        raise BackupUnusable(f"its database holds what feedserver never stores ({said})") from None
