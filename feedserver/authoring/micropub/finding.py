"""Finds the posts that Micropub clients mean by an address: a permalink, a former one, or a preview."""

from dataclasses import dataclass

from sqlalchemy import Connection

from feedserver.authoring.micropub.addresses import Addresses, addresses_of
from feedserver.authoring.micropub.requests import InvalidRequest
from feedserver.clock import Clock
from feedserver.media import store as media
from feedserver.posts import previews, store
from feedserver.posts.model import DraftText, Post
from feedserver.posts.publishing import Publisher

_PREVIEWS = "/previews/"


@dataclass(frozen=True, slots=True)
class Finder:
    """The posts of a site by their addresses, deleted ones too."""

    publisher: Publisher
    clock: Clock

    def find(self, url: str) -> Post:
        """The post at `url`, also a deleted one. Raises InvalidRequest if there is none."""
        with self.publisher.database.read() as connection:
            post = self._at(connection, url)
        if post is None or post.page:
            raise InvalidRequest("url is not the address of a post here")
        return post

    def _at(self, connection: Connection, url: str) -> Post | None:
        if (slug := self.publisher.urls.post_slug(url)) is not None:
            return store.by_slug(connection, slug)
        path = self.publisher.urls.path_below(url) or ""
        if not path.startswith(_PREVIEWS):
            return None
        post_id = previews.find(connection, path.removeprefix(_PREVIEWS), self.clock())
        return None if post_id is None else store.by_id(connection, post_id)

    def document(self, post: Post) -> tuple[DraftText, Addresses]:
        """The document of a post that is not deleted, and its addresses."""
        document, urls = self.publisher.read_unnamed(post.source.encode()), self.publisher.urls
        if not (document.photos or document.enclosures):  # as most
            return document, Addresses(urls)
        with self.publisher.database.read() as connection:
            files = media.of_post(connection, post.id)
        return document, addresses_of(document, urls, urls.post(post.slug), files)


def require_there(post: Post) -> None:
    """Raises InvalidRequest if a post is deleted: it is neither read nor changed then."""
    if post.is_erased:
        raise InvalidRequest("this post was erased; nothing is left of it")
    if post.state == "deleted":
        raise InvalidRequest("this post is deleted; undelete it first")
