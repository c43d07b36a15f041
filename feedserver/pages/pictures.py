"""Pictures of the site beside texts: the first one of a post in lists, small, and those that are attached to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from feedserver.media import markup, store
from feedserver.media.model import Media, StoredFile
from feedserver.media.references import Own
from feedserver.posts.model import Post

_SMALL: Final = 240  # pixels: 9rem (style.css) on a screen with nearly two for each


@dataclass(frozen=True, slots=True)
class Attached:
    """A picture as an enclosure: the file that is shown, and its alternative text, "" if it has none."""

    shown: StoredFile
    alt: str


def small(connection: Connection, posts: Sequence[Post], base: str) -> Mapping[int, StoredFile]:
    """The first picture of each post, if it is one of ours, by the post's id. `base` is `site.url`.

    Of a text without pictures it is the first one that is attached.
    """
    first = {post.id: address for post in posts if (address := post.image or next(_attached(post), None))}
    found = _of_addresses(connection, list(first.values()), base)
    return {
        post_id: markup.first_copy_for(found[address], _SMALL)
        for post_id, address in first.items()
        if address in found and found[address].is_picture
    }


def attached(connection: Connection, post: Post, base: str) -> Mapping[str, Attached]:
    """The pictures of ours among a post's enclosures, by their addresses there."""
    found = _of_addresses(connection, list(_attached(post)), base)
    return {
        address: Attached(markup.shown_copy(media), media.alt) for address, media in found.items() if media.is_picture
    }


def _attached(post: Post) -> Iterator[str]:
    return (file.url for file in post.enclosures if file.is_image)


def _of_addresses(connection: Connection, addresses: Sequence[str], base: str) -> dict[str, Media]:
    own = Own(base)
    hashes = {address: hash_ for address in addresses if (hash_ := own.hash_in(address))}
    found = store.by_hashes(connection, hashes.values())
    return {address: found[hash_] for address, hash_ in hashes.items() if hash_ in found}
