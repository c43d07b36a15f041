"""Feeds at addresses of other systems, and which of ours is meant: that of the site, a tag, an author or thoughts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from feedserver.errors import FeedNotFound, ListMoved, PostMoved, PostNotFound
from feedserver.feeds import existing
from feedserver.feeds.scopes import AUTHOR, POST, SITE, TAG, THOUGHTS, FeedAddress, Format
from feedserver.urls import Urls, path_steps

_ENDINGS: Final[Mapping[tuple[str, ...], Format]] = {
    ("feed",): "rss",
    ("feed", "rss"): "rss",
    ("feed", "rss2"): "rss",
    ("feed", "rdf"): "rss",
    ("feed", "atom"): "atom",
    ("feed", "json"): "json",
    ("rss",): "rss",
    ("rss2",): "rss",
    ("atom",): "atom",
    ("rss.xml",): "rss",
    ("rss2.xml",): "rss",
    ("feed.xml",): "rss",
    ("index.xml",): "rss",
    ("index.rdf",): "rss",
    ("atom.xml",): "atom",
}
_IN_QUERIES: Final[Mapping[str, Format]] = {
    "rss": "rss",
    "rss2": "rss",
    "rdf": "rss",
    "atom": "atom",
    "comments-rss2": "rss",
    "comments-atom": "atom",
}  # WordPress: `/?feed=rss2`
_TAGS: Final = frozenset(("tag", "tags", "category", "categories", "label", "labels", "topic", "topics", "-"))
_AUTHORS: Final = frozenset(("author", "authors"))

# Where an old address leads, as an absolute URL; None if it leads nowhere.
Leads = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class OldFeed:
    """A feed of another system: the decoded segments of the page that it is of, and its format."""

    of: tuple[str, ...]
    fmt: Format
    is_of_comments: bool = False


def at_path(path: str, query: Mapping[str, str]) -> OldFeed | None:
    """The feed that other systems have at a decoded path; None if it looks like none."""
    steps = tuple(path_steps(path))
    if steps[:1] == ("feeds",):
        return _of_blogger(steps[1:], "rss" if query.get("alt") == "rss" else "atom")
    for length in (2, 1):
        fmt = _ENDINGS.get(steps[-length:])
        if fmt is not None and len(steps) >= length:
            of = steps[:-length]
            is_of_comments = of[-1:] == ("comments",)
            return OldFeed(of[:-1] if is_of_comments else of, fmt, is_of_comments)
    return None


def _of_blogger(steps: Sequence[str], fmt: Format) -> OldFeed | None:
    match steps:
        case ["posts", "default" | "summary" | "full", *of]:
            return OldFeed(tuple(of), fmt)
        case ["comments", "default" | "summary" | "full"] | [_, "comments", "default" | "summary" | "full"]:
            return OldFeed((), fmt, is_of_comments=True)
        case _:
            return None


def in_query(query: Mapping[str, str]) -> OldFeed | None:
    """The feed that a query asks for: `feed=rss2`."""
    kind = query.get("feed", "")
    fmt = _IN_QUERIES.get(kind)
    return OldFeed((), fmt, is_of_comments=kind.startswith("comments-")) if fmt else None


def meant(
    connection: Connection, urls: Urls, site_author: str, now: datetime, old: OldFeed, page: str | None
) -> str | None:
    """The URL of our feed that is meant, `page` being where the page of the old one leads; None if there is none.

    Of what is no tag, author or post the feed of the site is meant.
    """
    address = _address(urls, old, page)
    try:
        existing.require(connection, address, site_author, now)
    except ListMoved as moved:
        address = address._replace(name=moved.name)
    except PostMoved as moved:
        address = address._replace(name=moved.slug)
    except (FeedNotFound, PostNotFound):
        return None
    return address.url(urls)


def _address(urls: Urls, old: OldFeed, page: str | None) -> FeedAddress:
    slug = urls.post_slug(page) if page else None
    if slug is not None:
        return FeedAddress(POST, old.fmt, slug)
    if old.is_of_comments:
        return FeedAddress(THOUGHTS, old.fmt)
    match (path_steps(urls.path_below(page) or "") if page else None) or old.of:
        case [*_, kind, name] if kind in _TAGS:
            return FeedAddress(TAG, old.fmt, name)
        case [*_, kind, name] if kind in _AUTHORS:
            return FeedAddress(AUTHOR, old.fmt, name)
        case _:
            return FeedAddress(SITE, old.fmt)
