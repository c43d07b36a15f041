"""The SQL that writes posts; `store` finds them. All of it runs in the transaction of the caller's connection."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, insert, update

from feedserver.domains import host_site
from feedserver.posts import references, store
from feedserver.posts.model import RENDERING, DraftText, Post, PostState, Rendered
from feedserver.storage import schema
from feedserver.storage.schema import post_authors, post_tags, posts, slugs
from feedserver.text import caseless

_INSERT: Final = insert(posts).returning(posts.c.id, sort_by_parameter_order=True)
_Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class PostContent:
    """What is stored of a post: its document, its rendered body, and `values` of further columns."""

    document: DraftText
    rendered: Rendered
    values: Mapping[str, Any]


def add(connection: Connection, new: Sequence[PostContent]) -> list[int]:
    """Writes new posts with all their parts; returns their ids, in the same order."""
    rows = [_content(one) | {"slug": one.document.slug} for one in new]
    ids = list(connection.execute(_INSERT, rows).scalars())
    owned = [{"slug": one.document.slug, "post_id": post_id} for post_id, one in zip(ids, new, strict=True)]
    connection.execute(insert(slugs), owned)
    for table, rows_of in _PARTS:
        _insert_parts(connection, table, dict(zip(ids, map(rows_of, new), strict=True)))
    return ids


def add_submission(connection: Connection, submission: str, post_id: int) -> None:
    """Notes that the form with this hash has added a post."""
    connection.execute(insert(schema.submissions).values(hash=submission, post_id=post_id))


def note_submission(connection: Connection, submission: str, post_id: int, revision: int) -> None:
    """Notes that the form with this hash, which has added a post, has saved this revision of it."""
    sent = schema.submissions
    of_form = (sent.c.hash == submission, sent.c.post_id == post_id)
    connection.execute(update(sent).where(*of_form).values(revision=revision))


def change(connection: Connection, post_id: int, content: PostContent) -> None:
    """Writes a post's new content, and its parts; id, guid and slug stay."""
    connection.execute(update(posts).where(posts.c.id == post_id).values(_content(content)))
    for table, rows_of in _PARTS:
        _replace(connection, table, post_id, rows_of(content))


def write_rendered(connection: Connection, post_id: int, rendered: Rendered, values: dict[str, Any]) -> None:
    """Writes a post's body as rendered anew, and the further columns in `values`."""
    connection.execute(update(posts).where(posts.c.id == post_id).values(_rendered(rendered) | values))
    _replace(connection, schema.linked_sites, post_id, _linked_sites(rendered))


def rename(connection: Connection, post_id: int, slug: str) -> None:
    """Gives a post another slug; the old slug stays the post's own."""
    if store.slug_owner(connection, slug) is None:
        connection.execute(insert(slugs).values(slug=slug, post_id=post_id))
    connection.execute(update(posts).where(posts.c.id == post_id).values(slug=slug))


def mark_deleted(connection: Connection, post: Post, now: datetime) -> None:
    """Writes that a post is deleted, when, and the state to restore."""
    deleted = {"state": "deleted", "deleted_from": post.state, "deleted_at": now}
    connection.execute(update(posts).where(posts.c.id == post.id).values(deleted))


def mark_restored(connection: Connection, post_id: int, state: PostState) -> None:
    restored = {"state": state, "deleted_from": None, "deleted_at": None}
    connection.execute(update(posts).where(posts.c.id == post_id).values(restored))


def _content(content: PostContent) -> dict[str, Any]:
    document = content.document
    return _rendered(content.rendered) | {
        "title": document.title,
        "source": document.source,
        "summary": document.summary,
        "pings_open": document.pings_open,
        "comments_open": document.comments_open,
        "tells": document.tells,
        "page": document.page,
        "menu": document.menu,
        **{name: getattr(document, name) for name in references.FIELDS},
        **content.values,
    }


def _rendered(rendered: Rendered) -> dict[str, Any]:
    return {
        "html": rendered.html,
        "feed_html": rendered.feed_html,
        "excerpt": rendered.excerpt,
        "image": rendered.image,
        "rendering": RENDERING,
    }


def _tags(content: PostContent) -> _Rows:
    return _named(content.document.tags)


def _authors(content: PostContent) -> _Rows:
    return _named(content.document.authors)


def _named(names: Sequence[str]) -> _Rows:
    return [{"position": position, "name": name, "folded": caseless(name)} for position, name in enumerate(names)]


def _enclosures(content: PostContent) -> _Rows:
    numbered = enumerate(content.document.enclosures)
    return [{"position": n, "url": file.url, "type": file.type, "length": file.length} for n, file in numbered]


def _linked_sites(rendered: Rendered) -> _Rows:
    return [{"site": site} for site in sorted({host_site(host) for host in rendered.hosts})]


_PARTS: Final[Sequence[tuple[Table, Callable[[PostContent], _Rows]]]] = (
    (post_tags, _tags),
    (post_authors, _authors),
    (schema.enclosures, _enclosures),
    (schema.linked_sites, lambda content: _linked_sites(content.rendered)),
)


def _replace(connection: Connection, table: Table, post_id: int, rows: _Rows) -> None:
    connection.execute(delete(table).where(table.c.post_id == post_id))
    _insert_parts(connection, table, {post_id: rows})


def _insert_parts(connection: Connection, table: Table, rows: Mapping[int, _Rows]) -> None:
    if of_posts := [{"post_id": post_id, **row} for post_id, some in rows.items() for row in some]:
        connection.execute(insert(table), of_posts)
