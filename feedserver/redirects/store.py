"""The SQL of redirects. Every function runs in the transaction of the caller's connection.

One that leads to a post refers to it by id, so that it follows its later names.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from feedserver.errors import RedirectNotFound
from feedserver.posts.model import PostState
from feedserver.redirects.model import NewAddress, OldAddress, Redirect, read_old
from feedserver.storage import schema
from feedserver.storage.batches import batches, rows_among
from feedserver.storage.schema import redirects, slugs
from feedserver.urls import Urls, path_of

_THERE: Final = [schema.posts.c[name] for name in ("id", "slug", "page", "state")]
_FIND: Final = select(redirects, schema.posts.c.slug, schema.posts.c.page).outerjoin_from(redirects, schema.posts)


@dataclass(frozen=True, slots=True)
class Row:
    """A redirect to be stored: `post_id` is that of the post or page to which it leads, whatever its slug."""

    old: OldAddress
    new: NewAddress
    post_id: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """A stored redirect: where it leads, and the id of the post that it leads to."""

    old: str
    new: NewAddress
    post_id: int | None


@dataclass(frozen=True, slots=True)
class PostThere:
    """A post or page at an address of this site."""

    id: int
    slug: str
    page: bool
    state: PostState

    @property
    def is_deleted(self) -> bool:
        return self.state == "deleted"

    @property
    def is_public(self) -> bool:
        return self.state == "published"


# --- writing ---


def number(connection: Connection) -> int:
    """How many redirects there are."""
    return int(connection.execute(select(func.count()).select_from(redirects)).scalar_one())


def write(connection: Connection, rows: Mapping[str, Row]) -> None:
    """Stores new redirects by their keys; those that led to their old addresses lead on with them."""
    values = [
        {
            "key": key,
            "old": str(row.old),
            "parameters": row.old.names,
            "new": row.new.text,
            "new_key": row.new.key,
            "post_id": row.post_id,
        }
        for key, row in rows.items()
    ]
    if values:
        connection.execute(insert(redirects), values)
    for some in batches(list(rows)):
        led_here = and_(redirects.c.new_key.in_(some), redirects.c.post_id.is_(None))
        for one in connection.execute(select(redirects.c.id, redirects.c.new_key).where(led_here)).all():
            row = rows[one.new_key]
            changed = {"new": row.new.text, "new_key": row.new.key, "post_id": row.post_id}
            connection.execute(update(redirects).where(redirects.c.id == one.id).values(changed))


def remove(connection: Connection, urls: Urls, old: str) -> None:
    """Removes the redirect of an old address. Raises RedirectNotFound, or RedirectUnusable for what can be none."""
    source = read_old(old, urls)
    if not connection.execute(delete(redirects).where(redirects.c.key == source.key)).rowcount:
        raise RedirectNotFound(str(source))


# --- finding ---


def find(connection: Connection, keys: Sequence[str]) -> Found | None:
    """The redirect of the first of some keys that has one; one look-up in an index."""
    found = find_all(connection, keys)
    return next((found[key] for key in keys if key in found), None)


def find_all(connection: Connection, keys: Sequence[str]) -> dict[str, Found]:
    """All redirects that have one of these keys, by key."""
    return {row.key: _found(row) for row in rows_among(connection, _FIND, redirects.c.key, keys)}


def posts_there(connection: Connection, keys: Iterable[str]) -> dict[str, PostThere]:
    """The posts and pages whose addresses, present or former, have one of these keys, in any state, by key."""
    named = {key: place for key in keys if (place := _place(key))}
    query = select(slugs.c.slug.label("name"), *_THERE).join_from(slugs, schema.posts)
    rows = rows_among(connection, query, slugs.c.slug, {slug for slug, _ in named.values()})
    found = {row.name: PostThere(row.id, row.slug, row.page, row.state) for row in rows}
    return {key: found[slug] for key, (slug, is_page) in named.items() if slug in found and found[slug].page == is_page}


def is_deleted(connection: Connection, post_id: int) -> bool:
    state = connection.execute(select(schema.posts.c.state).where(schema.posts.c.id == post_id)).scalar_one()
    return bool(state == "deleted")


def slug_at(connection: Connection, keys: Sequence[str]) -> str | None:
    """The slug of the post to which the first of some keys leads that leads to one."""
    found = slugs_at(connection, keys)
    return next((found[key] for key in keys if key in found), None)


def slugs_at(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """The slugs of the posts to which old addresses lead, by their keys; not where a page answers by itself."""
    is_post = and_(redirects.c.post_id == schema.posts.c.id, schema.posts.c.page.is_(False))
    query = select(redirects.c.key, schema.posts.c.slug).join(schema.posts, is_post)
    found = {row.key: row.slug for row in rows_among(connection, query, redirects.c.key, keys)}
    answering = {key for key, one in posts_there(connection, found).items() if one.is_public}
    return {key: slug for key, slug in found.items() if key not in answering}


def everything(connection: Connection) -> Iterator[Redirect]:
    """All redirects, in the order of their old addresses."""
    for row in connection.execute(_FIND.order_by(redirects.c.old, redirects.c.id)):
        yield Redirect(row.old, _found(row).new.text)


def names(connection: Connection) -> set[str]:
    """The `OldAddress.names` of all redirects: few, however many redirects there are."""
    known = select(func.min(redirects.c.parameters).label("names")).cte(recursive=True)
    following = select(func.min(redirects.c.parameters)).where(redirects.c.parameters > known.c.names).scalar_subquery()
    known = known.union_all(select(following).where(known.c.names.is_not(None)))
    return {name for name in connection.execute(select(known.c.names)).scalars() if name is not None}


def _place(key: str) -> tuple[str, bool] | None:
    """The slug in the key of an address of a post, or of a page (true); None for other addresses."""
    match key.partition("?")[0].split("/"):
        case ["", "posts", slug]:
            return slug, False
        case ["", slug] if slug:
            return slug, True
        case _:
            return None


def _found(row: Any) -> Found:
    new = NewAddress(row.new, row.new_key)
    if row.post_id is None:
        return Found(row.old, new, None)
    path = path_of(row.slug, is_page=row.page)
    return Found(row.old, replace(new, text=path + new.suffix), row.post_id)
