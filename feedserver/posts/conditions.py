"""What a deed on posts needs: a post that is there or in the bin, the revision that was known, ids and forms unused.

All SQL runs in the transaction of the caller's connection; each check raises a PostError.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from feedserver.errors import (
    AlreadyAdded,
    EditConflict,
    GuidTaken,
    InvalidDocument,
    NotDeleted,
    PostErased,
    PostGone,
    PostNotFound,
)
from feedserver.posts import store
from feedserver.posts.model import DraftText, Post


def undeleted_post(connection: Connection, slug: str) -> Post:
    """The post with a present or former slug. Raises PostNotFound, PostGone of a deleted one, or PostErased."""
    post = _post(connection, slug)
    if post.state == "deleted":
        raise PostErased(slug) if post.is_erased else PostGone(slug)
    return post


def deleted_post(connection: Connection, slug: str, deed: str) -> Post:
    """The deleted post with a present or former slug, perhaps an erased one.

    Raises PostNotFound, or NotDeleted, which says what cannot be done with it: `deed` is “restored” or “erased”.
    """
    post = _post(connection, slug)
    if post.state != "deleted":
        raise NotDeleted(slug, deed)
    return post


def _post(connection: Connection, slug: str) -> Post:
    post = store.by_slug(connection, slug)
    if post is None:
        raise PostNotFound(slug)
    return post


def check_expected(post: Post, expected: int | None) -> None:
    """Raises EditConflict if a post has another revision than the one expected; None expects none."""
    if expected is not None and expected != post.revision:
        raise EditConflict(post.slug, post.revision)


def check_edit(connection: Connection, slug: str, document: DraftText) -> None:
    """Raises a PostError if there is no post to edit, or the document is not for one of its kind."""
    check_kind(undeleted_post(connection, slug), document)


def check_kind(post: Post, document: DraftText) -> None:
    """Raises InvalidDocument if a document would make a page of a post, or a post of a page."""
    if post.page and not document.page:
        raise InvalidDocument(
            "page", "this is a page, and no edit makes a post of it; leave “page: true” in, or add a post"
        )
    if document.page and not post.page:
        raise InvalidDocument("page", "this is a post, and no edit makes a page of it; leave “page” out, or add a page")


def check_unsent(connection: Connection, submission: str | None) -> None:
    """Raises AlreadyAdded if the form with this hash has added a post."""
    if submission is not None and (post := store.by_submission(connection, submission)):
        raise AlreadyAdded(post.slug)


def check_guids(connection: Connection, guids: Sequence[str]) -> None:
    """Raises GuidTaken for an id that another post has, or two of these."""
    taken = set(store.guid_owners(connection, guids))
    for guid in guids:
        if guid in taken:
            raise GuidTaken(guid)
        taken.add(guid)
