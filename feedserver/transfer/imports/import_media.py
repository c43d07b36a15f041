"""Takes in the pictures and files of an import: from the export, from a folder of the owner's, else from the old site.

One after the other; a host that fails three times in a row is not asked again, and once many have failed, no further
one is: an export may name any number of hosts, each of which takes its time. What cannot be had stays at its old
address, and is told.
"""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import IO, Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import FetchError, ImportRefused, MediaRefused
from feedserver.media import store
from feedserver.media.adding import Library
from feedserver.media.model import Media
from feedserver.net.exchange import Exchange, Request, Response
from feedserver.storage.engine import Database
from feedserver.transfer.imports import imported
from feedserver.transfer.imports.import_redirects import add_of_file
from feedserver.transfer.imports.old_addresses import tail_of
from feedserver.transfer.imports.spool import FileHere, Spool, SpooledMedia
from feedserver.transfer.items import ImportedMedia, Remark
from feedserver.transfer.source import Source
from feedserver.urls import Urls, nfc

_ADDRESSES: Final = 3  # of one file that are asked for it
_FAILURES: Final = 3  # in a row, after which a host is not asked again
_MOST_FAILING: Final = 50  # hosts whose last answer was none, after which only those that answered are asked
_LONGEST: Final = 19  # digits of a length that is read
_SECONDS: Final = 300.0  # for a whole file
_NOT_THERE: Final = "its bytes are not in the export"
NOT_HAD: Final = "it could not be had; texts name it at its old address (name a folder that has it with --media)"


class _NotHad(Exception):
    """A file cannot be had; the text says why."""


