"""The hubs that newest documents name (WebSub section 4). Pure."""

from feedserver.feeds.model import FeedLink
from feedserver.feeds.scopes import FeedAddress
from feedserver.settings import WebSubSettings
from feedserver.urls import Urls


def hubs(settings: WebSubSettings, urls: Urls) -> tuple[str, ...]:
    """The URLs of the hubs of this site: its own first, then `websub.hubs`."""
    own = (urls.hub(),) if settings.hub else ()
    return tuple(dict.fromkeys(own + settings.hubs))


def links(address: FeedAddress, named: tuple[str, ...]) -> tuple[FeedLink, ...]:
    """The links from a document to the hubs; only newest documents are pushed, so that no other names any."""
    return tuple(FeedLink("hub", url) for url in named) if address.part == "newest" else ()
