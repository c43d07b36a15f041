"""Writes a whole site as files for people: documents, pictures and files, and one JSON object a line for the rest.

The same site gives the same bytes. All is read in one snapshot of the database, written into a private folder, and put
in place at the end.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Table, and_, select, true

from feedserver import disk, private_files
from feedserver.errors import BackupError
from feedserver.media import store as media
from feedserver.media.model import HASH_DIGITS
from feedserver.posts.writing import standing_alone
from feedserver.storage import schema
from feedserver.storage.batches import grouped
from feedserver.thoughts import listing
from feedserver.thoughts.store import QUERY, thought_of
from feedserver.transfer.backups import backup
from feedserver.transfer.backups.media_files import Lost, MediaFile
from feedserver.transfer.exports import exported, settings_file
from feedserver.transfer.full_disk import telling_of_full_disk
from feedserver.transfer.progress import Meter, Report, metered, passing
from feedserver.urls import Urls
from feedserver.workplace import is_workplace, workplace

_README: Final = """An export of a site of feedserver. `feedserver import` takes it in.

posts/, pages/, bin/   documents as they were written; bin/ has those that were deleted
posts.jsonl            what else is known of each: dates, ids, former addresses
revisions.jsonl        each text that was saved of them, by whom; null is that of the document
media/, media.jsonl    pictures and files
thoughts.jsonl         comments and pings, their states and what happened to them
redirects.jsonl        old addresses, and where they lead
sent.jsonl             what other sites were told
settings.toml          settings that are not the defaults, without secrets
site.json, removed.jsonl, moderation.jsonl, host_rules.jsonl, told_posts.jsonl, imported.jsonl   the rest

