"""Takes pictures and files in, and out again: their bytes into the store first, then their rows.

A process that is killed between the two leaves files that no row names, which do no harm; `auditing` finds them.
"""

import hashlib
import stat
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path

from sqlalchemy import Connection

from feedserver import private_files
from feedserver.clock import Clock
from feedserver.errors import MediaAmbiguous, MediaNotFound, MediaShown
from feedserver.media import store
from feedserver.media.model import HASH_DIGITS, Media, StoredFile, is_hash
from feedserver.media.stores import MediaStore
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.workplace import workplace


@dataclass(frozen=True, slots=True)
class Library:
    """The pictures and files of one site. `largest` is in bytes; `workplace` is a folder for what is being made."""

    database: Database
    files: MediaStore
    largest: int
    workplace: Path
    clock: Clock

    def add(self, file: Path, name: str, alt: str = "") -> Media:
        """Adds a file, which stays where it is, under a clean form of `name`; the same bytes twice are one.

        What is there already keeps its name, and its alternative text if it has one. Raises MediaRefused,
        MediaStoreError.
        """
        kept = self.keep(file, name, alt)
        return self.database.transact(lambda connection: store.enter(connection, kept))

    def keep_all(self, files: Mapping[str, Path]) -> dict[str, Media]:
        """The first half of `add` for several files, by the same keys; those with the same bytes are one."""
        kept: dict[str, Media] = {}
        for key, path in files.items():
            kept[key] = self.keep(path, path.name, among=kept.values())
        return kept

    def keep(self, file: Path, name: str, alt: str = "", among: Collection[Media] = ()) -> Media:
        """The first half of `add`: stores the bytes. `store.enter` is the second one. Raises like `add`.

        `among`: those that are kept and have no rows yet.
        """
        from feedserver.media.pictures import take  # late: readers' requests need none of it

        if known := self._known(file, among):
            return replace(known, alt=known.alt or alt)
        private_files.make_missing(self.workplace)
        with workplace(self.workplace) as place:
            taken = take(file, name, place, largest=self.largest, turns=self.workplace)
            copies = tuple(copy.stored for copy in taken.copies)
            main = taken.main.stored
            made = Media(
                **{item.name: getattr(main, item.name) for item in fields(main)},
                given=taken.given,
                alt=alt,
                added_at=self.clock().replace(microsecond=0),
                copies=copies,
            )
            with self.database.read() as connection:
                same = ({one.hash: one for one in among} | store.by_hashes(connection, [made.hash])).get(
                    made.hash, made
                )
            names = {one.hash: one.name for one in (*same.copies, same)}  # a row that is there stays
            for one in (*taken.copies, taken.main):
                self.files.put(one.stored.hash, names.get(one.stored.hash, one.stored.name), one.file)
        return made

    def describe(self, found: Media, alt: str) -> Media:
        """Gives a picture or file another alternative text, for texts that are rendered from now on."""
        return self.database.transact(lambda connection: store.describe(connection, found, alt))

    def remove(self, name: str, *, force: bool) -> str:
        """Removes what is called `name`, or HASH/NAME, also a file that no row names; returns its path.

        `force`: also what posts and pages show. Raises MediaNotFound, MediaAmbiguous, MediaShown, MediaStoreError.
        """

        def operation(connection: Connection) -> tuple[StoredFile, list[StoredFile]] | None:
            revision.revise(connection)
            found = store.called(connection, name)
            if not found:
                return None
            if len(found) > 1:
                raise MediaAmbiguous(name, [one.path.removeprefix("media/") for one in found])
            removed = found[0]
            if not force and (slugs := store.slugs_of(connection, removed.hash)):
                raise MediaShown(removed.name, slugs)
            store.remove(connection, removed.hash)
            return removed, store.unnamed(connection, [removed, *removed.copies])

        if (done := self.database.transact(operation)) is None:
            return self._remove_unnamed(name)
        removed, files = done
        for file in files:
            self.files.remove(file.hash, file.name)
        return removed.path

    def _remove_unnamed(self, path: str) -> str:
        """Removes the file HASH/NAME, which no row names."""
        hash_, _, name = path.partition("/")
        with self.database.read() as connection:
            is_named = any(file.name == name for file in store.files_of(connection, hash_))
        if is_named or not is_hash(hash_) or self.files.size(hash_, name) is None:
            raise MediaNotFound(path)
        self.files.remove(hash_, name)
        return f"media/{path}"

    def _known(self, file: Path, among: Collection[Media]) -> Media | None:
        """What was made of the same bytes before. What cannot be read is refused later."""
        with suppress(OSError):
            found = file.stat()
            if not stat.S_ISREG(found.st_mode) or found.st_size > self.largest:
                return None
            with file.open("rb") as opened:
                given = hashlib.file_digest(opened, "sha256").hexdigest()[:HASH_DIGITS]
            with self.database.read() as connection:
                known = store.by_given(connection, given) or next((one for one in among if one.given == given), None)
            return known if known is not None and self._has(known) else None
        return None

    def _has(self, media: Media) -> bool:
        return all(self.files.size(one.hash, one.name) == one.size for one in (media, *media.copies))
