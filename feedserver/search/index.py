"""The index follows the posts: what is published, and what is scheduled, is in it. Readers see it by the clock."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from feedserver.posts.events import PostEvent
from feedserver.posts.model import RENDERING, Post
from feedserver.posts.visible import words_and_pictures
from feedserver.search.words import entries, words_of
from feedserver.storage import word_index

# The version of what is made of a post: raise its last digits with each change of `words` and of `_row`, and older rows
# are made anew. So are those of posts that are rendered anew.
CUTTING: Final = 1000 * RENDERING + 2


def follow(connection: Connection, events: Sequence[PostEvent]) -> None:
    """Puts changed posts and pages into the index, and takes out those that are drafts or deleted now."""
    for event in events:
        if not event.is_first:
            word_index.take_out(connection, event.post.id)
    put(connection, [event.post for event in events if is_kept(event.post)])


def is_kept(post: Post) -> bool:
    """Whether the index has a post: whether readers find it, or will when its time has come."""
    return post.state == "published" and not post.is_passing


def put(connection: Connection, posts: Sequence[Post]) -> None:
    """Writes what search goes by, for posts of which nothing is there."""
    if posts:
        word_index.add(connection, list(map(_row, posts)))


def _row(post: Post) -> dict[str, Any]:
    text = words_and_pictures(post.html) or post.excerpt  # which names the pages that a post without words is about
    words = "\n".join(map(words_of, (text, post.title, post.summary or "", *post.tags, *post.authors)))
    return {
        "post_id": post.id,
        "cutting": CUTTING,
        "updated_at": post.updated_at,
        "entries": entries(words),
        "words": words,
        "text": text,
    }
