"""An import from its export to the end: read into a spool, planned, and written unless it is only to be told."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from feedserver import private_files
from feedserver.clock import Clock
from feedserver.errors import ImportDamaged, ImportRefused
from feedserver.media.adding import Library
from feedserver.net.exchange import Exchange
from feedserver.posts.publishing import Publisher
from feedserver.redirects import store
from feedserver.settings import Settings
from feedserver.storage.engine import Database
from feedserver.transfer import source
from feedserver.transfer.formats import feedserver as own_kind
from feedserver.transfer.imports import own_import, planning, spool
from feedserver.transfer.imports.import_lock import only_import
from feedserver.transfer.imports.import_media import NOT_HAD, MediaImport
from feedserver.transfer.imports.import_posts import PostImport
from feedserver.transfer.imports.import_redirects import NOT_ADDED, RedirectImport, addresses_of
from feedserver.transfer.imports.import_thoughts import DOUBLE, NO_PARENT, REMOVED, ThoughtImport
from feedserver.transfer.imports.kinds import ExportReader, kinds, reader_of
from feedserver.transfer.imports.links import Links, TakeIn
from feedserver.transfer.imports.old_pages import OldPages
from feedserver.transfer.imports.planning import Plan
from feedserver.transfer.imports.spool import Spool
from feedserver.transfer.items import Remark
from feedserver.transfer.options import Options
from feedserver.transfer.progress import Meter, Report, metered
from feedserver.transfer.source import Source
from feedserver.urls import Urls
from feedserver.workplace import workplace

# Reasons that come up only while it is written: no dry run tells them.
LATE: Final = frozenset({NOT_HAD, NOT_ADDED, DOUBLE, NO_PARENT, REMOVED})


@dataclass(frozen=True, slots=True)
class Importer:
    """Imports into one site. `publisher` tells nobody outside (`Services.quiet_publisher`)."""

    database: Database
    urls: Urls
    settings: Settings
    publisher: Publisher
    library: Library
    exchange: Exchange
    clock: Clock

    @contextmanager
    def opened(
        self, path: Path, kind: str | None, media: Path | None, report: Report, *, writes: bool = True
    ) -> Iterator["Import"]:
        """Reads and plans the import of `path`, and of the folder `media` of pictures and files, if there is one.

        One that `writes` is the only one meanwhile. Raises ImportRefused, also where another one is running.
        """
        folder = self.settings.data_dir
        private_files.make_missing(folder)
        with ExitStack() as stack, _telling_of_disk(folder):
            if writes:
                stack.enter_context(only_import(self.database))
            place = stack.enter_context(workplace(folder))
            opened = stack.enter_context(source.opened(path, place))
            files = stack.enter_context(source.opened(media, place)) if media and media.exists() else None
            if media is not None and (files is None or not files.is_folder):
                raise ImportRefused(f"--media: {media} is no folder")
            reader = _reader(opened, kind)
            held = stack.enter_context(spool.opened(place))
            report("reading", 0)
            options = Options(zone=self.settings.site.zone, now=self.clock())
            _fill(held, reader, opened, options)
            with self.database.read() as connection:
                plan = planning.plan(connection, held, reader.KIND)
                whole = reader.KIND == own_kind.KIND and own_import.is_empty(connection)
            yield Import(self, reader.KIND, held, plan, opened, files, place, report, whole)


@dataclass(frozen=True, slots=True)
class Import:
    """One import that is planned. `whole`: the export is our own, and the site empty: then it is taken over whole."""

    importer: Importer
    kind: str
    spool: Spool
    plan: Plan
    source: Source
    files: Source | None
    place: Path
    report: Report
    whole: bool

    @property
    def is_own(self) -> bool:
        """Whether it is an export of feedserver, which names the settings that are not the defaults."""
        return self.kind == own_kind.KIND

    def mended(self) -> list[Remark]:
        """What was damaged, and read with forgiveness."""
        return [remark for remark in self.spool.remarks() if remark.treatment == "mended"]

    def remarks(self) -> Iterator[Remark]:
        """What is left out or changed."""
        for remark in () if self.whole else self.spool.remarks():
            if remark.treatment != "mended":
                yield remark

    def addresses(self) -> Iterator[tuple[str, str]]:
        """All old addresses, absolute as far as the origin has one, with those to which they are to lead."""
        for post in self.spool.posts():
            new = self.importer.urls.permalink(post.slug, is_page=post.item.page)
            for old in addresses_of(post.item) if post.slug else ():
                yield (self.spool.old.absolute(old) if self.spool.old.url else None) or old, new
        yield from self._redirects().planned()

    def check(self) -> None:
        """Looks for what would be left out. Writes nothing, and asks no other site."""
        if not self.whole:
            self._posts(_nothing).check()
            self._thoughts().check()
            self._redirects().check()

    def apply(self) -> dict[str, int]:
        """Writes what is new; returns how much of each kind.

        May be stopped at any time, and goes on when it is called again for the same export.
        The import was opened to write.
        """
        if self.whole:
            return self._takeover().run()
        redirects_before = self._redirects_here()
        media = self._media()
        media.run(self._meter("taking in files", self.plan.media.total))
        posts = self._posts(media.take_in).run(self._meter("writing posts", self.plan.posts.new + self.plan.pages.new))
        thoughts = self._thoughts().run(self._meter("writing thoughts", self.plan.thoughts.total))
        self._redirects().run()
        return {
            "post": posts["post"],
            "page": posts["page"],
            "thought": thoughts,
            "file": media.taken,
            "redirect": max(0, self._redirects_here() - redirects_before),
        }

    def _redirects_here(self) -> int:
        with self.importer.database.read() as connection:
            return store.number(connection)

    def _takeover(self) -> own_import.Takeover:
        parts = self.importer
        return own_import.Takeover(
            database=parts.database,
            library=parts.library,
            urls=parts.urls,
            language=parts.settings.site.language,
            clock=parts.clock,
            revise=parts.publisher.revise,
            source=self.source,
            place=self.place,
            report=self.report,
            spool=self.spool,
            origin=self.plan.origin,
        )

    def _media(self) -> MediaImport:
        parts = self.importer
        return MediaImport(
            database=parts.database,
            library=parts.library,
            clock=parts.clock,
            spool=self.spool,
            source=self.source,
            folder=self.files,
            exchange=parts.exchange,
            scratch=self.place,
            origin=self.plan.origin,
            largest=parts.settings.media.largest,
            urls=parts.urls,
            revise=parts.publisher.revise,
        )

    def _posts(self, take_in: TakeIn) -> PostImport:
        parts, links = self.importer, Links(self.spool, take_in, self.importer.clock())
        return PostImport(parts.database, parts.publisher, parts.clock, self.spool, links, self.plan.origin)

    def _thoughts(self) -> ThoughtImport:
        parts, pages = self.importer, OldPages(self.spool, self.importer.urls)
        shared = parts.settings.moderation.shared_by_path
        return ThoughtImport(
            parts.database, parts.publisher.revise, parts.clock, self.spool, pages, self.plan.origin, parts.urls, shared
        )

    def _redirects(self) -> RedirectImport:
        parts = self.importer
        return RedirectImport(
            parts.database, parts.publisher.revise, parts.clock, self.spool, parts.urls, self.plan.origin
        )

    def _meter(self, doing: str, total: int) -> Meter:
        meter = metered(self.report, doing, total)
        meter(0)
        return meter


@contextmanager
def _telling_of_disk(folder: Path) -> Iterator[None]:
    """Translates the errors of the spool: the disk is full, or fails."""
    try:
        yield
    except sqlite3.Error as error:
        raise ImportRefused(f"{folder}: what is read cannot be kept there meanwhile: {error}") from None


def _nothing(_url: str) -> None:
    """Takes nothing in: what is only to be told asks no other site."""


def _reader(opened: Source, kind: str | None) -> ExportReader:
    """The reader of an export, as its owner says or as it is recognised. Raises ImportRefused."""
    return kinds()[kind] if kind else reader_of(opened)


def _fill(held: Spool, reader: ExportReader, opened: Source, options: Options) -> None:
    """Reads strictly; where the export is damaged, once more with forgiveness."""
    try:
        held.fill(reader.read(opened, options))
    except ImportDamaged:
        held.clear()
        held.fill(reader.read(opened, replace(options, forgiving=True)))
