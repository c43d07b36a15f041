"""The SQL of places: the order in which readers first saw the posts of each list. Archives are cut from it.

A place is given once, when a post becomes visible, and never again to another: so a back-dated post comes after those
that readers have, and a post that is deleted or loses its tag leaves a gap. Called under the revision's lock
(`storage/site.revise`), so that no two posts get the same place.
"""

from sqlalchemy import Connection, exists, func, insert, literal, select

from feedserver.posts.model import Post
from feedserver.posts.store import EVERYTHING, Listing
from feedserver.storage.schema import places, post_authors


def give(connection: Connection, post: Post, site_author: str) -> None:
    """Gives a visible post its place in each of its lists where it has none yet.

    `site_author` is whose list a post stands in that names nobody.
    """
    lists = [
        EVERYTHING,
        *(Listing(tag=tag) for tag in post.tags),
        *(Listing(author=name) for name in post.authors or (site_author,)),
    ]
    known = set(connection.execute(select(places.c.list).where(places.c.post_id == post.id)).scalars())
    for listing in lists:
        if listing.key not in known:
            values = {"list": listing.key, "position": highest(connection, listing) + 1, "post_id": post.id}
            connection.execute(insert(places).values(values))


def give_unnamed(connection: Connection, author: str) -> None:
    """Gives the posts that name nobody their places in the list of `author`, who has become the site's author."""
    listing = Listing(author=author)
    theirs = places.alias()
    everyones = select(
        literal(listing.key),
        highest(connection, listing) + func.row_number().over(order_by=places.c.position),
        places.c.post_id,
    ).where(
        places.c.list == EVERYTHING.key,
        ~exists().where(post_authors.c.post_id == places.c.post_id),
        ~exists().where(theirs.c.list == listing.key, theirs.c.post_id == places.c.post_id),
    )
    connection.execute(insert(places).from_select(["list", "position", "post_id"], everyones))


def highest(connection: Connection, listing: Listing) -> int:
    """How many posts the list has had: its highest place, 0 before the first."""
    query = select(func.max(places.c.position)).where(places.c.list == listing.key)
    return connection.execute(query).scalar_one() or 0
