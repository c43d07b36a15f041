"""The pages and archives of a feed, and the links between them (RFC 5005). Pure.

Pages (section 3) hold all current entries, newest first, and shift with each new one. Archives (section 4) are fixed:
they hold the entries by position, counted from the oldest. Each archive links to the next one from the start, so that
its bytes never change; until that one is full, its address redirects to the feed.
"""

from dataclasses import dataclass

from feedserver.feeds.model import MEDIA_TYPES, FeedLink
from feedserver.feeds.scopes import FeedAddress
from feedserver.urls import Urls


@dataclass(frozen=True, slots=True)
class Extent:
    """The number of `entries` in a list, the `size` of a page, and the number of full `archives`.

    Unless they were `counted`, `entries` is a lower bound.
    """

    entries: int
    size: int
    archives: int = 0
    counted: bool = True

    @property
    def pages(self) -> int:
        """How many pages hold all entries; an empty list has one."""
        return max(1, -(-self.entries // self.size))

    def fills(self, address: FeedAddress) -> bool:
        """Whether this is the address of the archive after the last full one."""
        return address.part == "archive" and self.archives > 0 and address.number == self.archives + 1

    def holds(self, address: FeedAddress) -> bool:
        """Whether the document exists."""
        match address.part:
            case "newest":
                return True
            case "page":
                return 1 <= address.number <= self.pages
            case "archive":
                return 1 <= address.number <= self.archives


def links(address: FeedAddress, extent: Extent, urls: Urls) -> tuple[FeedLink, ...]:
    """The links from one document of a feed to its others."""
    found: list[tuple[str, FeedAddress]] = []
    match address.part:
        case "newest":
            if extent.archives and extent.pages > 1:
                found.append(("prev-archive", address.archive(extent.archives)))
            found += _pages(address, 1, extent)
        case "page":
            found += _pages(address, address.number, extent)
        case "archive":
            found.append(("current", address.newest()))
            if address.number > 1:
                found.append(("prev-archive", address.archive(address.number - 1)))
            found.append(("next-archive", address.archive(address.number + 1)))
    return tuple(FeedLink(rel, there.url(urls), MEDIA_TYPES[there.fmt]) for rel, there in found)


def _pages(address: FeedAddress, number: int, extent: Extent) -> list[tuple[str, FeedAddress]]:
    """Links to the other pages; no `previous` on the first, no `next` on the last."""
    if extent.pages == 1:
        return []
    beside = {"previous": number - 1, "next": number + 1}
    near = [(rel, address.page(there)) for rel, there in beside.items() if 1 <= there <= extent.pages]
    last = [("last", address.page(extent.pages))] if extent.counted else []
    return [("first", address.page(1)), *near, *last]
