"""Which feeds there are, and how each document of them is named: of the site, a tag, an author; of thoughts."""

from dataclasses import dataclass, replace
from typing import Literal

from feedserver.urls import Urls

Scope = Literal["site", "tag", "author", "thoughts", "post"]
Format = Literal["rss", "atom", "json"]
Part = Literal["newest", "page", "archive"]
FORMATS: tuple[Format, ...] = ("rss", "atom", "json")


@dataclass(frozen=True, slots=True)
class FeedAddress:
    """One document of one feed in one format.

    `name` is the tag, the author, or the slug of the post whose thoughts it lists. `part` is `newest` for the document
    that readers subscribe to; pages and archives have a `number` from 1 (RFC 5005).
    """

    scope: Scope
    fmt: Format
    name: str = ""
    part: Part = "newest"
    number: int = 0

    @property
    def key(self) -> str:
        """The name under which its versions are kept."""
        return f"{self.scope}/{self.name}.{self.fmt}{self.query}"

    @property
    def is_of_thoughts(self) -> bool:
        return self.scope in ("thoughts", "post")

    @property
    def query(self) -> str:
        """What follows the feed's URL; empty for the newest document."""
        return "" if self.part == "newest" else f"?{self.part}={self.number}"

    def newest(self) -> "FeedAddress":
        """The document to subscribe to."""
        return replace(self, part="newest", number=0)

    def page(self, number: int) -> "FeedAddress":
        return replace(self, part="page", number=number)

    def archive(self, number: int) -> "FeedAddress":
        return replace(self, part="archive", number=number)

    def url(self, urls: Urls) -> str:
        """Where the document is."""
        return self._list_url(urls) + self.query

    def _list_url(self, urls: Urls) -> str:
        match self.scope:
            case "site":
                return urls.site_feed(self.fmt)
            case "tag":
                return urls.tag_feed(self.name, self.fmt)
            case "author":
                return urls.author_feed(self.name, self.fmt)
            case "thoughts":
                return urls.thoughts_feed(self.fmt)
            case "post":
                return urls.post_thoughts_feed(self.name, self.fmt)
