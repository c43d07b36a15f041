"""Takes over an export of feedserver whole, into a site that has nothing yet: as it was, with ids, decisions, receipts.

Pictures and files come first; texts are rendered outside any transaction; the rest is written in one, so that a process
that is killed leaves a site that is still empty. What is made of posts is made anew. Nothing is sent or pushed; pings
that were accepted and not verified yet are.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from feedserver.clock import Clock
from feedserver.errors import DocumentTooLong, ImportRefused, InvalidDocument, MediaShown, MediaStoreError
from feedserver.jobs import store as jobs
from feedserver.media import store as media
from feedserver.media.adding import Library
from feedserver.media.model import Media, StoredFile
from feedserver.posts import events, recording, related, rerendering, scheduling, site_language
from feedserver.posts import revisions as posts_revisions
from feedserver.posts import store as posts
from feedserver.posts.document import MAX_BYTES, names_language
from feedserver.posts.example import EXAMPLE
from feedserver.posts.model import Rendered
from feedserver.search import index as search_index
from feedserver.storage import copying, schema, word_index
from feedserver.storage.batches import batches, grouped
from feedserver.storage.engine import Database
from feedserver.storage.schema import metadata
from feedserver.text import caseless, strangers_line
from feedserver.thoughts.verification import recheck
from feedserver.thoughts.verification.fetch_budget import budget_key
from feedserver.transfer.exports import exported
from feedserver.transfer.exports.own_files import OwnExport
from feedserver.transfer.formats.feedserver import rows_of, texts_of, thought_rows
from feedserver.transfer.imports import imported, own_rows
from feedserver.transfer.imports.spool import Spool, SpooledPost, SpooledThought
from feedserver.transfer.progress import Report
from feedserver.transfer.source import Source
from feedserver.urls import Urls

_AT_A_TIME: Final = 200  # rows of one statement
_LINE: Final = 300  # characters
_IN_MEMORY: Final = 20  # posts with their texts
_STORED: Final = ("hash", "name", "type", "size", "width", "height")  # of a file in the store
_OF_POSTS: Final = (
    *(schema.slugs, schema.post_tags, schema.post_authors, schema.enclosures, schema.listed, schema.post_media),
)
_BLANK: Final = {"html": "", "feed_html": "", "excerpt": ""}
_NOTHING: Final = Rendered("", "", "", None, frozenset())  # of a post that was erased


def is_empty(connection: Connection) -> bool:
    """Whether a site has nothing yet but, perhaps, the example that it began with."""
    found = connection.execute(select(schema.posts.c.id, schema.posts.c.source).limit(2)).all()
    has_others = len(found) > 1 or any(row.source != EXAMPLE for row in found)
    return not has_others and connection.execute(select(schema.thoughts.c.id).limit(1)).first() is None


@dataclass(frozen=True, slots=True)
class Takeover:
    """Takes over one export. `revise` counts a revision that is not pushed; `place` is a private folder; `language` is
    that of posts here that name none.

    `spool` holds what it says, as it is compared with later exports of that site, and `origin` is its name there.
    """

    database: Database
    library: Library
    urls: Urls
    language: str
    clock: Clock
    revise: Callable[[Connection], None]
    source: Source
    place: Path
    report: Report
    spool: Spool
    origin: str

    def run(self) -> dict[str, int]:
        """Returns how much of each kind was taken over. Raises ImportRefused, and then nothing is."""
        added: list[str] = []
        try:
            return self._run(OwnExport(self.source), added)
        except (ImportRefused, MediaStoreError):
            for path in added:
                with suppress(MediaShown):  # by what somebody has published meanwhile
                    self.library.remove(path, force=False)
            raise

    def _run(self, export: OwnExport, added: list[str]) -> dict[str, int]:
        pictures = self._take_media(export, added)
        with (self.place / "rendered").open("w+b") as rendered:
            written = self._render(export, rendered)
            self.report("writing", 0)
            try:
                self.database.transact(lambda connection: self._write(connection, export, rendered))
            except IntegrityError as error:
                raise ImportRefused(
                    f"what it holds does not fit together: {strangers_line(str(error.orig), _LINE)}"
                ) from None
        with self.database.read() as connection:
            thoughts = connection.execute(select(schema.thoughts.c.id)).all()
        return written | {"thought": len(thoughts), "file": pictures}

    # --- pictures and files ---

    def _take_media(self, export: OwnExport, added: list[str]) -> int:
        """Returns how many there are; those that the site had not are added to `added`, as HASH/NAME."""
        number = 0
        for where, values in export.objects(exported.MEDIA):
            row = exported.row_of(schema.media, values, where)
            copies = rows_of(schema.media_copies, values, where, media=row["hash"])
            for one in (row, *copies):
                own_rows.require_file(one, where)
            files = tuple(StoredFile(**{name: one[name] for name in _STORED}) for one in (row, *copies))
            there = [file for file in files if export.has(file.path)]  # the site had lost the others
            for file in there:
                if self.source.size(export.named(file.path)) != file.size:
                    raise ImportRefused(f"{file.path}: has another size than {exported.MEDIA} says")
            for file in there:
                with self.source.on_disk(export.named(file.path)) as path:
                    self.library.files.put(file.hash, file.name, path)
            further = {name: row[name] for name in ("given", "alt", "added_at")}
            made = Media(**{name: row[name] for name in _STORED}, **further, copies=files[1:])
            if self.database.transact(partial(_enter_new, made=made)):
                added.append(f"{made.hash}/{made.name}")
            number += 1
            self.report("taking in pictures and files", 0)
        return number

    # --- posts ---

    def _render(self, export: OwnExport, target: IO[bytes]) -> dict[str, int]:
        """Renders all posts, and writes each with its rows into a file; returns the numbers of posts and pages, as the
        plan has them: without those that were erased.
        """
        numbers = {"post": 0, "page": 0}
        for where, values in export.objects(exported.POSTS):
            row = exported.row_of(schema.posts, values, where)
            own_rows.require_post(row, where)
            post = {"post_id": row["id"]}
            shown = rows_of(schema.post_media, values, where, **post)
            enclosures = rows_of(schema.enclosures, values, where, **post)
            for enclosure in enclosures:
                own_rows.require_enclosure(enclosure, where)
            source = self._document(export, values, where)
            if source and not names_language(source):
                row["lang"] = self.language
            rendered = self._rendered(source, row, shown, where) if source else _NOTHING
            rows = {
                schema.slugs: [{"slug": slug, "post_id": row["id"]} for slug in texts_of(values, "slugs", where)],
                schema.post_tags: _named(row["id"], texts_of(values, "tags", where)),
                schema.post_authors: _named(row["id"], texts_of(values, "authors", where)),
                schema.enclosures: enclosures,
                schema.listed: rows_of(schema.listed, values, where, **post),
                schema.post_media: shown,
            }
            parts = {table.name: some for table, some in rows.items()}
            pickle.dump(_Post(row | {"source": source}, rendered, parts), target)
            numbers["page" if row["page"] else "post"] += bool(source)
            self.report("rendering posts", 0)
        target.seek(0)
        return numbers

    def _document(self, export: OwnExport, values: Mapping[str, Any], where: str) -> str:
        name = values.get("file")
        if name is None:
            return ""
        if not isinstance(name, str) or not export.has(name):
            raise ImportRefused(f"{where}: its document is missing")
        content = export.document(name)
        if len(content) > MAX_BYTES:
            raise ImportRefused(f"{name}: {DocumentTooLong()}")
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise ImportRefused(f"{name} is not UTF-8") from None

    def _rendered(
        self, source: str, row: Mapping[str, Any], shown: Iterable[Mapping[str, Any]], where: str
    ) -> Rendered:
        with self.database.read() as connection:
            found = media.by_hashes(connection, [one["media"] for one in shown])
        files = {one["reference"]: found[one["media"]] for one in shown if one["media"] in found}
        try:
            return rerendering.rendered(self.database, self.urls, source, row["lang"], files, page=row["page"])
        except InvalidDocument as error:
            raise ImportRefused(f"{where}: {error}") from None

    # --- all else, in one transaction ---

    def _write(self, connection: Connection, export: OwnExport, rendered: IO[bytes]) -> None:
        self.revise(connection)
        if not is_empty(connection):
            raise ImportRefused("somebody has published meanwhile; import again")
        _forget_example(connection)
        site = exported.row_of(schema.site, export.only(exported.SITE), exported.SITE)
        own_rows.require_site(site, exported.SITE)
        connection.execute(update(schema.site).values(site))
        site_language.take_note_back(connection, self.language)
        rendered.seek(0)
        for some in grouped(_unpickled(rendered), _AT_A_TIME):
            self._write_posts(connection, some)
        for revisions in grouped(export.objects(exported.REVISIONS), _IN_MEMORY):
            self._write_revisions(connection, revisions)
        posts_revisions.complete(connection)
        for group in grouped(thought_rows(export), _AT_A_TIME):
            self._write_thoughts(connection, group)
        for actions in grouped(export.objects(exported.ACTIONS), _AT_A_TIME):
            self._write_actions(connection, actions)
        for name, table in exported.PLAIN.items():
            for lines in grouped(export.objects(name), _AT_A_TIME):
                rows = [(where, exported.row_of(table, values, where)) for where, values in lines]
                for where, row in rows if table is schema.redirects else ():
                    own_rows.require_redirect(row, where)
                _insert(connection, table, (row for _, row in rows))
        self._note(connection)
        self._follow_posts(connection)
        for table in metadata.sorted_tables:
            copying.continue_numbering(connection, table)

    def _write_posts(self, connection: Connection, some: list["_Post"]) -> None:
        _insert(connection, schema.posts, (_BLANK | post.row for post in some))
        for post in some:
            recording.write_rendered(connection, post.row["id"], post.rendered, {})
        for table in _OF_POSTS:
            _insert(connection, table, (row for post in some for row in post.parts[table.name]))

    def _write_revisions(self, connection: Connection, some: list[tuple[str, Mapping[str, Any]]]) -> None:
        """Writes saved texts of posts; one that is not given is that of the post's document."""
        given = [(where, {**values, "source": values.get("source") or ""}) for where, values in some]
        rows = [(where, exported.row_of(schema.revisions, values, where)) for where, values in given]
        present = posts.by_ids(connection, [row["post_id"] for _, row in rows])
        for where, row in rows:
            own_rows.require_revision(row, where)
            if row["post_id"] not in present:
                raise ImportRefused(f"{where}: is of no post")
            row["source"] = row["source"] or present[row["post_id"]].source
        _insert(connection, schema.revisions, (row for _, row in rows))

    def _write_thoughts(
        self, connection: Connection, some: list[tuple[str, dict[str, Any], Mapping[str, Any]]]
    ) -> None:
        now = self.clock()
        for where, row, _ in some:
            own_rows.require_thought(row, where)
        _insert(connection, schema.thoughts, (row for _, row, _ in some))
        for table in (schema.thought_events, schema.joined_pings):
            parts = (rows_of(table, values, where, thought_id=row["id"]) for where, row, values in some)
            _insert(connection, table, (one for rows in parts for one in rows))
        for _, row, _ in some:
            if row["state"] == "received" and (key := row["source_key"]):
                jobs.ensure(connection, recheck.VERIFY, key, now, now, concurrency_key=budget_key(key))

    def _write_actions(self, connection: Connection, some: list[tuple[str, Mapping[str, Any]]]) -> None:
        rows = [(where, exported.row_of(schema.moderation_actions, values, where), values) for where, values in some]
        _insert(connection, schema.moderation_actions, (row for _, row, _ in rows))
        undo = (rows_of(schema.moderation_undo, values, where, action_id=row["id"]) for where, row, values in rows)
        _insert(connection, schema.moderation_undo, (one for parts in undo for one in parts))

    def _note(self, connection: Connection) -> None:
        """Notes all as imported: of a later export of that site only what is new is taken, what has changed is told."""
        now = self.clock()
        for posts_there in grouped(self.spool.posts()):
            ids_here = _ids_of(connection, schema.posts, [one.item.key for one in posts_there])
            rows = [_known(one, ids_here) for one in posts_there]
            imported.add(connection, self.origin, "post", rows, now)
        for thoughts_there in grouped(self.spool.thoughts()):
            ids_here = _ids_of(connection, schema.thoughts, [one.item.key for one in thoughts_there])
            rows = [_known(one, ids_here) for one in thoughts_there]
            imported.add(connection, self.origin, "thought", rows, now)
        for files in grouped(self.spool.media()):
            rows = [{"key": one.item.key, "hash": one.hash, "media": one.item.hash} for one in files]
            imported.add(connection, self.origin, "media", rows, now)
        redirects = {one.old: one.new for one in self.spool.redirects()}
        for some in grouped(redirects.items()):
            imported.add(connection, self.origin, "redirect", [{"key": old, "hash": new} for old, new in some], now)

    def _follow_posts(self, connection: Connection) -> None:
        """Has what is made of posts made: related ones, the index of search, the jobs of those that are to appear."""
        now = self.clock()
        numbers = connection.execute(select(schema.posts.c.id).order_by(schema.posts.c.id)).scalars().all()
        for some in batches(numbers, _IN_MEMORY):
            told = [events.PostEvent(post, None, None, now) for post in posts.in_order(connection, some)]
            related.follow(connection, told)
            scheduling.follow(connection, told)
            search_index.follow(connection, told)


