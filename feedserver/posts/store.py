"""The SQL that finds posts; `recording` writes them. All of it runs in the transaction of the caller's connection."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Row, Table, and_, func, select, union_all

from feedserver.errors import PageFound, PostGone, PostNotFound
from feedserver.posts.model import (
    EVERYTHING,
    PAGES,
    Enclosure,
    Ids,
    Listing,
    Post,
    PostState,
    PostSummary,
)
from feedserver.storage import schema
from feedserver.storage.batches import batches, rows_among
from feedserver.storage.schema import listed, post_authors, post_tags, posts, slugs
from feedserver.urls import nfc

_UNPUBLISHED = [state for state in get_args(PostState) if state != "published"]
_SUMMARY = [posts.c[name] for name in ("id", "guid", "slug", "title", "state", "published_at", "updated_at", "page")]
_OF_A_POST = [column for column in posts.c if column.name not in ("rendering", "deleted_from")]


def by_slug(connection: Connection, slug: str) -> Post | None:
    """The post that has or had `slug`; if it differs from the post's `slug`, it is a former one."""
    query = select(*_OF_A_POST).join(slugs, slugs.c.post_id == posts.c.id).where(slugs.c.slug == nfc(slug))
    return _first(connection, query)


def readable(connection: Connection, slug: str, now: datetime, *, is_page: bool = False) -> Post:
    """The post, or the page, with this slug, present or former.

    Raises PostNotFound if readers cannot see it, PostGone if it is deleted, or was public and is a draft again;
    PageFound if a page was asked for as a post.
    """
    post = by_slug(connection, slug)
    if post is None or post.page != is_page:
        raise PageFound(post.slug) if post and post.page and post.visible(now) else PostNotFound(slug)
    if post.visible(now):
        return post
    raise PostGone(slug) if post.state == "deleted" or was_seen(connection, post.id) else PostNotFound(slug)


def was_seen(connection: Connection, post_id: int) -> bool:
    """Whether readers have ever seen a post or page: then it has a position in a list, which it keeps."""
    lists = listed.c.list.in_([EVERYTHING.key, PAGES.key])
    query = select(listed.c.position).where(lists, listed.c.post_id == post_id)
    return connection.execute(query).scalar() is not None


def by_id(connection: Connection, post_id: int) -> Post | None:
    return _first(connection, select(*_OF_A_POST).where(posts.c.id == post_id))


def by_submission(connection: Connection, submission: str) -> Post | None:
    """The post that a form has added, by the hash of that form."""
    sent = schema.submissions
    return _first(connection, select(*_OF_A_POST).join(sent).where(sent.c.hash == submission))


def revision_of_submission(connection: Connection, submission: str) -> int | None:
    """The number of the revision that the form with this hash has saved last; None if it has added no post."""
    sent = schema.submissions
    return connection.execute(select(sent.c.revision).where(sent.c.hash == submission)).scalar()


def latest(
    connection: Connection, now: datetime, limit: int, offset: int = 0, listing: Listing = EVERYTHING
) -> list[Post]:
    """Visible posts of a list, newest first."""
    return in_order(connection, latest_ids(connection, now, limit, offset, listing))


def latest_ids(
    connection: Connection, now: datetime, limit: int, offset: int = 0, listing: Listing = EVERYTHING
) -> Sequence[int]:
    """The ids of `latest`: enough where only some of the posts are shown."""
    query = select(listed.c.post_id).where(*_listed(listing, now))
    query = query.order_by(listed.c.published_at.desc(), listed.c.post_id.desc()).limit(limit).offset(offset)
    return connection.execute(query).scalars().all()


def count(connection: Connection, now: datetime, listing: Listing = EVERYTHING) -> int:
    """The number of visible posts of a list. Takes 50 ns for each, so callers cache it (`storage/count_cache`)."""
    query = select(func.count()).select_from(listed).where(*_listed(listing, now))
    return int(connection.execute(query).scalar_one())


def ids_at_positions(connection: Connection, now: datetime, listing: Listing, first: int, number: int) -> Sequence[int]:
    """The ids of a list's visible posts at `number` positions from `first` on, the highest position first."""
    query = (
        select(listed.c.post_id)
        .where(*_listed(listing, now))
        # With both bounds: for an open range PostgreSQL expects thousands of rows, and starts parallel workers.
        .where(listed.c.position >= first, listed.c.position < first + number)
        .order_by(listed.c.position.desc())
    )
    return connection.execute(query).scalars().all()


def everything(connection: Connection) -> list[PostSummary]:
    """All posts, drafts and deleted ones included, newest first."""
    query = select(*_SUMMARY).order_by(posts.c.published_at.desc(), posts.c.id.desc())
    tags, authors = (_all_names(connection, table) for table in (post_tags, post_authors))
    return [
        PostSummary(**row._mapping, tags=tuple(tags.get(row.id, ())), authors=tuple(authors.get(row.id, ())))  # noqa: SLF001 - documented
        for row in connection.execute(query)
    ]


def has_any(connection: Connection) -> bool:
    return connection.execute(select(posts.c.id).limit(1)).first() is not None


