"""By whom an h-entry is, as on https://indieweb.org/authorship, but without fetching any further page. Pure."""

from collections.abc import Callable, Collection, Iterator

from feedserver.thoughts.model import MAX_NAME
from feedserver.thoughts.source.items import Item
from feedserver.thoughts.source.microformats import Microformats
from feedserver.thoughts.source.plain_text import line_of
from feedserver.urls import split_http

IsPage = Callable[[str], bool]  # whether a URL is that of the page
Author = tuple[str, str]  # name and URL, each "" if it is not known


def author_of(entry: Item, found: Microformats, is_page: IsPage) -> Author:
    """The author whom an entry names, else that of the feed in which it stands, else whom the page is about."""
    around = (feed for feed in found.feeds if feed.start <= entry.start < feed.end)
    named = (author for item in (entry, *around) for author in _authors(item, found.cards))
    of_page = (_of_card(card) for card in found.cards if _represents(card, found, is_page))
    linked = (_of_card(card) for card in found.cards if not _urls(card).isdisjoint(found.authors))
    authors = (author for source in (named, of_page, linked) for author in source)
    return next((author for author in authors if any(author)), ("", ""))


def _authors(item: Item, cards: Collection[Item]) -> Iterator[Author]:
    """The authors in the properties of an item: cards, URLs whose card may be elsewhere on the page, names."""
    yield from (_of_card(card) for name in ("author", "author url") for card in item.items.get(name, ()))
    for url in filter(split_http, item.texts.get("author url", ())):
        yield next((_of_card(card) for card in cards if url in _urls(card)), ("", url))
    yield from ((line_of(name, MAX_NAME), "") for name in item.texts.get("author", ()))


def _represents(card: Item, found: Microformats, is_page: IsPage) -> bool:
    """Whether a card is the page's (https://microformats.org/wiki/representative-h-card-parsing)."""
    has_uid = any(map(is_page, card.texts.get("uid", ())))
    is_its_own = any(map(is_page, _urls(card))) and (has_uid or len(found.cards) == 1)
    return is_its_own or not _urls(card).isdisjoint(found.me)


def _urls(card: Item) -> set[str]:
    return set(card.texts.get("url", ()))


def _of_card(card: Item) -> Author:
    return line_of(card.first("name"), MAX_NAME), next(filter(split_http, card.texts.get("url", ())), "")