@dataclass(slots=True)
class MediaImport:
    """`folder`: the owner's, with files of the old site; `exchange` asks the old site, None: it is not asked."""

    database: Database
    library: Library
    clock: Clock
    spool: Spool
    source: Source
    folder: Source | None
    exchange: Exchange | None
    scratch: Path
    origin: str
    largest: int
    urls: Urls
    revise: Callable[[Connection], None]
    taken: int = 0
    _failures: Counter[str] = field(default_factory=Counter)
    _tails: dict[str, list[tuple[list[str], str]]] | None = None

    def run(self, tell: Callable[[int], None]) -> None:
        """Takes in all that the export tells of, which counts in `taken`. `tell` is told of each that is done."""
        for one in self.spool.media():
            self._settle(one)
            tell(1)

    def take_in(self, url: str) -> FileHere | None:
        """Takes in a file that a text names by its absolute address; None if it cannot be had."""
        name = unquote(urlsplit(url).path.rpartition("/")[2]) or "file"
        item = ImportedMedia(key=url, where=url, urls=(url,), name=name)
        stored = self._settle(SpooledMedia(item, ""))
        return FileHere(stored.path, stored.type, stored.size) if stored else None

    def _settle(self, one: SpooledMedia) -> Media | None:
        names = [name for url in one.item.urls for name in self.spool.old.keys(url)[:1]]
        stored = self._stored(one)
        self.spool.settle_media(one.item.key, names, stored)
        return stored

    def _stored(self, one: SpooledMedia) -> Media | None:
        """The file as it is here. One that was removed here since is not brought back."""
        with self.database.read() as connection:
            before = imported.known_media(connection, self.origin, [one.item]).get(one.item.key)
            if before is not None:
                return store.by_hashes(connection, [before.media or ""]).get(before.media or "")
        try:
            with self._bytes(one.item) as file:
                media = self.library.add(file, one.item.name, one.item.alt)
        except (_NotHad, MediaRefused, ImportRefused) as why:
            what = f"{one.item.name}: {why}"
            self.spool.add(Remark(treatment="left out", where=one.item.where, what=what, why=NOT_HAD))
            return None
        for remark in self.database.transact(lambda connection: self._note(connection, one, media)):
            self.spool.add(remark)
        self.taken += 1
        return media

    def _note(self, connection: Connection, one: SpooledMedia, media: Media) -> list[Remark]:
        """Notes a file as imported, with redirects from where it was; returns what is refused of these."""
        self.revise(connection)
        if imported.known(connection, self.origin, "media", [one.item.key]):
            return []
        row = {"key": one.item.key, "hash": one.hash, "media": media.hash}
        imported.add(connection, self.origin, "media", [row], self.clock())
        return add_of_file(connection, self.urls, self.spool, one.item, media.path)

    @contextmanager
    def _bytes(self, item: ImportedMedia) -> Iterator[Path]:
        """The bytes of a file, on disk. Raises _NotHad."""
        if item.file is not None:
            with self.source.on_disk(item.file) as path:
                yield path
        elif self.folder is not None and (name := self._in_folder(item)):
            with self.folder.on_disk(name) as path:
                yield path
        else:
            with tempfile.NamedTemporaryFile(dir=self.scratch, prefix="fetched-") as file:
                self._fetch_any(item, file)
                file.flush()
                yield Path(file.name)

    def _in_folder(self, item: ImportedMedia) -> str | None:
        """The file in the owner's folder whose path ends most as an address does; None where several do.

        Of addresses that fare alike the first one counts. Names from a Mac are in another Unicode form than addresses;
        of two files whose names differ in that alone the one that is written as the address counts.
        """
        assert self.folder is not None
        if self._tails is None:
            self._tails = defaultdict(list)
            for name in self.folder.names():
                tail = tail_of(f"/{name}")
                self._tails[nfc(tail[0])].append((tail, name))
        best: list[str] = []
        longest = (0, 0)
        for wanted in map(tail_of, item.urls):
            found = (
                [(_alike(tail, wanted), name) for tail, name in self._tails.get(nfc(wanted[0]), ())] if wanted else []
            )
            if (most := max(found, default=(longest, ""))[0]) > longest:
                best, longest = [name for alike, name in found if alike == most], most
        return best[0] if len(best) == 1 else None

    def _fetch_any(self, item: ImportedMedia, file: IO[bytes]) -> None:
        """Fetches a file from the first of its addresses that has it. Raises _NotHad, with what was wrong first."""
        wrong: _NotHad | None = None
        for address in item.urls[:_ADDRESSES]:
            try:
                return self._fetch(address, file)
            except _NotHad as why:
                wrong = wrong or why
                file.seek(0)
                file.truncate()
        raise wrong or _NotHad(_NOT_THERE)

    def _fetch(self, address: str, file: IO[bytes]) -> None:
        """Fetches a file from the old site, or from where that had it: some keep pictures elsewhere. Raises _NotHad."""
        url = self.spool.old.absolute(address)
        is_nowhere = url is not None and self.spool.old.url is None and self.spool.old.is_own(url)
        if self.exchange is None or url is None or is_nowhere:
            raise _NotHad(_NOT_THERE)
        host = urlsplit(url).netloc.lower()
        if self._failures[host] >= _FAILURES:
            raise _NotHad(f"{host} has failed three times in a row, and is not asked any more")
        if host not in self._failures and len(+self._failures) >= _MOST_FAILING:
            raise _NotHad(f"{_MOST_FAILING} hosts have failed, and no further one is asked")
        request = Request(url, peer="the old site", max_bytes=self.largest, into=file)
        try:
            answer = self.exchange(request, timeout=_SECONDS, wants_body=self._is_wanted)
        except FetchError as error:
            self._failures[host] += 1
            raise _NotHad(str(error)) from None
        if answer.status >= 500 or answer.body_error or answer.incomplete or answer.truncated:
            self._failures[host] += 1
        else:
            self._failures[host] = 0
        if answer.status != 200:
            raise _NotHad(f"the old site answered {answer.status}")
        if answer.truncated or not self._is_wanted(answer):
            raise _NotHad(f"it is larger than media.largest ({self.largest:,} bytes)")
        if answer.body_error or answer.incomplete:
            raise _NotHad("the old site sent a part of it alone")

    def _is_wanted(self, head: Response) -> bool:
        """Whether to read a body: of what announces that it is too large, nothing is."""
        length = head.get("Content-Length")
        announced = int(length) if length.isascii() and length.isdecimal() and len(length) < _LONGEST else 0
        return head.status == 200 and announced <= self.largest


def _alike(one: list[str], other: list[str]) -> tuple[int, int]:
    """How many segments two paths have in common at their ends, in any Unicode form, and how many of them exactly."""
    common = list(takewhile(lambda both: nfc(both[0]) == nfc(both[1]), zip(one, other, strict=False)))
    return len(common), sum(mine == theirs for mine, theirs in common)