Emails and the addresses of receipts are in it: site.json, thoughts.jsonl, removed.jsonl and moderation.jsonl are for
your eyes alone.
"""


class Site(backup.Site, Protocol):
    """What is exported."""

    @property
    def urls(self) -> Urls: ...


@dataclass(slots=True)
class Written:
    """What an export holds: the number of objects by file, and the pictures and files that the site has lost.

    `knows_removed`: whether what was removed here is known where the export is taken in.
    """

    counts: dict[str, int] = field(default_factory=dict)
    lost: Lost = field(default_factory=Lost)
    knows_removed: bool = True


def export(site: Site, folder: Path, report: Report) -> Written:
    """Writes the export into `folder`, which is new or empty.

    One that is there is written in, as it may be another disk than what is around it, and is not replaced.
    Raises StorageError, MediaStoreError, BackupError or OSError, and then leaves nothing.
    """
    _require_new(folder)
    is_there = folder.is_dir()
    with workplace(folder if is_there else folder.absolute().parent) as place:
        new = place / "export"
        with telling_of_full_disk(place.parent), site.database.snapshot() as connection:
            written = _Export(site, connection, new, report).write()
        for path in (new, *new.rglob("*")):
            private_files.give(path, site.settings.data_dir)
        if is_there:
            _move_entries(new, folder)
        else:
            _require_new(folder)
            os.rename(new, folder)
    return written


def _require_new(folder: Path) -> None:
    if not folder.absolute().parent.is_dir():
        raise BackupError(f"{folder.parent}: there is no such folder")
    if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir() or not _is_empty(folder)):
        raise BackupError(f"{folder}: is there already; an export needs a new folder")


def _is_empty(folder: Path) -> bool:
    """Whether nothing is in a folder but what a killed export has left, which the next one removes."""
    with os.scandir(folder) as entries:
        return all(map(is_workplace, entries))


def _move_entries(made: Path, folder: Path) -> None:
    """Moves what is in `made` into an empty folder, all of it or nothing; the files by which an export is known first.

    The manifest comes last: without it, an export that was killed meanwhile is refused by imports.
    """
    entries = sorted(os.scandir(made), key=lambda entry: (entry.name == exported.MANIFEST, entry.is_dir(), entry.name))
    with _alone_in(folder), ExitStack() as undoing:
        _require_new(folder)
        for entry in entries:
            os.rename(entry, folder / entry.name)
            undoing.callback(os.rename, folder / entry.name, entry)
        undoing.pop_all()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Has another export into the same folder wait, where the file system has locks."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class _Export:
    """One export that is being written into `folder`."""

    def __init__(self, site: Site, connection: Connection, folder: Path, report: Report) -> None:
        self._site, self._connection, self._folder, self._report = site, connection, folder, report
        self._written = Written()
        self._files: dict[str, dict[str, Any]] = {}  # the manifest's, by name

    def write(self) -> Written:
        self._folder.mkdir(mode=0o755)
        self._put("README.txt", [_README.encode()])
        self._put(exported.SETTINGS, [settings_file.written(self._site.settings).encode()])
        self._write_site()
        self._lines(exported.POSTS, self._posts())
        self._lines(exported.REVISIONS, self._revisions())
        self._lines(exported.MEDIA, self._media())
        self._lines(exported.THOUGHTS, self._thoughts())
        self._lines(exported.ACTIONS, self._actions())
        for name, table in exported.PLAIN.items():
            self._lines(name, self._rows(table, where=exported.of_others(table, self._guid)))
        manifest = {"form": exported.FORM, "site": self._guid, "url": self._site.settings.site.url}
        self._put(exported.MANIFEST, [_pretty(manifest | {"files": dict(sorted(self._files.items()))})])
        return self._written

    def _write_site(self) -> None:
        (row,) = self._rows(schema.site)
        self._guid: str = row["guid"]
        self._written.knows_removed = row["kept_key"] is not None
        self._put(exported.SITE, [exported.line(row)])

    def _posts(self) -> Iterator[dict[str, Any]]:
        parts = {
            "slugs": ("slug", schema.slugs),
            "tags": ("name", schema.post_tags),
            "authors": ("name", schema.post_authors),
        }
        for some in grouped(self._rows(schema.posts, schema.posts.c.source)):
            self._report("writing posts", 0)
            ids = [row["id"] for row in some]
            names = {
                key: _by(self._rows_of(table, ids), "post_id", _only(name)) for key, (name, table) in parts.items()
            }
            files = _by(self._rows_of(schema.enclosures, ids), "post_id", _without("post_id", "position"))
            lists = _by(self._rows_of(schema.listed, ids), "post_id", _without("post_id"))
            shown = _by(self._rows_of(schema.post_media, ids), "post_id", _without("post_id"))
            for row in some:
                post_id, source = row["id"], row.pop("source")
                own = {key: found.get(post_id, []) for key, found in names.items()}
                further = {"enclosures": files, "lists": lists, "media": shown}
                yield (
                    row
                    | {"file": self._document(row, source)}
                    | own
                    | {key: found.get(post_id, []) for key, found in further.items()}
                )

    def _document(self, row: Mapping[str, Any], source: str) -> str | None:
        """Writes the document of a post; returns the name of its file, None if it was erased."""
        if not source:
            return None
        folder = "bin" if row["state"] == "deleted" else "pages" if row["page"] else "posts"
        date = row["published_at"] if "published" in (row["state"], row["deleted_from"]) else None
        name = f"{folder}/{row['slug']}.md"
        self._put(name, [standing_alone(source, row["slug"], date).encode()])
        return name

    def _revisions(self) -> Iterator[dict[str, Any]]:
        """Each text that was saved of a post; the present one stands in its document."""
        is_present = schema.revisions.c.number == schema.posts.c.revision
        query = (
            select(
                schema.revisions,
                and_(is_present, schema.revisions.c.source == schema.posts.c.source).label("is_present"),
            )
            .join(schema.posts)
            .order_by(*schema.revisions.primary_key)
        )
        for row in self._connection.execution_options(yield_per=100).execute(query):
            values = dict(row._mapping)  # noqa: SLF001 - documented
            yield values | {"source": None} if values.pop("is_present") else values

    def _media(self) -> Iterator[dict[str, Any]]:
        copies: dict[str, list[dict[str, Any]]] = {}
        for row in self._rows(schema.media_copies):
            copies.setdefault(row.pop("media"), []).append(row)
        files = media.all_files(self._connection)
        meter = metered(self._report, "writing pictures and files", sum(files.values()))
        for (hash_, name), size in sorted(files.items()):
            self._copy(MediaFile(hash_, name, size), meter)
        for row in self._rows(schema.media):
            yield row | {"copies": copies.get(row["hash"], [])}

    def _copy(self, file: MediaFile, meter: Meter) -> None:
        """Writes a picture or file, unless the site has lost it."""
        try:
            opened = self._site.media_files.open(file.hash, file.name)
        except FileNotFoundError:
            self._written.lost.missing.append(file)
            return
        name = f"media/{file}"
        with closing(opened):
            self._put(name, passing(disk.pieces(opened), meter))
        if not self._files[name]["sha256"].startswith(file.hash[:HASH_DIGITS]):
            self._written.lost.damaged.append(file)

    def _thoughts(self) -> Iterator[dict[str, Any]]:
        table = schema.thoughts
        for some in grouped(self._rows(table)):
            self._report("writing thoughts", 0)
            ids = [row["id"] for row in some]
            query = QUERY.where(table.c.id.in_(ids))
            found = {row.id: thought_of(row) for row in self._connection.execute(query)}
            lines = _by(self._rows_of(schema.thought_events, ids), "thought_id", _without("id", "thought_id"))
            joined = _by(self._rows_of(schema.joined_pings, ids), "thought_id", _without("id", "thought_id"))
            for row in some:
                told = listing.as_json(found[row["id"]], self._site.urls, row["email"])
                stored = {name: value for name, value in row.items() if told.get(name, exported) != value}
                further = {"timeline": lines.get(row["id"], []), "joined": joined.get(row["id"], [])}
                yield told | further | {"stored": stored}

    def _actions(self) -> Iterator[dict[str, Any]]:
        before = _by(self._rows(schema.moderation_undo), "action_id", _without("action_id"))
        for row in self._rows(schema.moderation_actions):
            yield row | {"before": before.get(row["id"], [])}

    # --- rows ---

    def _rows(self, table: Table, *more: Any, where: Any = None) -> Iterator[dict[str, Any]]:
        """All rows of a table, in the order of their keys, with further columns."""
        query = (
            select(*exported.columns(table), *more)
            .where(true() if where is None else where)
            .order_by(*table.primary_key)
        )
        found = self._connection.execution_options(yield_per=100).execute(query)
        return (dict(row._mapping) for row in found)  # noqa: SLF001 - documented

    def _rows_of(self, table: Table, ids: list[int]) -> Iterator[dict[str, Any]]:
        """Those of posts, or of thoughts."""
        owner = table.c.post_id if "post_id" in table.c else table.c.thought_id
        query = select(table).where(owner.in_(ids)).order_by(owner, *table.primary_key)
        return (dict(row._mapping) for row in self._connection.execute(query))  # noqa: SLF001 - documented

    # --- files ---

    def _lines(self, name: str, objects: Iterable[Mapping[str, Any]]) -> None:
        number = 0

        def counted() -> Iterator[bytes]:
            nonlocal number
            for one in objects:
                number += 1
                yield exported.line(one)

        self._put(name, counted())
        self._written.counts[name] = number

    def _put(self, name: str, pieces: Iterable[bytes]) -> None:
        path, digest, size = self._folder / name, hashlib.sha256(), 0
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        mode = 0o600 if name in exported.PRIVATE else 0o644
        with open(path, "xb", opener=lambda path, flags: os.open(path, flags, mode)) as file:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                file.write(piece)
        if name != exported.MANIFEST:
            self._files[name] = {"size": size, "sha256": digest.hexdigest()}


def _pretty(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode()


def _only(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda row: row[name]


def _without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda row: {name: value for name, value in row.items() if name not in names}


def _by(rows: Iterable[dict[str, Any]], owner: str, part: Callable[[dict[str, Any]], Any]) -> dict[int, list[Any]]:
    """A part of each row, by whom the rows belong to."""
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row[owner], []).append(part(row))
    return found
