"""The SQL of erasing a deleted post: its texts and names go; its id, its slugs and its places in archives stay."""

from typing import Final

from sqlalchemy import Connection, Table, delete, exists, select, update

from feedserver.posts import references
from feedserver.posts.model import EVERYTHING, RENDERING
from feedserver.storage import word_index
from feedserver.storage.schema import (
    enclosures,
    feed_versions,
    linked_sites,
    listed,
    post_authors,
    post_media,
    post_tags,
    posts,
    reader_days,
    revisions,
    terms,
    websub_subscriptions,
    websub_topics,
)
from feedserver.text import caseless

_PARTS: Final[tuple[Table, ...]] = (post_tags, post_authors, enclosures, linked_sites, post_media, revisions)
_NOTHING: Final = {
    **dict.fromkeys(("title", "source", "html", "feed_html", "excerpt"), ""),
    **dict.fromkeys(("summary", "image", "deleted_from", "menu", *references.FIELDS)),
    "rendering": RENDERING,
}


def erase(connection: Connection, post_id: int) -> None:
    """Erases a deleted post. Words that described no other post go too, and lists that held no other."""
    connection.execute(update(posts).where(posts.c.id == post_id).values(_NOTHING))
    word_index.take_out(connection, post_id)  # it is out, unless an older program has deleted the post
    for table in _PARTS:
        connection.execute(delete(table).where(table.c.post_id == post_id))
    connection.execute(delete(terms).where(terms.c.posts <= 0))  # those of deleted posts are counted down
    others = listed.alias()
    held_others = exists().where(others.c.list == listed.c.list, others.c.post_id != post_id)
    own = select(listed.c.list).where(listed.c.post_id == post_id, listed.c.list != EVERYTHING.key, ~held_others)
    for key in connection.execute(own).scalars().all():
        _forget_list(connection, key)


def _forget_list(connection: Connection, key: str) -> None:
    """Deletes all that names a list of which nothing is left: `key` is its `Listing.key`."""
    connection.execute(delete(listed).where(listed.c.list == key))
    kind = key.partition("/")[0]
    for column in (
        feed_versions.c.path,
        reader_days.c.feed,
        websub_subscriptions.c.topic,
        websub_topics.c.topic,
    ):  # feeds, as `FeedAddress.key` names them
        feeds = connection.execute(select(column).distinct().where(column.startswith(f"{kind}/"))).scalars()
        names = [feed for feed in feeds if caseless(feed).startswith(f"{key}.")]
        connection.execute(delete(column.table).where(column.in_(names)))
