"""Makes a backup while the site runs: a copy of the database, checked, and the pictures and files that it names.

The copy comes first, so that files added meanwhile are in the next backup.
"""

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Protocol

from feedserver import __version__, disk, private_files
from feedserver.errors import BackupError, BackupUnusable
from feedserver.media.stores import MediaStore
from feedserver.settings import Settings
from feedserver.storage import migrate, revision
from feedserver.storage.engine import Database
from feedserver.transfer.backups import archive, media_files, snapshot
from feedserver.transfer.backups.manifest import DATABASE, Manifest
from feedserver.transfer.backups.media_files import Lost, MediaFile
from feedserver.transfer.backups.snapshot import Contents
from feedserver.transfer.full_disk import telling_of_full_disk
from feedserver.transfer.progress import Report, metered
from feedserver.workplace import workplace


class Site(Protocol):
    """What is backed up: a database, its pictures and files, and the settings, which say where its secret may be."""

    @property
    def database(self) -> Database: ...

    @property
    def media_files(self) -> MediaStore: ...

    @property
    def settings(self) -> Settings: ...


def to_file(site: Site, file: Path, now: datetime, report: Report) -> tuple[Manifest, Lost]:
    """Makes the backup `file` (0600), which must not exist yet, on the disk when this returns.

    It is packed, read again, and only then named. Returns also which pictures and files the site has lost.
    Raises StorageError, MediaStoreError, BackupError or OSError, and then leaves nothing.
    """
    _require_new(file)
    with workplace(file.parent) as place:
        made = place / "archive"
        with telling_of_full_disk(place.parent):
            copy = _copy(site, place, report)
            manifest = _manifest(site, copy, now)
            with open(made, "wb", opener=private_files.opener) as target:
                lost = _write(target, site, copy, manifest, report)
            disk.sync(made)
            check(made, manifest, copy.contents.media, report)
        _require_new(file)
        private_files.give(made, site.settings.data_dir)
        os.rename(made, file)
    disk.sync(file.parent)
    return manifest, lost


def to_stream(site: Site, target: IO[bytes], now: datetime, report: Report) -> tuple[Manifest, Lost]:
    """Sends a backup as it is packed; only the copy of the database is among the system's temporary files.

    Raises like `to_file`: what was sent until then is no whole archive, and `restore` says so.
    """
    with workplace(Path(tempfile.gettempdir())) as place:
        with telling_of_full_disk(place.parent):
            copy = _copy(site, place, report)
        manifest = _manifest(site, copy, now)
        lost = _write(target, site, copy, manifest, report)
        target.flush()
    return manifest, lost


def note(database: Database, now: datetime) -> None:
    """Writes down when the site was backed up; an older site, which has no place for it, stays as it is."""
    if migrate.state(database) != "older":
        database.transact(partial(revision.note_backup, now=now))


def remove_oldest(made: Path, site: str, keep: int) -> list[Path]:
    """Removes all but the newest `keep` backups of this site in the folder of `made`, which is one of them and stays.

    A backup is known by its manifest, whatever its name; what cannot be read is none. Returns what was removed.
    """
    others = [path for path in made.parent.iterdir() if path.name != made.name]
    found = [(manifest.made_at, path) for path in others if (manifest := _manifest_of(path)) and manifest.site == site]
    removed = [path for _, path in sorted(found, reverse=True)[keep - 1 :]]
    for path in removed:
        path.unlink(missing_ok=True)  # by another backup meanwhile
    return removed


def _require_new(file: Path) -> None:
    if not file.parent.is_dir():
        raise BackupError(f"{file.parent}: there is no such folder")
    if os.path.lexists(file):
        raise BackupError(f"{file}: is there already; a backup needs a new name (--keep removes old ones)")


@dataclass(frozen=True, slots=True)
class _Copy:
    """The files of the secret and the database, checked."""

    secret: Path
    database: Path
    contents: Contents


def _copy(site: Site, place: Path, report: Report) -> _Copy:
    report("copying the database", 0)
    database, secret = place / DATABASE, private_files.secret(place)
    snapshot.take(site.database, database)
    report("checking the copy", 0)
    contents = snapshot.contents(database)
    with open(secret, "w", encoding="ascii", opener=private_files.opener) as file:
        file.write(contents.secret or _secret_in_file(site.settings.data_dir))
    return _Copy(secret, database, contents)


def _manifest(site: Site, copy: _Copy, now: datetime) -> Manifest:
    return Manifest(
        made_at=now.replace(microsecond=0),
        site=copy.contents.site,
        url=site.settings.site.url,
        program=__version__,
        schema=copy.contents.schema,
        rows=copy.contents.rows,
        files=(archive.member_of(copy.secret), archive.member_of(copy.database)),
        media=len(copy.contents.media),
        media_bytes=copy.contents.media_bytes,
    )


def _write(target: IO[bytes], site: Site, copy: _Copy, manifest: Manifest, report: Report) -> Lost:
    meter = metered(report, "packing", manifest.total)
    writer = archive.Writer(target, manifest)
    for member, file in zip(manifest.files, (copy.secret, copy.database), strict=True):
        writer.add_file(member, file, meter)
    writer.compress_no_more()  # most pictures cannot be compressed
    lost = media_files.write(writer, site.media_files, copy.contents.media, meter)
    writer.end()
    return lost


def check(made: Path, manifest: Manifest, media: Iterable[MediaFile], report: Report) -> None:
    """Reads a whole archive. Raises BackupUnusable unless it has this manifest, its files, and `media`."""
    meter = metered(report, "checking the backup", manifest.total)
    with made.open("rb") as source:
        reader = archive.Reader(source)
        if reader.manifest != manifest:
            raise BackupUnusable("its manifest is damaged")
        for member in manifest.files:
            for piece in reader.pieces(member):
                meter(len(piece))
        media_files.read(reader, media, meter)
        reader.end()


def _secret_in_file(data_dir: Path) -> str:
    """The secret of a site that no program has started since it is in the database too."""
    return private_files.secret(data_dir).read_text("ascii").strip()


def _manifest_of(path: Path) -> Manifest | None:
    """The manifest of a plain file, if it has one."""
    if path.is_symlink() or not path.is_file():
        return None
    try:
        with path.open("rb") as source:
            return archive.Reader(source).manifest
    except (OSError, BackupUnusable):
        return None
