"""Makes a backup while the site runs: a copy of the database, checked, packed, read again, and only then named."""

import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import IO

from feedserver import __version__, private_files
from feedserver.errors import BackupError, BackupUnusable
from feedserver.settings import Settings
from feedserver.storage.engine import Database
from feedserver.transfer import archive, snapshot
from feedserver.transfer.manifest import DATABASE, Manifest
from feedserver.transfer.progress import Report, metered
from feedserver.transfer.workplace import telling_of_full_disk, workplace


def to_file(database: Database, settings: Settings, file: Path, now: datetime, report: Report) -> Manifest:
    """Makes the backup `file` (0600), which must not exist yet, on the disk when this returns.

    Raises StorageError, BackupError or OSError, and then leaves nothing.
    """
    _require_new(file)
    with workplace(file.parent) as place:
        with telling_of_full_disk(place.parent):
            made, manifest = _make(database, settings, place, now, report)
        _require_new(file)
        private_files.give(made, settings.data_dir)
        os.rename(made, file)
    snapshot.sync(file.parent)
    return manifest


def to_stream(database: Database, settings: Settings, target: IO[bytes], now: datetime, report: Report) -> Manifest:
    """Makes a backup among the system's temporary files, and sends it once it is checked. Raises like `to_file`."""
    with workplace(Path(tempfile.gettempdir())) as place:
        with telling_of_full_disk(place.parent):
            made, manifest = _make(database, settings, place, now, report)
        with made.open("rb") as ready:
            shutil.copyfileobj(ready, target)
        target.flush()
    return manifest


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


def _make(database: Database, settings: Settings, place: Path, now: datetime, report: Report) -> tuple[Path, Manifest]:
    """Writes a checked archive into `place`."""
    report("copying the database", 0)
    copy, secret, made = place / DATABASE, private_files.secret(place), place / "archive"
    snapshot.take(database, copy)
    report("checking the copy", 0)
    contents = snapshot.contents(copy)
    with open(secret, "w", encoding="ascii", opener=private_files.opener) as file:
        file.write(contents.secret or _secret_in_file(settings.data_dir))
    manifest = Manifest(
        made_at=now.replace(microsecond=0),
        site=contents.site,
        url=settings.site.url,
        program=__version__,
        schema=contents.schema,
        rows=contents.rows,
        files=(archive.member_of(secret), archive.member_of(copy)),
    )
    total = sum(member.size for member in manifest.files)
    with open(made, "wb", opener=private_files.opener) as target:
        archive.write(target, manifest, (secret, copy), metered(report, "packing", total))
    snapshot.sync(made)
    with made.open("rb") as source:
        archive.check(source, manifest, metered(report, "checking the backup", total))
    return made, manifest


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
