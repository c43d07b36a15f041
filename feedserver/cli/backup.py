"""`feedserver backup`, `restore` and `resume`. What they need is imported late: servers never do."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from feedserver import settings
from feedserver.cli.arguments import Commands, counted, open_site, positive, verb
from feedserver.cli.progress import interruptible, progress
from feedserver.clock import rfc3339
from feedserver.errors import BackupError, BackupIncomplete
from feedserver.installation import require_some, upgrade
from feedserver.services import Services
from feedserver.storage import revision
from feedserver.storage.explaining import DATABASE_ERRORS, explain
from feedserver.text import strangers_line

if TYPE_CHECKING:
    from feedserver.transfer.backups.manifest import Manifest

_ABOUT_BACKUP = """The server goes on running. FILE is named when it is whole and checked. Copy it to another machine,
and try `restore` there from time to time."""
_ABOUT_RESTORE = """The place is the one of the settings: `data_dir`, and the database of `database.url`. Nothing may be
there yet. The restored site tells nobody of itself until `feedserver resume`."""


def add_commands(commands: Commands) -> None:
    make = verb(commands, "backup", _backup, "copy the whole site into one file while it runs")
    make.epilog = _ABOUT_BACKUP
    make.add_argument("file", metavar="FILE", help="a new file; - = standard output")
    make.add_argument(
        "--keep",
        metavar="N",
        type=positive,
        help="then remove the oldest backups of this site in its folder, but for N",
    )
    make.set_defaults(wrong_usage=make.error)

    back = verb(commands, "restore", _restore, "make the site of a backup in an empty place")
    back.epilog = _ABOUT_RESTORE
    back.add_argument("file", metavar="FILE", help="what `feedserver backup` has made; - = standard input")

    verb(commands, "resume", _resume, "say that a restored site is the real one from now on")


def _backup(chosen: Namespace) -> None:
    from feedserver.transfer.backups import backup

    if chosen.file == "-" and chosen.keep:
        chosen.wrong_usage("--keep: standard output has no folder of backups")
    services = Services(settings.load())
    require_some(services)
    now = services.clock()
    with interruptible(), progress() as report:
        if chosen.file == "-":
            if sys.stdout is None or sys.stdout.isatty():  # None: it is closed
                raise BackupError("a backup is nothing for a terminal; send it to a file or another program")
            try:
                _, lost = backup.to_stream(services, sys.stdout.buffer, now, report)
            except BrokenPipeError:
                raise BackupError("the program that the backup was sent to ended before it had all of it") from None
        else:
            file = Path(chosen.file)
            manifest, lost = backup.to_file(services, file, now, report)
            report.clear()
            print(f"{file}: {_what(manifest)}, {file.stat().st_size:,} bytes")
    if lost:
        raise BackupIncomplete(lost.told)
    try:
        backup.note(services.database, now)
    except DATABASE_ERRORS as error:  # a disk that fails is often read-only: the more a backup of it is worth
        print(f"feedserver: the backup is whole, but could not be noted in the site: {explain(error)}", file=sys.stderr)
    if chosen.keep:
        for path in backup.remove_oldest(file, manifest.site, chosen.keep):
            print(f"removed {path}")


def _restore(chosen: Namespace) -> None:
    from feedserver.transfer.backups.restore import restore

    services = Services(settings.load())
    with _source(chosen.file) as source, interruptible(), progress() as report:
        manifest, lost = restore(source, services, services.clock(), report)
    moment = rfc3339(manifest.made_at)
    print(f"restored {strangers_line(manifest.url, 200)} as it was at {moment}: {_what(manifest)}")
    if lost:
        print(f"what the site had lost when the backup was made is not in it: {lost.told}")
    print("what was erased after that is back: erase it again")
    print("nothing is sent to others from here until `feedserver resume` says that this is the real site")
    upgrade(services)


def _resume(_: Namespace) -> None:
    services = open_site()
    ended = services.database.transact(revision.resume)
    print("this is the real site from now on" if ended else "nothing to do: this is the real site already")


@contextmanager
def _source(name: str) -> Iterator[IO[bytes]]:
    if name != "-":
        with open(name, "rb") as file:
            yield file
    elif sys.stdin is None or sys.stdin.isatty():  # None: it is closed
        raise BackupError("a terminal is no backup; name a file")
    else:
        yield sys.stdin.buffer


def _what(manifest: "Manifest") -> str:
    rows = manifest.rows
    numbers = [counted(rows.get("posts", 0), "post or page", "posts and pages")]
    numbers.append(counted(rows.get("thoughts", 0), "thought"))
    if pictures := rows.get("media", 0):
        numbers.append(counted(pictures, "picture or file", "pictures and files"))
    return ", ".join(numbers)
