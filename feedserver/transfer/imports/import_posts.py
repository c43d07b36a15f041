"""Writes posts and pages of an import: prepared outside transactions, written some at a time, the oldest first."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Final

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import PostError
from feedserver.posts import store
from feedserver.posts.adding import NewPost
from feedserver.posts.document import body_of
from feedserver.posts.model import IMPORT
from feedserver.posts.publishing import Publisher
from feedserver.posts.slugs import next_free
from feedserver.storage.batches import grouped
from feedserver.storage.engine import Database
from feedserver.transfer.imports import imported
from feedserver.transfer.imports.import_documents import Documents, Prepared, hash_of_document
from feedserver.transfer.imports.import_redirects import add_of_posts
from feedserver.transfer.imports.links import Links
from feedserver.transfer.imports.spool import Spool, SpooledPost
from feedserver.transfer.items import Remark

# Of one transaction: other writers come in between, and a post takes several times the memory of its text.
MOST: Final = 100  # posts
CHARACTERS: Final = 2_000_000
SECONDS: Final = 2.0  # that they are prepared


@dataclass(frozen=True, slots=True)
class _Ready:
    """A post that can be written at once."""

    post: SpooledPost
    made: Prepared

    @property
    def new(self) -> NewPost:
        item = self.post.item
        return NewPost(self.made.rendered, item.guid or None, state="deleted" if item.state == "deleted" else None)


@dataclass(frozen=True, slots=True)
class PostImport:
    """Writes the posts of a spool. `publisher` tells nobody outside."""

    database: Database
    publisher: Publisher
    clock: Clock
    spool: Spool
    links: Links
    origin: str

    @property
    def documents(self) -> Documents:
        return Documents(self.publisher, self.links)

    def run(self, tell: Callable[[int], None]) -> Counter[str]:
        """Writes all that are new; returns how many posts and pages. `tell` is told of each number that is done."""
        written: Counter[str] = Counter()
        for some in self._ready():
            number, remarks = self.database.transact(partial(self._write, some=some))
            written += number
            for remark in remarks:
                self.spool.add(remark)
            tell(len(some))
        self._adopt()
        self._complete()
        return written

    def check(self) -> None:
        """Looks for what would be left out, and writes nothing but the spool."""
        for _ in self._ready():
            pass

    def _ready(self) -> Iterator[list[_Ready]]:
        some: list[_Ready] = []
        characters, begun = 0, monotonic()
        for post in self.spool.posts():
            if not post.is_new:
                continue
            try:
                some.append(_Ready(post, self.documents.of(self.spool.whole(post), post.slug)))
            except PostError as error:
                self._leave_out(post, str(error))
            else:
                characters += len(some[-1].made.rendered.document.source)
            if some and (len(some) >= MOST or characters > CHARACTERS or monotonic() - begun > SECONDS):
                yield some
                some, characters, begun = [], 0, monotonic()
        if some:
            yield some

    def _leave_out(self, post: SpooledPost, why: str) -> None:
        self.spool.settle_post(post.number, "", is_page=post.item.page, is_new=False)
        what = post.item.title or post.item.key
        self.spool.add(Remark(treatment="left out", where=post.item.where, what=what, why=why))

    def _write(self, connection: Connection, some: Sequence[_Ready]) -> tuple[Counter[str], list[Remark]]:
        now = self.clock()
        self.publisher.revise(connection)
        known = imported.known_posts(connection, self.origin, [one.post for one in some])
        some = self._with_free_slugs(connection, [one for one in some if one.post.item.key not in known])
        if not some:
            return Counter(), []
        written = self.publisher.write(connection, [one.new for one in some], now, IMPORT)
        rows = [
            {
                "key": one.post.item.key,
                "hash": one.post.hash,
                "our_id": post.id,
                "lacking": hash_of_document(post.source) if one.made.is_lacking else None,
            }
            for one, post in zip(some, written, strict=True)
        ]
        imported.add(connection, self.origin, "post", rows, now)
        moved = [(one.post.item, post.slug) for one, post in zip(some, written, strict=True)]
        remarks = add_of_posts(connection, self.publisher.urls, self.spool, moved)
        return Counter("page" if one.post.item.page else "post" for one in some), remarks

    def _with_free_slugs(self, connection: Connection, some: Sequence[_Ready]) -> list[_Ready]:
        """The posts with other slugs in the place of those that somebody has taken meanwhile."""
        planned = {one.post.slug for one in some}
        taken = store.slug_owners(connection, planned)
        return [self._with_free_slug(connection, one, planned) if one.post.slug in taken else one for one in some]

    def _with_free_slug(self, connection: Connection, one: _Ready, planned: set[str]) -> _Ready:
        item = one.post.item
        slug = next_free(connection, one.post.slug, planned, page=item.page)
        planned.add(slug)
        made = self.documents.of(self.spool.whole(one.post), slug)
        self.spool.settle_post(one.post.number, slug, is_page=item.page, is_new=True)
        return _Ready(one.post, made)

    def _adopt(self) -> None:
        """Notes those that are here already, by their ids or their words, as what another import has brought."""
        for some in grouped(post for post in self.spool.posts() if not post.is_new and post.slug):
            self.database.transact(partial(self._adopt_some, some=some))

    def _adopt_some(self, connection: Connection, some: Sequence[SpooledPost]) -> None:
        known = imported.known(connection, self.origin, "post", [post.item.key for post in some])
        elsewhere = imported.known_posts(connection, self.origin, some)
        owners = store.guid_owners(connection, [post.item.guid for post in some if post.item.guid])
        rows = [
            {"key": key, "hash": post.hash, "our_id": elsewhere[key].our_id if key in elsewhere else owners[guid]}
            for post in some
            for key, guid in [(post.item.key, post.item.guid or "")]
            if key not in known and (key in elsewhere or guid in owners)
        ]
        imported.add(connection, self.origin, "post", rows, self.clock())

    # --- what was imported before ---

    def _complete(self) -> None:
        """Names in posts the files that could not be had before, and now are here."""
        for some in grouped(post for post in self.spool.posts() if not post.is_new and post.slug):
            with self.database.read() as connection:
                known = imported.known(connection, self.origin, "post", [post.item.key for post in some])
            for post in some:
                before = known.get(post.item.key)
                if before and before.lacking and before.our_id and (same := post.as_noted(before.hash)):
                    self._complete_post(same, before.our_id, before.lacking)

    def _complete_post(self, post: SpooledPost, post_id: int, lacking: str) -> None:
        with self.database.read() as connection:
            present = store.by_id(connection, post_id)
        if present is None or present.state == "deleted" or hash_of_document(present.source) != lacking:
            return  # edited here since
        try:
            made = self.documents.of(self.spool.whole(post), present.slug, present.updated_at)
            document = made.rendered.document
            if (document.body, document.enclosures) == (body_of(present.source), present.enclosures):
                return
            written = self.publisher.edit(present.slug, document, self.clock(), writer=IMPORT)
        except PostError:
            return
        still = hash_of_document(written.source) if made.is_lacking else None
        self.database.transact(partial(imported.note_lacking, origin=self.origin, key=post.item.key, lacking=still))
