"""Which h-entry of a page speaks for it, and what it says: of itself, and of the posts that the page links to. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from feedserver.text import shorten
from feedserver.thoughts.model import MAX_EXCERPT, MAX_NAME, Response
from feedserver.thoughts.source.authorship import IsPage, author_of
from feedserver.thoughts.source.dates import published_at
from feedserver.thoughts.source.entry import Entry
from feedserver.thoughts.source.identity import page_key
from feedserver.thoughts.source.items import Item
from feedserver.thoughts.source.links import FoundLink
from feedserver.thoughts.source.microformats import Microformats
from feedserver.thoughts.source.plain_text import is_title, line_of, paragraphs_of
from feedserver.urls import split_http

# The first property that names a post says what the entry is to it: docs/interface.md, “Webmentions that come in”.
_RESPONSES: Final[tuple[tuple[str, Response], ...]] = (
    ("repost-of", "repost"),
    ("repost", "repost"),  # of old, as is `like`
    ("like-of", "like"),
    ("like", "like"),
    ("in-reply-to", "reply"),
    ("bookmark-of", "bookmark"),
    ("mention", "mention"),
)
# Of an item in these, somebody else speaks: it tells of a response to this page.
_OF_OTHERS: Final = frozenset(("like", "repost", "mention"))
_MOST_COMPARED: Final = 50  # URLs that an entry or a card gives itself: long ones are dear
_RSVP: Final = frozenset(("yes", "no", "maybe", "interested"))


@dataclass(frozen=True, slots=True)
class Speech:
    """What the entry of a page says of itself, and what it is to posts: by post id, with whether the link to the post
    is a property without any text."""

    entry: Entry | None = None
    responses: Mapping[int, tuple[Response, bool]] = field(default_factory=dict)


def heard(
    found: Microformats | None,
    links: Mapping[int, FoundLink],
    post_at: Callable[[str], int | None],
    keys: Collection[str],
    now: datetime,
) -> Speech:
    """What the entry of a page says, given its links to posts by post id, and which post is at a URL.

    `keys` are those of the page (`identity.page_key`); `now` bounds the entry's date.
    """
    names = {key.rstrip("/") for key in keys}

    known: dict[str, bool] = {}

    def is_page(url: str) -> bool:
        if url not in known and len(known) < _MOST_COMPARED:
            known[url] = split_http(url) is not None and page_key(url).rstrip("/") in names
        return known.get(url, False)

    entry = _entry_of_page(found, is_page) if found is not None else None
    if found is None or entry is None:
        return Speech()
    named: dict[int, Response] = {}
    for response, url in _responses(entry):
        if (post_id := post_at(url)) is not None:
            named.setdefault(post_id, response)
    said = {
        post_id: (named.get(post_id, "mention"), link.is_empty and post_id in named)
        for post_id, link in links.items()
        if post_id in named or _speaks_of(entry, link, is_page)
    }
    return Speech(_read(entry, found, is_page, now), said) if said else Speech()


def _entry_of_page(found: Microformats, is_page: IsPage) -> Item | None:
    """The first top-level entry that names the page as its own URL, else the only one; None on a page of several.

    Of several with places on the page as their URLs, none is the page.
    """
    named = [entry for entry in found.entries if _is_page(entry, is_page)]
    whole = (entry for entry in named if _is_page(entry, lambda url: "#" not in url and is_page(url)))
    return next(whole, _only(named) or _only(found.entries))


def _only(entries: Sequence[Item]) -> Item | None:
    return entries[0] if len(entries) == 1 else None


def _is_page(entry: Item, is_page: IsPage) -> bool:
    return any(map(is_page, entry.texts.get("url", ())))


def _speaks_of(entry: Item, link: FoundLink, is_page: IsPage) -> bool:
    return entry.start <= link.position < entry.end or _is_page(entry, is_page)


def _responses(entry: Item) -> Iterator[tuple[Response, str]]:
    """What an entry is to others, and their URLs, in the order in which they count."""
    if _rsvp(entry):
        yield from (("rsvp", url) for url in _urls(entry, "in-reply-to"))
    for name, response in _RESPONSES:
        yield from ((response, url) for url in _urls(entry, name))


def _urls(entry: Item, name: str) -> Iterator[str]:
    yield from entry.texts.get(name, ())
    cited = entry.items.get(name, ()) if name not in _OF_OTHERS else ()
    yield from (url for item in cited for url in item.texts.get("url", ()))


def _rsvp(entry: Item) -> str:
    rsvp = entry.first("rsvp").strip().lower()
    return rsvp if rsvp in _RSVP else ""


def _read(entry: Item, found: Microformats, is_page: IsPage, now: datetime) -> Entry:
    content = paragraphs_of(entry.first("content") or entry.first("summary"))
    name, rsvp = line_of(entry.first("name"), MAX_NAME), _rsvp(entry)
    author_name, author_url = author_of(entry, found, is_page)
    return Entry(
        author_name,
        author_url,
        title=None if not name else name if is_title(name, content) else "",
        words=shorten(content, MAX_EXCERPT) or (f"RSVP: {rsvp}" if rsvp else ""),
        published_at=published_at(entry.texts.get("published", ()), now),
    )
