"""Leads old addresses of an import to new ones: those of posts and files with them, then what the export redirects."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import RedirectNeedless, RedirectTaken
from feedserver.redirects import adding
from feedserver.storage.batches import grouped
from feedserver.storage.engine import Database
from feedserver.transfer.imports import imported
from feedserver.transfer.imports.old_addresses import folder_of_index, looks_like_file
from feedserver.transfer.imports.spool import Spool
from feedserver.transfer.items import ImportedMedia, ImportedPost, ImportedRedirect, Remark
from feedserver.urls import Urls, path_of, split_http

_Pair = tuple[str, str]  # an old address, and the new one

_MOST: Final = 200  # in one transaction
_NOWHERE: Final = "it leads to nothing that is here"
NOT_ADDED: Final = "an old address that cannot lead here"


def addresses_of(post: ImportedPost) -> Iterator[str]:
    """All addresses that a post had: an index page was at that of its folder too."""
    for address in (post.url, *post.addresses):
        if address:
            yield address
            if folder := folder_of_index(address):
                yield folder


def add_of_posts(
    connection: Connection, urls: Urls, spool: Spool, some: Iterable[tuple[ImportedPost, str]]
) -> list[Remark]:
    """Adds redirects from all addresses that posts had to their slugs, in the transaction that writes them.

    Returns what is refused.
    """
    wheres: dict[_Pair, str] = {}
    for post, slug in some:
        new = path_of(slug, is_page=post.page)
        for address in addresses_of(post):
            if old := spool.old.written(address):
                wheres.setdefault((old, new), post.where)
    return _remarks(wheres, adding.add_all(connection, urls, wheres))


def add_of_file(connection: Connection, urls: Urls, spool: Spool, file: ImportedMedia, path: str) -> list[Remark]:
    """The same for a picture or file, which is at `path` here. Addresses at other hosts are no old ones."""
    absolute = [url for address in file.urls if (url := spool.old.absolute(address)) and spool.old.is_own(url)]
    plain = dict.fromkeys(url.partition("?")[0] if looks_like_file(url) else url for url in absolute)
    wheres = {(old, f"/{path}"): file.where for url in plain if (old := spool.old.written(url))}
    return _remarks(wheres, adding.add_all(connection, urls, wheres))


def _remarks(wheres: Mapping[_Pair, str], refused: Iterable[adding.Refusal]) -> list[Remark]:
    """What is told of refused redirects; not of needless ones, at which the right thing is already."""
    return [
        Remark(treatment="left out", where=wheres[one.pair], what=_told(one), why=NOT_ADDED)
        for one in refused
        if not isinstance(one.error, RedirectNeedless)
    ]


def _leads_nowhere(one: ImportedRedirect) -> Remark:
    return Remark(treatment="left out", where=one.where, what=f"{one.old} → {one.new}", why=_NOWHERE)


def _told(refusal: adding.Refusal) -> str:
    said = str(refusal.error)
    return said if isinstance(refusal.error, RedirectTaken) else f"{refusal.old}: {said}"


@dataclass(frozen=True, slots=True)
class RedirectImport:
    """Adds the redirects of a spool, and those of its feeds."""

    database: Database
    revise: Callable[[Connection], None]
    clock: Clock
    spool: Spool
    urls: Urls
    origin: str

    def run(self) -> None:
        """Adds all that are new."""
        for some in grouped(self._all(), _MOST):
            for remark in self.database.transact(partial(self._write, some=some)):
                self.spool.add(remark)

    def check(self) -> None:
        """Looks for what would lead nowhere, and writes nothing but the spool."""
        for one in self._all():
            is_to_file = self.spool.file_of(self.spool.old.keys(one.new)) is not None  # which is not taken in yet
            if self.spool.old.written(one.old) is None or not (is_to_file or self._target(one.new)):
                self.spool.add(_leads_nowhere(one))

    def planned(self) -> Iterator[tuple[str, str]]:
        """All old addresses with where they are to lead, both absolute as far as that is known."""
        for one in self._all():
            if (old := self.spool.old.written(one.old)) and (new := self._target(one.new)):
                yield old, self.urls.at(new) if new.startswith("/") else new

    def _all(self) -> Iterator[ImportedRedirect]:
        for address, suffix in self.spool.origin.feeds.items():
            yield ImportedRedirect(where="a feed", old=address, new=f"/feed.{suffix}")
        yield from self.spool.redirects()

    def _write(self, connection: Connection, some: Sequence[ImportedRedirect]) -> list[Remark]:
        known = imported.known(connection, self.origin, "redirect", {one.old for one in some})
        new = {one.old: one for one in reversed(some) if one.old not in known}
        if not new:
            return []
        self.revise(connection)
        remarks: list[Remark] = []
        wheres: dict[_Pair, str] = {}
        for one in new.values():
            old, target = self.spool.old.written(one.old), self._target(one.new)
            if old is None or target is None:
                remarks.append(_leads_nowhere(one))
            else:
                wheres.setdefault((old, target), one.where)
        refused = adding.add_all(connection, self.urls, wheres)
        rows = [{"key": old, "hash": one.new} for old, one in new.items()]
        imported.add(connection, self.origin, "redirect", rows, self.clock())
        return remarks + _remarks(wheres, refused)

    def _target(self, new: str) -> str | None:
        """Where a redirect of the origin leads from here; None if that is nothing of ours."""
        names = self.spool.old.keys(new)
        if (place := self.spool.place_of(names)) is not None:
            return path_of(place.slug, is_page=place.is_page)
        if (file := self.spool.file_of(names)) is not None:
            return f"/{file.path}" if file.path else None
        if split_http(new) is not None:
            return None if self.spool.old.url and self.spool.old.is_own(new) else new
        return new if new.startswith("/") else None