def next_publication(connection: Connection, now: datetime) -> datetime | None:
    """When the next scheduled post is due; None if there is none."""
    query = select(func.min(posts.c.published_at)).where(_published(), posts.c.published_at > now)
    due: datetime | None = connection.execute(query).scalar_one()
    return due


def by_ids(connection: Connection, ids: Iterable[int]) -> dict[int, Post]:
    """Posts by id, in any state."""
    rows = rows_among(connection, select(*_OF_A_POST), posts.c.id, set(ids))
    return {post.id: post for post in _with_parts(connection, list(rows))}


def in_order(connection: Connection, ids: Sequence[int]) -> list[Post]:
    """The posts with these ids, in this order."""
    found = by_ids(connection, ids)
    return [found[post_id] for post_id in ids]


def guids(connection: Connection, by: Iterable[str], now: datetime) -> dict[str, Ids]:
    """The ids of visible posts, by those of the slugs `by` that they have or had."""
    query = (
        select(slugs.c.slug, posts.c.guid, posts.c.atom_id)
        .join(posts, posts.c.id == slugs.c.post_id)
        .where(visible(now))
    )
    rows = rows_among(connection, query, slugs.c.slug, by)
    return {row.slug: (row.guid, row.atom_id) for row in rows}


def visible(now: datetime) -> ColumnElement[bool]:
    """The condition under which readers see a post."""
    return and_(_published(), posts.c.published_at <= now)


def hidden(now: datetime) -> CompoundSelect[int]:
    """The ids of the posts that readers do not see.

    Rows of visible posts are selected by `not_in` of these few: reading each post's row takes SQLite fifty times as
    long.
    """
    scheduled = select(posts.c.id).where(_published(), posts.c.published_at > now)
    return union_all(select(posts.c.id).where(posts.c.state.in_(_UNPUBLISHED)), scheduled)


def any_link_to(connection: Connection, site: str, now: datetime) -> bool:
    """Whether visible posts link to this source site (`domains.host_site`)."""
    seen = select(posts.c.id).where(posts.c.id == schema.linked_sites.c.post_id, visible(now)).exists()
    query = select(schema.linked_sites.c.post_id).where(schema.linked_sites.c.site == site, seen)
    return connection.execute(query.limit(1)).first() is not None


def slug_owner(connection: Connection, slug: str) -> int | None:
    """The id of the post that has or had `slug`."""
    return slug_owners(connection, [slug]).get(nfc(slug))


def slug_owners(connection: Connection, wanted: Iterable[str]) -> dict[str, int]:
    """The ids of the posts that have or had these slugs, by slug in NFC."""
    return _owners(connection, slugs.c.slug, slugs.c.post_id, map(nfc, wanted))


def slugs_of(connection: Connection, post_id: int) -> Sequence[str]:
    """All slugs that a post has or had."""
    return connection.execute(select(slugs.c.slug).where(slugs.c.post_id == post_id)).scalars().all()


def guid_owners(connection: Connection, wanted: Iterable[str]) -> dict[str, int]:
    """The ids of the posts that have these ids of theirs for readers, by `guid`."""
    return _owners(connection, posts.c.guid, posts.c.id, wanted)


def _owners(
    connection: Connection, column: ColumnElement[str], owner: ColumnElement[int], wanted: Iterable[str]
) -> dict[str, int]:
    rows = rows_among(connection, select(column.label("name"), owner.label("owner")), column, wanted)
    return {row.name: row.owner for row in rows}


def state_to_restore(connection: Connection, post_id: int) -> PostState | None:
    """The state that a deleted post had; None if an older program has deleted it."""
    query = select(posts.c.deleted_from).where(posts.c.id == post_id)
    state: PostState | None = connection.execute(query).scalar_one()
    return state


# --- parts of queries ---


def _listed(listing: Listing, now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return listed.c.list == listing.key, listed.c.published_at <= now


def _published() -> ColumnElement[bool]:
    return posts.c.state == "published"


def _first(connection: Connection, query: Any) -> Post | None:
    return next(iter(_with_parts(connection, connection.execute(query.limit(1)).all())), None)


def _with_parts(connection: Connection, rows: Sequence[Row[Any]]) -> list[Post]:
    ids = [row.id for row in rows]
    tags = _parts(connection, post_tags, ids)
    authors = _parts(connection, post_authors, ids)
    files = _parts(connection, schema.enclosures, ids)
    return [
        Post(
            **row._mapping,  # noqa: SLF001 - documented
            tags=tuple(tag.name for tag in tags[row.id]),
            authors=tuple(author.name for author in authors[row.id]),
            enclosures=tuple(Enclosure(file.url, file.type, file.length) for file in files[row.id]),
        )
        for row in rows
    ]


def _all_names(connection: Connection, table: Table) -> dict[int, list[str]]:
    """The names of all posts, by the post's id."""
    names: dict[int, list[str]] = defaultdict(list)
    query = select(table.c.post_id, table.c.name).order_by(table.c.post_id, table.c.position)
    for post_id, name in connection.execute(query):
        names[post_id].append(name)
    return names


def _parts(connection: Connection, table: Table, ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for some in batches(ids):
        query = select(table).where(table.c.post_id.in_(some)).order_by(table.c.post_id, table.c.position)
        for row in connection.execute(query):
            found[row.post_id].append(row)
    return found
