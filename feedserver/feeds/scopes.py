"""The kinds of feeds: one table with a row for each, and the addresses of their documents.

A new kind is a new row, and touches no other file in `feeds/`. A new kind of list of posts also needs `Listing` in
`posts/model`, and `posts/lists`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, NamedTuple, cast
from urllib.parse import unquote

from sqlalchemy import Connection

from feedserver.languages.messages import Message
from feedserver.posts import lists
from feedserver.posts.model import EVERYTHING, Listing, Post
from feedserver.urls import Urls, segment

Format = Literal["rss", "atom", "json"]
Part = Literal["newest", "page", "archive"]
FORMATS: Final[tuple[Format, ...]] = ("rss", "atom", "json")
SITE, TAG, AUTHOR, THOUGHTS, POST = "site", "tag", "author", "thoughts", "post"
_VARIABLE: Final = re.compile("<[^<>]*>")
_SITE: Final = Message("%(site)s")
_THOUGHTS: Final = Message("Thoughts – %(site)s")
_NAME: Final = Message("%(name)s")
_NAME_OF_SITE: Final = Message("%(name)s – %(site)s")


@dataclass(frozen=True, slots=True)
class Scope:
    """One kind of feed. In titles, `name` is the tag, the author or the post's title, `site` the site's title."""

    path: str  # without the format; a name is `<name>`, with the router's converter
    page_url: Callable[[Urls, str], str]  # of the page that lists the same, from the name
    title: Message
    short_title: Message  # where the site is known
    id_of: str  # name for the feed's id, with `{guid}` for the post's; empty: the site's own id
    posts: Callable[[str], Listing] | None = None  # from the name; None: lists thoughts
    of_one_post: bool = False  # the name is the slug of a post; thoughts on others are not listed
    heading: Message | None = None  # on the list of all feeds; None: not listed there
    # of such feeds, from connection, now, and the site's author
    names: Callable[[Connection, datetime, str], Iterable[str]] = lambda *_: ("",)
    former: Mapping[str, Format] = field(default_factory=dict)  # addresses in other software

    def titled(self, name: str, site: str) -> Message:
        """The title of such a feed."""
        return self.title.of(name=name, site=site)

    @property
    def has_names(self) -> bool:
        """Whether there is one such feed for each name, not one for the site."""
        return "<" in self.path


SCOPES: Final[dict[str, Scope]] = {
    SITE: Scope(
        path="/feed",
        page_url=lambda urls, _: urls.home(),
        title=_SITE,
        short_title=_SITE,
        id_of="",
        posts=lambda _: EVERYTHING,
        heading=Message("The whole site"),
        former={
            "/feed": "rss",
            "/rss": "rss",
            "/rss.xml": "rss",
            "/atom.xml": "atom",
            "/feed.xml": "rss",
            "/index.xml": "rss",
            "/feed/atom": "atom",
        },
    ),
    TAG: Scope(
        path="/tags/<name:name>/feed",
        page_url=lambda urls, name: urls.tag(name),
        title=_NAME_OF_SITE,
        short_title=_NAME,
        id_of="tag/{name}",
        posts=lambda name: Listing(tag=name),
        heading=Message("Tags"),
        names=lambda connection, now, _: lists.names(connection, now, "tag"),
    ),
    AUTHOR: Scope(
        path="/authors/<name:name>/feed",
        page_url=lambda urls, name: urls.author(name),
        title=_NAME_OF_SITE,
        short_title=_NAME,
        id_of="author/{name}",
        posts=lambda name: Listing(author=name),
        heading=Message("Authors"),
        names=lambda connection, now, author: {author, *lists.names(connection, now, "author")},
    ),
    THOUGHTS: Scope(
        path="/thoughts",
        page_url=lambda urls, _: urls.thoughts(),
        title=_THOUGHTS,
        short_title=_THOUGHTS,
        id_of="thoughts/",
        heading=Message("Thoughts"),
        former={"/comments/feed": "rss"},
    ),
    POST: Scope(
        path="/posts/<name>/thoughts",
        page_url=lambda urls, name: urls.post(name),
        title=Message("Thoughts on “%(name)s” – %(site)s"),
        short_title=Message("Thoughts on “%(name)s”"),
        id_of="thoughts on {guid}",
        of_one_post=True,
    ),
}


class FeedAddress(NamedTuple):
    """One document of one feed in one format.

    `scope` is a key of `SCOPES`. `name` is the tag, the author, or the slug of the post whose thoughts it lists. `part`
    is `newest` for the document that readers subscribe to; pages and archives have a `number` from 1 (RFC 5005).
    """

    scope: str
    fmt: Format
    name: str = ""
    part: Part = "newest"
    number: int = 0

    @property
    def row(self) -> Scope:
        return SCOPES[self.scope]

    @property
    def key(self) -> str:
        """The name under which its versions are stored."""
        return f"{self.scope}/{self.name}.{self.fmt}{self.query}"

    @property
    def is_of_thoughts(self) -> bool:
        return self.row.posts is None

    @property
    def query(self) -> str:
        """The query of the document's URL; empty for the newest document."""
        return "" if self.part == "newest" else f"?{self.part}={self.number}"

    def newest(self) -> "FeedAddress":
        """The document to subscribe to."""
        return self._replace(part="newest", number=0)

    def page(self, number: int) -> "FeedAddress":
        return self._replace(part="page", number=number)

    def archive(self, number: int) -> "FeedAddress":
        return self._replace(part="archive", number=number)

    def url(self, urls: Urls) -> str:
        """The document's absolute URL."""
        path = _VARIABLE.sub(lambda _: segment(self.name), self.row.path)
        return urls.at(f"{path}.{self.fmt}{self.query}")


def feeds_of(post: Post, site_author: str) -> list[FeedAddress]:
    """The newest documents of posts that a post may stand in: of the site, of its tags and of its authors."""
    names = [(SITE, ""), *((TAG, tag) for tag in post.tags)]
    names += [(AUTHOR, author) for author in post.authors or (site_author,)]
    return [FeedAddress(scope, fmt, name) for scope, name in names for fmt in FORMATS]


def newest_at(urls: Urls, url: str) -> FeedAddress | None:
    """The newest document whose URL is exactly `url`; None for any other URL. The feed need not exist."""
    for scope, row in SCOPES.items():
        path = "(.+)".join(map(re.escape, _VARIABLE.split(row.path)))
        found = re.fullmatch(rf"{re.escape(urls.base)}{path}\.({'|'.join(FORMATS)})", url)
        if found is not None:
            name = unquote(found[1]) if row.has_names else ""
            address = FeedAddress(scope, cast(Format, found[found.re.groups]), name)
            if address.url(urls) == url:
                return address
    return None


def newest_of(key: str) -> FeedAddress:
    """The newest document whose versions are stored under `key` (`FeedAddress.key`)."""
    scope, _, rest = key.partition("/")
    name, _, fmt = rest.rpartition(".")
    return FeedAddress(scope, cast(Format, fmt), name)


def urls_by_format(urls: Urls, scope: str, name: str = "") -> dict[Format, str]:
    """The absolute URL of a feed's newest document in each format."""
    return {fmt: FeedAddress(scope, fmt, name).url(urls) for fmt in FORMATS}
