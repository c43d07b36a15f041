"""A feed as a value, the same for every format. Pure.

All text is clean (`text.clean`), all HTML sanitised with absolute URLs, all times aware and UTC: the stores and
`posts/rendering` ensure that when a post is written.
"""

from dataclasses import dataclass
from datetime import datetime

from feedserver.posts.model import Enclosure

MEDIA_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}


@dataclass(frozen=True, slots=True)
class Person:
    """An author: a name, and the URL of a page or None."""

    name: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """A tag: its plain name and the absolute URL of its list."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Replies:
    """The addresses and the number of the thoughts on a post (RFC 4685; slash and wfw in RSS).

    `count` is None in an archive, whose bytes must not change. `updated` is the time of the newest thought, None if
    there is none.
    """

    count: int | None
    page_url: str
    rss_url: str
    atom_url: str
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class InReplyTo:
    """What an entry answers (RFC 4685 section 3): its id, its URL, and of a post of this site the feed that holds it.

    The URL of a page elsewhere stands for its id, which is not known. `atom_ref` is its id in Atom if it is another.
    """

    ref: str
    href: str
    source: str | None = None
    atom_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One post, or one thought, within a feed.

    `title` may be empty. `summary` is plain text; it is the whole content if `html` is empty. `external_url` is the
    source of a ping, or the one page elsewhere that a post is about; `answers` are those that it answers. `kind` is a
    thought's kind, None for a post; `response` what a ping is to the post, if known. `atom_id` is the id in Atom where
    `id` is no IRI.
    """

    id: str
    url: str
    title: str
    summary: str
    html: str
    published: datetime
    updated: datetime
    authors: tuple[Person, ...] = ()
    categories: tuple[Category, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    lang: str | None = None
    image: str | None = None
    replies: Replies | None = None
    in_reply_to: InReplyTo | None = None
    answers: tuple[InReplyTo, ...] = ()
    external_url: str | None = None
    kind: str | None = None
    response: str | None = None
    atom_id: str | None = None


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A link of the feed itself: `rel` is `next`, `prev-archive`, `hub` and so on; `type` a media type or None."""

    rel: str
    href: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """One document of one format.

    `id` is stable and not a URL. `self_url` is the document's URL, `page_url` that of the page that lists the same.
    `updated` is the newest entry's, or the site's creation. `ttl` is in seconds. `links` lead to pages,
    archives and hubs. `archive` and `complete` are the marks of RFC 5005.
    """

    id: str
    title: str
    description: str
    language: str
    author: Person
    page_url: str
    self_url: str
    updated: datetime
    ttl: int
    entries: tuple[Entry, ...] = ()
    links: tuple[FeedLink, ...] = ()
    archive: bool = False
    complete: bool = False
