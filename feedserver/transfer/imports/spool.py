"""What an export holds, in a scratch database: so all of it is known before any of it is written, in the order in which
it is to be written, whatever its size.

Of two items with one key the first counts. Posts come by their date, thoughts too, each after the one that it answers.
"""

import hashlib
import pickle
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from feedserver.errors import ImportRefused
from feedserver.media.model import StoredFile
from feedserver.posts.document import MAX_BYTES
from feedserver.thoughts.comments import MAX_LENGTH
from feedserver.transfer.imports.old_addresses import OldSite
from feedserver.transfer.items import (
    ImportedMedia,
    ImportedPost,
    ImportedRedirect,
    ImportedThought,
    Item,
    Origin,
    Remark,
)
from feedserver.urls import split_http

_SCHEMA: Final = """
CREATE TABLE post (
    n INTEGER PRIMARY KEY, key TEXT UNIQUE, at REAL, hash TEXT, earlier TEXT, data BLOB, text TEXT,
    slug TEXT, page INTEGER, is_new INTEGER, seen_from REAL
);
CREATE TABLE thought (n INTEGER PRIMARY KEY, key TEXT UNIQUE, at REAL, parent TEXT, hash TEXT, data BLOB);
CREATE TABLE media (n INTEGER PRIMARY KEY, key TEXT UNIQUE, hash TEXT, data BLOB);
CREATE TABLE redirect (n INTEGER PRIMARY KEY, data BLOB);
CREATE TABLE remark (n INTEGER PRIMARY KEY, treatment TEXT, place TEXT, what TEXT, why TEXT);
CREATE TABLE address (name TEXT PRIMARY KEY, post INTEGER) WITHOUT ROWID;
CREATE TABLE file (name TEXT PRIMARY KEY, media TEXT, path TEXT, type TEXT, size INTEGER) WITHOUT ROWID;
"""
_UNDATED: Final = float("inf")
_DOUBLE: Final = "something before it has the same id"
_BEGINNING: Final = 1_000  # characters of a text
_TOO_LONG: Final = "its text is over 1 MiB"
_NEW_ID: Final = "it gets a new id: the one that it had is that of another post, or too long"
_CUT: Final = "its text is cut: a comment has at most 10,000 characters"
MAX_COMMENT: Final = MAX_LENGTH["comment"]


@dataclass(frozen=True, slots=True)
class SpooledPost:
    """A post of the export, with the beginning of its text (`Spool.whole` has all of it).

    `hash` is of its content, `earlier` are those that the same export gave before a date in it had come; `slug` is the
    one that it has or is to have, "" if none.
    """

    number: int
    item: ImportedPost
    hash: str
    earlier: tuple[str, ...]
    slug: str
    is_new: bool

    @property
    def hashes(self) -> tuple[str, ...]:
        """All that its content may have been noted with if it has not changed."""
        return (self.hash, *self.earlier)

    def as_noted(self, digest: str | None) -> "SpooledPost | None":
        """The post as it was when its content was noted with this hash; None if it has changed since."""
        was = dict(zip(self.earlier, self.item.earlier, strict=True)).get(digest or "")
        if was is not None:
            return replace(self, item=replace(self.item, state=was[0], published_at=was[1]))
        return self if digest == self.hash else None


@dataclass(frozen=True, slots=True)
class SpooledThought:
    item: ImportedThought
    hash: str


