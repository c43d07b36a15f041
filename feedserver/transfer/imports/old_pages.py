"""Which post of ours a page of the origin has become."""

from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy import Connection

from feedserver.errors import RedirectUnusable
from feedserver.posts import store as posts
from feedserver.redirects import store as redirects
from feedserver.redirects.model import read_old
from feedserver.transfer.imports.spool import Place, Spool
from feedserver.urls import Urls


@dataclass(frozen=True, slots=True)
class OldPages:
    """Looks among what is spooled, then among the addresses that this site answers."""

    spool: Spool
    urls: Urls

    def place(self, address: str) -> Place | None:
        """Where the post is, or will be, that the export has at an address of the origin."""
        return self.spool.place_of(self.spool.old.keys(address))

    def post_id(self, connection: Connection, address: str) -> int | None:
        """The post at an address of the origin, or of this site; None if it is none that is here."""
        place = self.place(address)
        slug = place.slug if place else self.urls.post_slug(self.absolute(address) or address)
        slug = slug or self._redirected(connection, address)
        return posts.slug_owner(connection, slug) if slug else None

    def _redirected(self, connection: Connection, address: str) -> str | None:
        """The slug of the post to which an address that was imported before leads."""
        keys = [key for name in self.spool.old.keys(address) if (key := self._key(name))]
        return redirects.slug_at(connection, keys)

    def _key(self, name: str) -> str | None:
        """The key of a redirect from an old address; all of them are of the old site, whatever its host was called."""
        path, mark, query = (f"/{name[2:].partition('/')[2]}" if name.startswith("//") else name).partition("?")
        try:
            return read_old(quote(path) + mark + query, self.urls).key
        except RedirectUnusable:
            return None

    def absolute(self, address: str | None) -> str | None:
        """An address of the origin, absolute; None without one."""
        return self.spool.old.absolute(address) if address else None
