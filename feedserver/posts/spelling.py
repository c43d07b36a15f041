"""How tags and authors are spelled. Names that differ only in letter case or Unicode form are one (`text.caseless`).

All posts have the same spelling of a name, so that pages and feeds show it without a look-up: the first on the site,
for its author that of `site.author`. The last post with a name can spell it anew.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, Table, select, update

from feedserver.errors import ListMoved
from feedserver.posts.model import DraftText, Listing
from feedserver.storage.schema import post_authors, post_tags
from feedserver.text import caseless


def settled(
    connection: Connection, documents: Sequence[DraftText], site_author: str, post_id: int | None = None
) -> list[DraftText]:
    """`documents` with their names spelled as on other posts, and as in the documents before.

    They are to be new posts, or the content of the post `post_id`.
    """
    tags: dict[str, str] = {}  # by `text.caseless`
    authors = {caseless(site_author): site_author}

    def spelled(table: Table, known: dict[str, str], name: str) -> str:
        folded = caseless(name)
        if folded not in known:
            known[folded] = _spelling(connection, table, name, post_id) or name
        return known[folded]

    return [
        replace(
            document,
            tags=tuple(spelled(post_tags, tags, name) for name in document.tags),
            authors=tuple(spelled(post_authors, authors, name) for name in document.authors),
        )
        for document in documents
    ]


def check(connection: Connection, listing: Listing, site_author: str) -> None:
    """Raises ListMoved if posts spell the tag or author of a list otherwise."""
    if listing.tag is not None:
        known = _spelling(connection, post_tags, listing.tag)
    else:
        known = None if listing.author is None else _author(connection, listing.author, site_author)
    if known not in (None, listing.name):
        raise ListMoved(listing.key, known)


def follow_site_author(connection: Connection, author: str) -> None:
    """Spells the site's author on all posts as in the settings."""
    theirs = post_authors.c.folded == caseless(author)
    connection.execute(update(post_authors).where(theirs).values(name=author))


def _author(connection: Connection, name: str, site_author: str) -> str | None:
    if caseless(name) == caseless(site_author):
        return site_author
    return _spelling(connection, post_authors, name)


def _spelling(connection: Connection, table: Table, name: str, except_id: int | None = None) -> str | None:
    known = select(table.c.name).where(table.c.folded == caseless(name), table.c.post_id != (except_id or 0))
    return connection.execute(known.limit(1)).scalar()