@dataclass(frozen=True, slots=True)
class SpooledMedia:
    item: ImportedMedia
    hash: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address of the origin leads here."""

    slug: str
    is_page: bool
    seen_from: float  # POSIX time from which readers see it; infinite of a draft, or a deleted post


@dataclass(frozen=True, slots=True)
class FileHere:
    """A file that texts of the export name. `path` is relative to the site; "" if it is not here."""

    path: str
    type: str
    size: int


@contextmanager
def opened(folder: Path) -> Iterator["Spool"]:
    """An empty spool, in a file of a private folder."""
    with closing(sqlite3.connect(folder / "spool.sqlite3", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=OFF")
        database.execute("PRAGMA synchronous=OFF")
        yield Spool(database)


class Spool:
    """The items of one export. `origin` is set once they are read."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.origin = Origin(name="")
        self.old = OldSite(None)
        database.executescript(_SCHEMA)

    # --- filling ---

    def fill(self, items: Iterable[Item]) -> None:
        """Takes all items. Raises what reading them raises, and ImportRefused for an export without an origin."""
        iterator = iter(items)
        origin = next(iterator, None)
        if not isinstance(origin, Origin):
            raise ImportRefused("it says nothing of where it comes from")
        self.origin, self.old = origin, OldSite(origin.url)
        for item in iterator:
            self.add(item)

    def clear(self) -> None:
        for table in ("post", "thought", "media", "redirect", "remark", "address", "file"):
            self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - our own words

    def add(self, item: Item) -> None:
        match item:
            case ImportedPost() if len(item.text) > MAX_BYTES:
                self.add(Remark(treatment="left out", where=item.where, what=item.title or item.key, why=_TOO_LONG))
            case ImportedPost():
                at = item.published_at or item.updated_at
                self._add(item, "post", at=at.timestamp() if at else _UNDATED, seen_from=_seen_from(item))
            case ImportedThought() if len(item.text) > MAX_COMMENT:
                self.add(Remark(treatment="changed", where=item.where, what=item.key, why=_CUT))
                self.add(replace(item, text=item.text[:MAX_COMMENT]))
            case ImportedThought():
                self._add(item, "thought", at=item.at.timestamp(), parent=item.parent)
            case ImportedMedia():
                self._add(item, "media")
            case ImportedRedirect():
                self._database.execute("INSERT INTO redirect (data) VALUES (?)", (pickle.dumps(item),))
            case Remark():
                row = (item.treatment, item.where, item.what, item.why)
                self._run("INSERT INTO remark (treatment, place, what, why) VALUES (?, ?, ?, ?)", *row)

    def _add(self, item: ImportedPost | ImportedThought | ImportedMedia, table: str, **columns: Any) -> None:
        kept = item
        if isinstance(item, ImportedPost):
            columns["text"] = item.text
            were = (replace(item, state=state, published_at=at) for state, at in item.earlier)
            columns["earlier"] = " ".join(map(hash_of, were))
            kept = replace(item, text=item.text[:_BEGINNING])
        values = {"key": item.key, "hash": hash_of(item), "data": pickle.dumps(kept), **columns}
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        try:
            added = self._run(f"INSERT INTO {table} ({names}) VALUES ({marks})", *values.values())  # noqa: S608 - our own words
        except sqlite3.IntegrityError:
            self.add(Remark(treatment="left out", where=item.where, what=item.key, why=_DOUBLE))
            return
        if isinstance(item, ImportedPost):
            guid = [item.guid] if item.guid and split_http(item.guid) and self.old.is_own(item.guid) else []
            for address in (item.url, *item.addresses, *guid):
                self._name("address", "post", address, added.lastrowid)
        elif isinstance(item, ImportedMedia):
            for address in item.urls:
                self._name("file", "media", address, item.key)

    def _name(self, table: str, column: str, address: str | None, what: object) -> None:
        for name in self.old.keys(address)[:1] if address else ():
            self._run(f"INSERT OR IGNORE INTO {table} (name, {column}) VALUES (?, ?)", name, what)  # noqa: S608 - our own words

    def _run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Runs a statement. SQLite takes no lone surrogates, which JSON may hold."""
        return self._database.execute(
            statement,
            [value.encode("utf-8", "replace").decode() if isinstance(value, str) else value for value in values],
        )

    # --- reading ---

    def whole(self, post: SpooledPost) -> ImportedPost:
        """A post with its whole text."""
        row = self._database.execute("SELECT text FROM post WHERE n = ?", (post.number,)).fetchone()
        return replace(post.item, text=row[0])

    def posts(self) -> Iterator[SpooledPost]:
        """All posts, the oldest first, those without a date last; of the texts the beginnings: many fit in memory."""
        for number in self._numbers("SELECT n FROM post ORDER BY at, n"):
            query = "SELECT data, hash, earlier, slug, is_new FROM post WHERE n = ?"
            data, digest, earlier, slug, is_new = self._database.execute(query, (number,)).fetchone()
            item = pickle.loads(data)  # noqa: S301 - our own
            yield SpooledPost(number, item, digest, tuple(earlier.split()), slug or "", bool(is_new))

    def thoughts(self) -> Iterator[SpooledThought]:
        """All thoughts, the oldest first, but each after the one that it answers."""
        given: set[int] = set()
        for number in self._numbers("SELECT n FROM thought ORDER BY at, n"):
            chain: list[int] = []
            following: int | None = number
            while following is not None and following not in given:
                given.add(following)
                chain.append(following)
                following = self._parent(following)
            for one in reversed(chain):
                row = self._database.execute("SELECT data, hash FROM thought WHERE n = ?", (one,)).fetchone()
                yield SpooledThought(pickle.loads(row[0]), row[1])  # noqa: S301 - our own

    def _parent(self, number: int) -> int | None:
        query = "SELECT above.n FROM thought JOIN thought AS above ON above.key = thought.parent WHERE thought.n = ?"
        row = self._database.execute(query, (number,)).fetchone()
        return row[0] if row else None

    def media(self) -> Iterator[SpooledMedia]:
        for data, digest in self._database.execute("SELECT data, hash FROM media ORDER BY n").fetchall():
            yield SpooledMedia(pickle.loads(data), digest)  # noqa: S301 - our own

    def redirects(self) -> Iterator[ImportedRedirect]:
        for number in self._numbers("SELECT n FROM redirect ORDER BY n"):
            row = self._database.execute("SELECT data FROM redirect WHERE n = ?", (number,)).fetchone()
            yield pickle.loads(row[0])  # noqa: S301 - our own

    def remarks(self) -> Iterator[Remark]:
        """All remarks, those with the same reason together, in the order in which reasons came first."""
        query = "SELECT treatment, place, what, why FROM remark JOIN (SELECT min(n) AS first, treatment AS t, why AS w"
        query += " FROM remark GROUP BY treatment, why) ON t = treatment AND w = why ORDER BY first, n"
        for treatment, place, what, why in self._database.execute(query):
            yield Remark(treatment=treatment, where=place, what=what, why=why)

    def _numbers(self, query: str) -> list[int]:
        return [row[0] for row in self._database.execute(query)]

    # --- what is planned ---

    def settle_post(self, number: int, slug: str, *, is_page: bool, is_new: bool) -> None:
        """Notes the slug under which a post is or will be."""
        values = (slug, is_page, is_new, number)
        self._database.execute("UPDATE post SET slug = ?, page = ?, is_new = ? WHERE n = ?", values)

    def forget_guid(self, post: SpooledPost) -> None:
        """Has a post get an id of its own."""
        data = pickle.dumps(replace(post.item, guid=None))
        self._database.execute("UPDATE post SET data = ? WHERE n = ?", (data, post.number))
        what = post.item.title or post.item.key
        self.add(Remark(treatment="changed", where=post.item.where, what=what, why=_NEW_ID))

    def settle_media(self, key: str, names: Sequence[str], stored: StoredFile | None) -> None:
        """Notes which file of ours is meant by a key of the export, or by further names; None: it cannot be had."""
        for name in names:
            self._run("INSERT OR IGNORE INTO file (name, media) VALUES (?, ?)", name, key)
        values = (stored.path, stored.type, stored.size) if stored else (None, None, None)
        self._run("UPDATE file SET path = ?, type = ?, size = ? WHERE media = ?", *values, key)

    def place_by_key(self, key: str) -> Place | None:
        """Where a post is, or will be."""
        query = "SELECT slug, page, seen_from FROM post WHERE key = ? AND slug <> ''"
        row = self._run(query, key).fetchone()
        return Place(row[0], bool(row[1]), row[2]) if row else None

    def place_of(self, names: Iterable[str]) -> Place | None:
        """Where the post is that has one of these names (`OldSite.keys`)."""
        query = "SELECT slug, page, seen_from FROM address JOIN post ON n = post WHERE name = ? AND slug <> ''"
        for name in names:
            if row := self._run(query, name).fetchone():
                return Place(row[0], bool(row[1]), row[2])
        return None

    def file_of(self, names: Iterable[str]) -> FileHere | None:
        """The file that has one of these names; None if the export knows of none."""
        query = "SELECT path, type, size FROM file WHERE name = ?"
        for name in names:
            if row := self._run(query, name).fetchone():
                return FileHere(row[0] or "", row[1] or "", row[2] or 0)
        return None


def _seen_from(post: ImportedPost) -> float:
    if post.state != "published":
        return _UNDATED
    return post.published_at.timestamp() if post.published_at else 0


def hash_of(item: ImportedPost | ImportedThought | ImportedMedia) -> str:
    """A hash of what an item says. Where it stands in the export, and what it was, does not matter."""
    said = [(one.name, getattr(item, one.name)) for one in fields(item) if one.name not in ("where", "file", "earlier")]
    defaults = {one.name: one.default for one in fields(item)}
    told = [(name, value) for name, value in said if defaults[name] is MISSING or value != defaults[name]]
    return hashlib.sha256(repr(told).encode("utf-8", "replace")).hexdigest()[:32]
