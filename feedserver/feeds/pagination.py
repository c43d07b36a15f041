"""A feed in several documents, and the links between them (RFC 5005). Pure.

Pages (section 3) hold all entries as they stand now, the newest first, so that they shift with each new one. Archives
(section 4) hold what has been there for good, counted from the oldest, and are never cut anew. Each links on to the
next one from the start, so that its bytes stay as they are; while that is not full, its address leads to the feed.
"""

from dataclasses import dataclass

from feedserver.feeds.model import MEDIA_TYPES, FeedLink
from feedserver.feeds.scopes import FeedAddress
from feedserver.urls import Urls


@dataclass(frozen=True, slots=True)
class Extent:
    """The number of `entries` in a list, the `size` of a page, and the number of full `archives`.

    Where they were not `counted`, `entries` is a lower bound.
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
        """Whether the address is that of the archive which is not full yet: what follows the last one that is."""
        return address.part == "archive" and self.archives > 0 and address.number == self.archives + 1

    def holds(self, address: FeedAddress) -> bool:
        """Whether there is such a document."""
        match address.part:
            case "newest":
                return True
            case "page":
                return 1 <= address.number <= self.pages
            case "archive":
                return 1 <= address.number <= self.archives


def links(address: FeedAddress, extent: Extent, urls: Urls) -> tuple[FeedLink, ...]:
    """Where the rest of a feed is, as seen from one of its documents."""
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
    """Links to the other pages. No page before the first, none after the last."""
    if extent.pages == 1:
        return []
    beside = {"previous": number - 1, "next": number + 1}
    near = [(rel, address.page(there)) for rel, there in beside.items() if 1 <= there <= extent.pages]
    last = [("last", address.page(extent.pages))] if extent.counted else []
    return [("first", address.page(1)), *near, *last]