@dataclass(frozen=True, slots=True)
class _Post:
    """A post that can be written: its row, its body, and its rows in other tables, by their names."""

    row: dict[str, Any]
    rendered: Rendered
    parts: Mapping[str, list[dict[str, Any]]]


def _unpickled(file: IO[bytes]) -> Iterator[_Post]:
    while True:
        try:
            yield pickle.load(file)  # noqa: S301 - our own
        except EOFError:
            return


def _named(post_id: int, names: list[str]) -> list[dict[str, Any]]:
    numbered = enumerate(names)
    return [{"post_id": post_id, "position": n, "name": name, "folded": caseless(name)} for n, name in numbered]


def _known(one: SpooledPost | SpooledThought, ids_here: Mapping[str, int]) -> dict[str, Any]:
    return {"key": one.item.key, "hash": one.hash, "our_id": ids_here.get(one.item.key)}


def _ids_of(connection: Connection, table: Table, guids: list[str]) -> dict[str, int]:
    query = select(table.c.guid, table.c.id)
    rows = (row for some in batches(guids) for row in connection.execute(query.where(table.c.guid.in_(some))))
    return {row.guid: row.id for row in rows}


def _enter_new(connection: Connection, made: Media) -> bool:
    """Writes a picture or file; returns whether the site had none with these bytes."""
    is_new = not media.by_hashes(connection, [made.hash])
    media.enter(connection, made)
    return is_new


def _insert(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    if some := list(rows):
        connection.execute(insert(table), some)


def _forget_example(connection: Connection) -> None:
    """Deletes the post that the site began with, and all that belongs to it."""
    word_index.clear(connection)
    for table in reversed(metadata.sorted_tables):
        if "post_id" in table.columns or table in (schema.posts, schema.terms, schema.jobs, schema.related):
            connection.execute(delete(table))
