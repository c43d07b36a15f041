"""Which post of ours a page of the origin has become."""

from dataclasses import dataclass

from sqlalchemy import Connection

from feedserver.posts import store as posts
from feedserver.transfer.spool import Place, Spool
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
        return posts.slug_owner(connection, slug) if slug else None

    def absolute(self, address: str | None) -> str | None:
        """An address of the origin, absolute; None without one."""
        return self.spool.old.absolute(address) if address else None
