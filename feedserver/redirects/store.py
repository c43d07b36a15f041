"""The SQL of redirects. Every function runs in the transaction of the caller's connection.

Redirects have no chains: one that is added leads to where its target leads, and those that led to its old address lead
on with it. One to a post is a reference to it, so that it follows its later names.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update

from feedserver.errors import RedirectLoop, RedirectNeedless, RedirectNotFound, RedirectTaken, RedirectUnusable
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.redirects.model import NewAddress, OldAddress, Redirect, read_new, read_old
from feedserver.storage import schema
from feedserver.storage.batches import batches
from feedserver.storage.schema import redirects
from feedserver.urls import Urls, segment

_MOST_STEPS: Final = 10  # from one redirect to the next; there are none, unless two processes add them at once
_FIND = select(redirects, schema.posts.c.slug, schema.posts.c.page).outerjoin_from(redirects, schema.posts)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A redirect that `add_all` has not added, and why."""

    old: str
    new: str
    error: RedirectUnusable


@dataclass(frozen=True, slots=True)
class Found:
    """A stored redirect: where it leads, and the id of the post that it leads to."""

    old: str
    new: NewAddress
    post_id: int | None


# --- adding and removing ---


def add_all(connection: Connection, urls: Urls, pairs: Iterable[tuple[str, str]]) -> list[Refusal]:
    """Adds redirects from old addresses to new ones, each as `add` does; returns those that it refuses.

    Call it after `revision.revise`.
    """
    refused = []
    for old, new in pairs:
        try:
            add(connection, urls, old, new)
        except RedirectUnusable as error:
            refused.append(Refusal(old, new, error))
    return refused


def add(connection: Connection, urls: Urls, old: str, new: str) -> Redirect:
    """Adds a redirect, unless it is there already. Call it after `revision.revise`.

    Raises RedirectUnusable: RedirectNeedless where something is at the old address, or it leads to itself;
    RedirectTaken where it leads elsewhere already; RedirectLoop.
    """
    source, target = read_old(old, urls), read_new(new, urls)
    if source.key == target.key:
        raise RedirectNeedless(str(source), "leads to itself")
    _require_nothing_there(connection, source)
    post = _post_at(connection, target.key)
    target, post_id = _resolved(connection, source.key, target, post)
    known = find(connection, [source.key])
    if known is not None:
        if known.post_id == post_id and (known.new.suffix == target.suffix if post_id else known.new == target):
            return _shown(connection, source.key)
        raise RedirectTaken(str(source), _shown(connection, source.key).new)
    values = {"new": target.text, "new_key": target.key, "post_id": post_id}
    connection.execute(insert(redirects).values(key=source.key, old=str(source), parameters=source.names, **values))
    led_here = and_(redirects.c.new_key == source.key, redirects.c.post_id.is_(None))
    connection.execute(update(redirects).where(led_here).values(values))
    return _shown(connection, source.key)


def remove(connection: Connection, urls: Urls, old: str) -> None:
    """Removes the redirect of an old address. Raises RedirectNotFound, or RedirectUnusable for what can be none."""
    source = read_old(old, urls)
    if not connection.execute(delete(redirects).where(redirects.c.key == source.key)).rowcount:
        raise RedirectNotFound(str(source))


def _require_nothing_there(connection: Connection, source: OldAddress) -> None:
    """Raises RedirectNeedless if this site answers an old address itself, whatever happens."""
    if source.parameters:
        return
    if source.path == "/":
        raise RedirectNeedless("/", "is the home page")
    post = _post_at(connection, source.key)
    if post is not None and post.state != "deleted":
        raise RedirectNeedless(str(source), f"is the address of the {'page' if post.page else 'post'} “{post.slug}”")


def _post_at(connection: Connection, key: str | None) -> Post | None:
    """The post or page whose address, present or former, has this key."""
    match (key or "").partition("?")[0].split("/"):
        case ["", "posts", slug]:
            post = posts.by_slug(connection, slug)
            return post if post is not None and not post.page else None
        case ["", slug]:
            post = posts.by_slug(connection, slug)
            return post if post is not None and post.page else None
        case _:
            return None


def _resolved(
    connection: Connection, source_key: str, target: NewAddress, post: Post | None
) -> tuple[NewAddress, int | None]:
    """Where a target leads in the end, and the post that this is. Raises RedirectLoop."""
    post_id = post.id if post else None
    for _ in range(_MOST_STEPS):
        if target.key == source_key:
            raise RedirectLoop
        if target.key is None or (post is not None and post.state != "deleted"):
            return target, post_id
        further = find(connection, [target.key])
        if further is None:
            return target, post_id
        target, post_id = further.new, further.post_id
        post = posts.by_id(connection, post_id) if post_id is not None else None
    raise RedirectLoop


# --- finding ---


def find(connection: Connection, keys: Sequence[str]) -> Found | None:
    """The redirect of the first of some keys that has one; one look-up in an index."""
    rows = {row.key: row for row in connection.execute(_FIND.where(redirects.c.key.in_(keys)))}
    row = next((rows[key] for key in keys if key in rows), None)
    return _found(row) if row is not None else None


def slugs_at(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """The slugs of the posts to which old addresses lead, by their keys."""
    found: dict[str, str] = {}
    is_post = and_(redirects.c.post_id == schema.posts.c.id, schema.posts.c.page.is_(False))
    query = select(redirects.c.key, schema.posts.c.slug).join(schema.posts, is_post)
    for some in batches(keys):
        found |= {row.key: row.slug for row in connection.execute(query.where(redirects.c.key.in_(some)))}
    return found


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


def _shown(connection: Connection, key: str) -> Redirect:
    found = find(connection, [key])
    assert found is not None, "it is stored"
    return Redirect(found.old, found.new.text)


def _found(row: Row[Any]) -> Found:
    new = NewAddress(row.new, row.new_key)
    if row.post_id is None:
        return Found(row.old, new, None)
    path = f"/{segment(row.slug)}" if row.page else f"/posts/{segment(row.slug)}"
    return Found(row.old, replace(new, text=path + new.suffix), row.post_id)
