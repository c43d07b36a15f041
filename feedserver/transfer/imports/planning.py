"""What an import would do: which items are new, and which slug each post gets. Writes nothing but the spool."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, select

from feedserver.errors import InvalidDocument
from feedserver.posts import ids
from feedserver.posts import store as posts_store
from feedserver.storage.batches import grouped, rows_among
from feedserver.storage.schema import posts, slugs
from feedserver.transfer.imports import imported
from feedserver.transfer.imports.imported import Known
from feedserver.transfer.imports.slug_choice import SlugChoice
from feedserver.transfer.imports.spool import Spool, SpooledMedia, SpooledPost, SpooledThought
from feedserver.transfer.items import Remark

_SCHEME: Final = re.compile(r"\Ahttps?://(?:www\.)?", re.IGNORECASE)  # a site that changes them is the same
SAME_ID: Final = "a post with its id is here already; that one stays as it is"
CHANGED: Final = "it has changed there since it was imported; what is here stays as it is"


@dataclass(slots=True)
class Counts:
    """How many items of one kind are new, how many are here already, and how many of these have changed there since.

    `refused` are thoughts on pages, which take none.
    """

    new: int = 0
    known: int = 0
    changed: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        return self.new + self.known + self.refused


@dataclass(frozen=True, slots=True)
class Plan:
    """`origin` is the name under which things are known to have been imported."""

    origin: str
    posts: Counts = field(default_factory=Counts)
    pages: Counts = field(default_factory=Counts)
    thoughts: Counts = field(default_factory=Counts)
    media: Counts = field(default_factory=Counts)


def plan(connection: Connection, spool: Spool, kind: str) -> Plan:
    """Compares what is spooled with what was imported before; each post gets its slug."""
    made = Plan(f"{kind} {_SCHEME.sub('', spool.origin.name)}")
    choice = SlugChoice(set(connection.execute(select(slugs.c.slug)).scalars()))
    guids: set[str] = set()
    for some in grouped(spool.posts()):
        _plan_posts(connection, spool, made, some, choice, guids)
    _count_thoughts(connection, spool, made)
    _count_media(connection, spool, made)
    return made


def _plan_posts(
    connection: Connection,
    spool: Spool,
    made: Plan,
    some: Sequence[SpooledPost],
    choice: SlugChoice,
    guids: set[str],
) -> None:
    known = imported.known_posts(connection, made.origin, some)
    owners = posts_store.guid_owners(connection, [post.item.guid for post in some if post.item.guid])
    by_guid = {guid: owner for guid, owner in owners.items() if ids.is_iri(guid)}  # any blog may have a post “1”
    here_ids = [one.our_id for one in known.values()] + list(by_guid.values())
    slugs_here = _slugs(connection, [one for one in here_ids if one is not None])
    for post in some:
        counts = made.pages if post.item.page else made.posts
        before = known.get(post.item.key)
        here = before.our_id if before else by_guid.get(post.item.guid or "")
        if before is None and here is None:
            counts.new += 1
            if not _keeps_guid(post, guids) or post.item.guid in owners:
                spool.forget_guid(post)
            spool.settle_post(post.number, choice.choose(post.item), is_page=post.item.page, is_new=True)
            continue
        what = post.item.title or post.item.key
        _count_known(spool, counts, before, post.hashes, post.item.where, what)
        if before is None:
            spool.add(Remark(treatment="left out", where=post.item.where, what=what, why=SAME_ID))
        slug, is_page = slugs_here.get(here or 0, ("", post.item.page))
        spool.settle_post(post.number, slug, is_page=is_page, is_new=False)


def _keeps_guid(post: SpooledPost, guids: set[str]) -> bool:
    """Whether a new post can have the id that it had: a text of a sane length that no other one has."""
    if post.item.guid is None:
        return True
    try:
        guid = ids.checked(post.item.guid)
    except InvalidDocument:
        return False
    is_first = guid not in guids
    guids.add(guid)
    return is_first


def _slugs(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, bool]]:
    rows = rows_among(connection, select(posts.c.id, posts.c.slug, posts.c.page), posts.c.id, ids)
    return {row.id: (row.slug, row.page) for row in rows}


def _count_thoughts(connection: Connection, spool: Spool, made: Plan) -> None:
    for some in grouped(spool.thoughts()):
        known = imported.known_thoughts(connection, made.origin, some)
        taken = [one for one in some if one.item.key in known or not _is_on_page(spool, one)]
        made.thoughts.refused += len(some) - len(taken)
        _count(spool, made.thoughts, known, taken)


def _is_on_page(spool: Spool, thought: SpooledThought) -> bool:
    place = spool.place_by_key(thought.item.post) if thought.item.post else None
    return place is not None and place.is_page


def _count_media(connection: Connection, spool: Spool, made: Plan) -> None:
    for some in grouped(spool.media()):
        known = imported.known_media(connection, made.origin, [one.item for one in some])
        _count(spool, made.media, known, some)


def _count(
    spool: Spool, counts: Counts, known: Mapping[str, Known], some: Sequence[SpooledThought] | Sequence[SpooledMedia]
) -> None:
    for one in some:
        if (before := known.get(one.item.key)) is None:
            counts.new += 1
        else:
            _count_known(spool, counts, before, (one.hash,), one.item.where, one.item.key)


def _count_known(
    spool: Spool, counts: Counts, before: Known | None, hashes: Collection[str], where: str, what: str
) -> None:
    """`hashes` are those of what has not changed."""
    counts.known += 1
    if before is not None and before.hash not in (None, *hashes):
        counts.changed += 1
        spool.add(Remark(treatment="left out", where=where, what=what, why=CHANGED))
