"""Writes posts and pages of an import: prepared outside transactions, written some at a time, the oldest first."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Final

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import PostError
from feedserver.posts.model import Enclosure, PostState
from feedserver.posts.publishing import Publisher, RenderedDocument
from feedserver.posts.slugs import next_free
from feedserver.posts.writing import compose
from feedserver.storage.batches import grouped
from feedserver.storage.engine import Database
from feedserver.transfer import imported
from feedserver.transfer.items import ImportedPost, Remark
from feedserver.transfer.links import Links
from feedserver.transfer.planning import guid_owners
from feedserver.transfer.spool import Spool, SpooledPost

MOST: Final = 100  # posts in one transaction …
SECONDS: Final = 2.0  # … and the longest that they are prepared for it: other writers come in between


@dataclass(frozen=True, slots=True)
class _Ready:
    """A post that can be written at once."""

    post: SpooledPost
    made: RenderedDocument


@dataclass(frozen=True, slots=True)
class PostImport:
    """Writes the posts of a spool. `publisher` tells nobody outside; `revise` counts a revision that is not pushed."""

    database: Database
    publisher: Publisher
    revise: Callable[[Connection], None]
    clock: Clock
    spool: Spool
    links: Links
    origin: str

    def run(self, tell: Callable[[int], None]) -> Counter[str]:
        """Writes all that are new; returns how many posts and pages. `tell` is told of each number that is done."""
        written: Counter[str] = Counter()
        for some in self._ready():
            written += self.database.transact(partial(self._write, some=some))
            tell(len(some))
        self._adopt()
        return written

    def check(self) -> None:
        """Looks for what would be left out, and writes nothing but the spool."""
        for _ in self._ready():
            pass

    def _ready(self) -> Iterator[list[_Ready]]:
        some: list[_Ready] = []
        begun = monotonic()
        for post in self.spool.posts():
            if not post.is_new:
                continue
            try:
                some.append(_Ready(post, self._prepared(post.item, post.slug)))
            except PostError as error:
                self._leave_out(post, str(error))
            if len(some) >= MOST or (some and monotonic() - begun > SECONDS):
                yield some
                some, begun = [], monotonic()
        if some:
            yield some

    def _prepared(self, post: ImportedPost, slug: str) -> RenderedDocument:
        """The document of a post. Raises InvalidDocument."""
        text = self.links.rewritten(post)
        content = compose(
            text,
            title=post.title,
            slug=slug,
            date=post.published_at,
            updated=_updated(post),
            tags=post.tags,
            authors=post.authors,
            summary=post.summary,
            lang=post.lang,
            draft=post.state != "published",
            pings_open=post.pings_open,
            comments_open=post.comments_open,
            enclosures=[self._enclosure(file, post) for file in post.enclosures],
            page=post.page,
            menu=post.menu,
            format=post.format,
            reply_to=post.reply_to,
            like_of=post.like_of,
            repost_of=post.repost_of,
            bookmark_of=post.bookmark_of,
            imported=post.fields,
        )
        return self.publisher.render(self.publisher.read(content.encode("utf-8", "replace")))

    def _enclosure(self, file: Enclosure, post: ImportedPost) -> Enclosure:
        here = self.links.file_of(file.url, post)
        return Enclosure(f"/{here.path}", here.type, here.size) if here and here.path else file

    def _leave_out(self, post: SpooledPost, why: str) -> None:
        self.spool.settle_post(post.number, "", is_page=post.item.page, is_new=False)
        what = post.item.title or post.item.key
        self.spool.add(Remark(treatment="left out", where=post.item.where, what=what, why=why))

    def _write(self, connection: Connection, some: Sequence[_Ready]) -> Counter[str]:
        now = self.clock()
        self.revise(connection)
        known = imported.known(connection, self.origin, "post", [one.post.item.key for one in some])
        some = [one for one in some if one.post.item.key not in known]
        rows = [
            {"key": one.post.item.key, "hash": one.post.hash, "our_id": self._store(connection, one, now)}
            for one in some
        ]
        imported.add(connection, self.origin, "post", rows, now)
        return Counter("page" if one.post.item.page else "post" for one in some)

    def _store(self, connection: Connection, one: _Ready, now: datetime) -> int:
        """Stores a post, under the next free slug where somebody has taken its own meanwhile."""
        item, made = one.post.item, one.made
        slug = next_free(connection, one.post.slug, page=item.page)
        if slug != one.post.slug:
            made = self._prepared(item, slug)
            self.spool.settle_post(one.post.number, slug, is_page=item.page, is_new=True)
        state: PostState | None = "deleted" if item.state == "deleted" else None
        return self.publisher.write(connection, made, now, guid=item.guid or None, state=state).id

    def _adopt(self) -> None:
        """Notes those that are here already, by their ids, as what another import has brought."""
        for some in grouped(post for post in self.spool.posts() if not post.is_new and post.slug and post.item.guid):
            self.database.transact(partial(self._adopt_some, some=some))

    def _adopt_some(self, connection: Connection, some: Sequence[SpooledPost]) -> None:
        known = imported.known(connection, self.origin, "post", [post.item.key for post in some])
        owners = guid_owners(connection, [post.item.guid or "" for post in some])
        rows = [
            {"key": post.item.key, "hash": post.hash, "our_id": owners[post.item.guid or ""]}
            for post in some
            if post.item.key not in known and post.item.guid in owners
        ]
        imported.add(connection, self.origin, "post", rows, self.clock())


def _updated(post: ImportedPost) -> datetime | None:
    """When a post was changed, if it was after its publication."""
    if post.updated_at is None or (post.published_at is not None and post.updated_at <= post.published_at):
        return None
    return post.updated_at
